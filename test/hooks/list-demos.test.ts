import {describe, expect, test} from 'vitest'
import {asksForDemos} from '../../src/hooks/list-demos.js'

const CASES = [
  {argv: ['--demo'], asks: true},
  {argv: ['sleep', 'productpage:9080', '--demo'], asks: true},
  {argv: ['--demo', '--json'], asks: true},
  {argv: ['--demo', 'mixed'], asks: false},
  {argv: ['--demo=mixed'], asks: false},
  {argv: ['sleep', '--', '--demo'], asks: false},
  {argv: ['sleep', 'productpage:9080'], asks: false},
]

describe('--demo without a name', () => {
  test.each(CASES)('$argv', ({argv, asks}) => {
    expect(asksForDemos(argv)).toBe(asks)
  })
})
