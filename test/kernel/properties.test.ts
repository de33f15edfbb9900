import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {portAmong} from '../../src/kernel/config/drawn-port.js'
import {contains, parseIp, parsePrefix, rangeBlocks} from '../../src/kernel/config/ip.js'
import {readIpRoutes} from '../../src/kernel/config/ip-route.js'
import {lookUpTable} from '../../src/kernel/route/table-lookup.js'
import {changedMark} from '../../src/kernel/walk/apply-target.js'
import {explore, wayOf} from '../../src/kernel/walk/choices.js'
import {shareOfProbability} from '../../src/kernel/walk/probability.js'
import {addShares, formatShare, fraction, isWhole, NOTHING} from '../../src/flow/share.js'

const word = fc.nat({max: 0xffff_ffff})

describe('set-xmark', () => {
  test('is (mark & ~mask) ^ value, bit by bit in 32 bits', () => {
    fc.assert(
      fc.property(word, word, word, (mark, value, mask) => {
        const bits = Array.from({length: 32}, (_, bit) => {
          const [old, flip, cleared] = [mark, value, mask].map((number) => Math.floor(number / 2 ** bit) % 2)
          return ((cleared === 1 ? 0 : (old ?? 0)) !== (flip ?? 0) ? 1 : 0) * 2 ** bit
        })
        expect(changedMark(mark, {value, mask})).toBe(bits.reduce((sum, bit) => sum + bit, 0))
      }),
    )
  })
})

const address = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(255))
  .map((parts) => `${parts[0] + 10}.${parts[1]}.${parts[2]}.${parts[3]}`)
const route = fc.record({base: address, length: fc.nat(32), metric: fc.nat(2)})

describe('the longest prefix', () => {
  test('is the one a naive scan finds', () => {
    fc.assert(
      fc.property(fc.array(route, {maxLength: 12}), address, (routes, target) => {
        const text = routes.map(({base, length, metric}, index) => `${base}/${length} dev eth${index} metric ${metric}`).join('\n')
        const destination = parseIp(target)
        if (destination === undefined) return
        const answer = lookUpTable(readIpRoutes({file: 'routes', text}, {family: 4}), {destination, mark: 0, inDevice: 'lo'})
        const best = routes
          .map((one, index) => ({...one, index, prefix: parsePrefix(`${one.base}/${one.length}`, 4)}))
          .filter(({prefix}) => prefix !== undefined && contains(prefix, destination))
          .reduce<{index: number; rank: number} | undefined>((winner, {length, metric, index}) => {
            const rank = length * 10 - metric
            return winner === undefined || rank > winner.rank ? {index, rank} : winner
          }, undefined)
        expect(answer.kind === 'found' ? answer.hop.device : undefined).toBe(best === undefined ? undefined : `eth${best.index}`)
      }),
    )
  })
})

describe('ranges', () => {
  const bits = fc.nat(0xffff)
  const dotted = (value: number): string => `10.0.${value >> 8}.${value & 0xff}`

  test('of addresses hold what their blocks hold', () => {
    fc.assert(
      fc.property(bits, bits, bits, (one, other, asked) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const blocks = rangeBlocks(dotted(from), dotted(to)) ?? []
        const ip = parseIp(dotted(asked))
        expect(blocks.filter((block) => ip !== undefined && contains(block, ip))).toHaveLength(asked >= from && asked <= to ? 1 : 0)
      }),
    )
  })

  test('backwards, or of two families, are none', () => {
    expect([rangeBlocks('10.0.0.2', '10.0.0.1'), rangeBlocks('10.0.0.2', 'fd00::1'), rangeBlocks('a', 'b')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('ports that were drawn', () => {
  const range = fc.tuple(fc.integer({min: 1, max: 500}), fc.nat(400)).map(([from, more]) => ({from, to: from + more}))

  test('are told only where nearly each of them, or nearly none, is asked for', () => {
    fc.assert(
      fc.property(range, range, (asked, open) => {
        const all = Array.from({length: open.to - open.from + 1}, (_, more) => open.from + more)
        const hits = all.filter((port) => portAmong([asked], {port}) === 'yes').length
        const wanted = hits === 0 ? 'no' : hits === all.length ? 'yes' : 'undetermined'
        expect(portAmong([asked], {port: open.from, open})).toBe(wanted)
      }),
    )
  })
})

describe('random rules', () => {
  test.each([
    ['0.50000000000', '1/2'],
    ['0.33333333349', '1/3'],
    ['0.25000000000', '1/4'],
    ['1.00000000000', '1'],
    ['0.30000000000', '322122547/1073741824'],
  ])('probability %s takes %s', (probability, share) => {
    expect(formatShare(shareOfProbability(probability))).toBe(share)
  })

  test('the shares of all ways sum to one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 1, max: 9}), {maxLength: 5}), (weights) => {
        const ways = explore((choices) => weights.map((weight) => choices.decide({what: 'draw', share: fraction(weight, 10)})), {limit: 64})
        expect(ways).toHaveLength(2 ** weights.length)
        expect(isWhole((ways ?? []).map((way) => wayOf(way).share).reduce(addShares, NOTHING))).toBe(true)
      }),
    )
  })

  test('what nobody knows is asked once, and given up beyond the limit', () => {
    const asked = explore((choices) => [1, 2].map(() => choices.decide({what: 'a match'})), {limit: 4})
    expect(asked?.map(({result}) => result)).toEqual([
      [true, true],
      [false, false],
    ])
    expect(explore((choices) => [1, 2, 3].map(() => choices.decide({what: 'x', share: fraction(1, 2)})), {limit: 4})).toBeUndefined()
  })
})
