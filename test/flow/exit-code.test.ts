import {expect, it} from 'vitest'
import {EXIT_CODE_MEANINGS, EXIT_CODES, exitCodeOf} from '../../src/flow/exit-code.js'

it.each([
  {outlook: 'positive', code: 0},
  {outlook: 'negative', code: 1},
  {outlook: 'undetermined', code: 2},
] as const)('a $outlook result ends with $code', ({outlook, code}) => {
  expect(exitCodeOf(outlook)).toBe(code)
})

it('gives every code a meaning, in ascending order', () => {
  const explained = EXIT_CODE_MEANINGS.map(([code]) => code)
  expect(explained).toEqual(Object.values(EXIT_CODES).toSorted((a, b) => a - b))
})
