import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {ANY_DRAW, restrictDraw, type Constraint} from '../../../src/envoy/route/draw.js'
import {formatShare, shareToNumber} from '../../../src/flow/share.js'

function shareOf(first: Constraint, second: Constraint): string | undefined {
  const narrowed = restrictDraw(ANY_DRAW, first)
  const next = narrowed === undefined ? undefined : restrictDraw(narrowed.draw, second)
  return next === undefined ? undefined : formatShare(next.share)
}

describe('restrictDraw', () => {
  const half: Constraint = {modulus: 100, ranges: [[0, 50]]}

  test.each([
    {name: 'the same constraint again is certain', second: half, share: '1'},
    {name: 'its opposite is impossible', second: {modulus: 100, ranges: [[50, 100]]}, share: undefined},
    {name: 'a part of it', second: {modulus: 100, ranges: [[25, 75]]}, share: '1/2'},
    {name: 'a modulus without common factor is independent', second: {modulus: 3, ranges: [[0, 1]]}, share: '1/3'},
    {name: 'a modulus that divides', second: {modulus: 2, ranges: [[0, 1]]}, share: '1/2'},
  ] as const)('$name', ({second, share}) => {
    expect(shareOf(half, {modulus: second.modulus, ranges: second.ranges.map(([start, end]) => [start, end])})).toBe(share)
  })

  test('beyond the period that is counted, a share is not called exact', () => {
    const part = restrictDraw(restrictDraw(ANY_DRAW, half)?.draw ?? ANY_DRAW, {modulus: 999_983, ranges: [[0, 1]]})
    expect(part?.share.exact).toBe(false)
  })

  test('inside and outside of a constraint add up to one, whatever was known before', () => {
    const part = fc.record({modulus: fc.integer({min: 1, max: 60}), cut: fc.integer({min: 0, max: 60})})
    fc.assert(
      fc.property(part, part, (first, {modulus, cut}) => {
        const before = restrictDraw(ANY_DRAW, {modulus: first.modulus, ranges: [[0, Math.max(1, Math.min(first.cut, first.modulus))]]})
        const at = Math.min(cut, modulus)
        const sides = [
          [0, at],
          [at, modulus],
        ] as const
        const shares = sides.map(
          ([start, end]) => restrictDraw(before?.draw ?? ANY_DRAW, {modulus, ranges: start < end ? [[start, end]] : []})?.share,
        )
        expect(shares.reduce((sum, share) => sum + (share === undefined ? 0 : shareToNumber(share)), 0)).toBeCloseTo(1, 4)
      }),
    )
  })
})
