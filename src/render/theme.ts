import {Chalk, type ChalkInstance} from 'chalk'
import type {ColourLevel} from './colour.js'

/**
 * What a piece of text means. Blue, orange and bold can be told apart by people who do not see red and green alike;
 * colour only repeats what a word or glyph beside it already says.
 */
export interface Theme {
  readonly ok: Paint
  readonly bad: Paint
  readonly unsure: Paint
  readonly dim: Paint
  readonly strong: Paint
  readonly heading: Paint
  readonly proxy: Paint
  readonly identity: Paint
}

export type Paint = (text: string) => string

/** A theme for one stream. At level 0 every paint returns its text unchanged. */
export function createTheme(level: ColourLevel): Theme {
  const chalk = new Chalk({level})
  const {blue, orange} = palette({chalk, level})
  return {
    ok: blue.bold,
    bad: orange.bold,
    unsure: orange,
    dim: chalk.dim,
    strong: chalk.bold,
    heading: chalk.bold.underline,
    proxy: blue,
    identity: chalk.italic,
  }
}

/** The sixteen basic colours have no orange: yellow is the nearest that still differs from blue for everyone. */
function palette(options: {readonly chalk: ChalkInstance; readonly level: ColourLevel}) {
  const {chalk, level} = options
  if (level < 2) return {blue: chalk.blueBright, orange: chalk.yellow}
  return {blue: chalk.ansi256(BLUE), orange: chalk.ansi256(ORANGE)}
}

const BLUE = 75
const ORANGE = 208
