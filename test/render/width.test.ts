import {expect, it} from 'vitest'
import {outputWidth, type WidthSituation} from '../../src/render/width.js'

interface Case extends WidthSituation {
  readonly name: string
  readonly width: number
}

const CASES: readonly Case[] = [
  {name: 'the flag first', flag: 72, columns: '90', terminal: 120, width: 72},
  {name: 'then COLUMNS', columns: '90', terminal: 120, width: 90},
  {name: 'then the terminal', terminal: 120, width: 120},
  {name: 'else 100', width: 100},
  {name: 'an unreadable COLUMNS is passed over', columns: 'wide', terminal: 120, width: 120},
  {name: 'a COLUMNS of 0 is passed over', columns: '0', width: 100},
  {name: 'a terminal without columns is passed over', terminal: 0, width: 100},
  {name: 'never less than 40', columns: '12', width: 40},
]

it.each(CASES)('$name', ({width, ...situation}) => {
  expect(outputWidth(situation)).toBe(width)
})
