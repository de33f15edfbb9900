import {badLine, type SourceLine, type SourceText} from './source-text.js'

export interface JsonEntry {
  readonly value: unknown
  /** JSON has no lines worth citing: `line` counts the entries, from 1. */
  readonly place: SourceLine
}

/**
 * The entries of a `-j` output, which is one array.
 * @throws InputError when the text is no JSON array
 */
export function jsonEntries({file, text}: SourceText): readonly JsonEntry[] {
  const entries = parsed({file, text})
  if (!Array.isArray(entries)) throw badLine({file, line: 1, text}, {what: 'The output is no JSON array', expected: '[…]'})
  return entries.map((value: unknown, index) => ({value, place: {file, line: index + 1, text: JSON.stringify(value)}}))
}

function parsed({file, text}: SourceText): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badLine({file, line: 1, text}, {what: 'The output is no JSON', expected: 'a JSON array'})
  }
}
