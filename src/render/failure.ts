import type {Failure} from '../flow/errors.js'
import type {Theme} from './theme.js'
import {printableJson} from './json-line.js'
import {visible} from './visible.js'

/** A failure for people: what happened, then one line each for where, expected, got and what to do. */
export function renderFailure(failure: Failure, theme: Theme): string {
  const label = failure.kind === 'bug' ? 'internal error:' : 'error:'
  return [
    `${theme.bad(label)} ${safe(failure.message)}`,
    ...detail('where', failure.where),
    ...detail('expected', failure.expected),
    ...detail('got', failure.got),
    ...stackFrames(failure.stack).map((frame) => theme.dim(`  ${frame}`)),
    ...detail('help', failure.help),
    '',
  ].join('\n')
}

/** The same as JSON, under `error`. */
export function renderFailureJson(failure: Failure): string {
  const {stack, ...rest} = failure
  const error = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, typeof value === 'string' ? safeLines(value).join('\n') : value]),
  )
  return `${printableJson(JSON.stringify({error: stack === undefined ? error : {...error, stack: stackFrames(stack)}}, null, 2))}\n`
}

/** A warning for people. */
export function renderWarning(warning: string, theme: Theme): string {
  return `${theme.unsure('warning:')} ${safe(warning)}\n`
}

const LABEL_WIDTH = 10

function detail(label: string, text: string | undefined): readonly string[] {
  if (text === undefined) return []
  const [first = '', ...others] = safeLines(text)
  return [`  ${label.padEnd(LABEL_WIDTH)}${first}`, ...others.map((line) => `  ${' '.repeat(LABEL_WIDTH)}${line}`)]
}

/** The first lines of a stack repeat the message. */
function stackFrames(stack: string | undefined): readonly string[] {
  const lines = stack === undefined ? [] : safeLines(stack).map((line) => line.trim())
  return lines.filter((line) => line.startsWith('at '))
}

function safeLines(text: string): readonly string[] {
  return text.split(/\r?\n/).map(safe)
}

/** Other programs colour what they write: colour goes, every other control character is shown. */
function safe(text: string): string {
  return visible(text.replace(COLOUR, ''))
}

const COLOUR = /\p{Cc}\[[\d;]*m/gu
