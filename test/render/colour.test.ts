import {expect, it} from 'vitest'
import {type ColourLevel, type ColourSituation, colourLevel} from '../../src/render/colour.js'
import {createTheme, type Paint} from '../../src/render/theme.js'

const TERMINAL = {TERM: 'xterm-256color'}

interface Case extends Partial<ColourSituation> {
  readonly name: string
  readonly level: ColourLevel
}

const CASES: readonly Case[] = [
  {name: 'a terminal of 256 colours', env: TERMINAL, level: 2},
  {name: 'a plain terminal', env: {TERM: 'xterm'}, level: 1},
  {name: 'a terminal of true colour', env: {...TERMINAL, COLORTERM: 'truecolor'}, level: 3},
  {name: 'a pipe', env: TERMINAL, isTTY: false, level: 0},
  {name: '--no-color beats FORCE_COLOR', env: {FORCE_COLOR: '3'}, noColorFlag: true, level: 0},
  {name: 'NO_COLOR beats FORCE_COLOR', env: {FORCE_COLOR: '3', NO_COLOR: '1'}, level: 0},
  {name: 'an empty NO_COLOR says nothing', env: {...TERMINAL, NO_COLOR: ''}, level: 2},
  {name: 'FORCE_COLOR colours a pipe', env: {FORCE_COLOR: '1'}, isTTY: false, level: 1},
  {name: 'FORCE_COLOR without a value', env: {FORCE_COLOR: ''}, isTTY: false, level: 1},
  {name: 'FORCE_COLOR by level', env: {FORCE_COLOR: '2'}, isTTY: false, level: 2},
  {name: 'FORCE_COLOR=0', env: {...TERMINAL, FORCE_COLOR: '0'}, level: 0},
  {name: 'FORCE_COLOR=false', env: {...TERMINAL, FORCE_COLOR: 'false'}, level: 0},
  {name: 'FORCE_COLOR beats CI and TERM=dumb', env: {FORCE_COLOR: '1', CI: 'true', TERM: 'dumb'}, level: 1},
  {name: 'TERM=dumb', env: {TERM: 'dumb'}, level: 0},
  {name: 'CI', env: {...TERMINAL, CI: 'true'}, level: 0},
]

it.each(CASES)('$name gives level $level', ({level, noColorFlag = false, env = {}, isTTY = true}) => {
  expect(colourLevel({noColorFlag, env, isTTY})).toBe(level)
})

it('paints nothing at level 0', () => {
  for (const paint of Object.values<Paint>({...createTheme(0)})) expect(paint('text')).toBe('text')
})

it.each([1, 2, 3] as const)('tells good from bad at level %d, and neither by green or red', (level) => {
  const theme = createTheme(level)
  const painted = [theme.ok('x'), theme.bad('x'), theme.unsure('x')]
  expect(new Set(painted).size).toBe(3)
  for (const text of painted) expect(text).not.toMatch(/\[(?:3|9)[12]m/)
})
