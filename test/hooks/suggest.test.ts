import fc from 'fast-check'
import {expect, it} from 'vitest'
import {suggest} from '../../src/hooks/suggest.js'

it.each([
  {typed: 'trcae', meant: 'trace'},
  {typed: 'chek', meant: 'check'},
  {typed: 'snapshots', meant: 'snapshot'},
  {typed: 'xylophone', meant: undefined},
])('$typed suggests $meant', ({typed, meant}) => {
  expect(suggest(typed, ['trace', 'walk', 'check', 'snapshot'])).toBe(meant)
})

it('suggests nothing where there is nothing', () => {
  expect(suggest('trace', [])).toBeUndefined()
})

it('does not depend on the order of the candidates', () => {
  const words = fc.array(fc.string({minLength: 1, maxLength: 6}), {maxLength: 8})
  fc.assert(fc.property(fc.string(), words, (typed, candidates) => suggest(typed, candidates) === suggest(typed, candidates.toReversed())))
})
