import {colourLevel} from '../render/colour.js'
import {createTheme, type Theme} from '../render/theme.js'
import {outputWidth} from '../render/width.js'

/** The theme for what is written to one stream. */
export function streamTheme(stream: {readonly isTTY?: boolean}, argv: readonly string[]): Theme {
  return createTheme(colourLevel({noColorFlag: hasFlag(argv, '--no-color'), env: process.env, isTTY: stream.isTTY === true}))
}

/** The width for what is written to stdout. */
export function stdoutWidth(flag: number | undefined): number {
  return outputWidth({flag, columns: process.env['COLUMNS'], terminal: process.stdout.isTTY ? process.stdout.columns : undefined})
}

/** Whether a flag stands before a `--`: known before, and even if, the command line can be parsed. */
export function hasFlag(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).includes(flag)
}
