import {evaluateCommand} from './command.js'
import type {FormatContext} from './context.js'
import {parseFormat} from './parse.js'

export interface Formatted {
  readonly text: string
  /** False when a command could not be evaluated from the data; each such command is in `unknown`. */
  readonly complete: boolean
  /** Commands as written, without the percent signs. */
  readonly unknown: readonly string[]
}

/**
 * Evaluates an Envoy substitution format string. Missing data prints `-` (envoy-2022 D4), as Envoy does; what the data
 * at hand cannot tell prints `-` too, but is named in `unknown`. A string Envoy would reject is unknown as a whole.
 */
export function formatSubstitution(text: string, context: FormatContext): Formatted {
  const parts = parseFormat(text)
  if (parts === undefined) return {text: '-', complete: false, unknown: [text]}
  const missing = context.omitEmptyValues === true ? '' : '-'
  const unknown: string[] = []
  const printed = parts.map((part) => {
    if (part.kind === 'literal') return part.text
    const result = evaluateCommand(part, context)
    if (result.kind === 'unknown') unknown.push(part.source)
    return result.kind === 'text' ? result.text.slice(0, part.length) : missing
  })
  return {text: printed.join(''), complete: unknown.length === 0, unknown}
}
