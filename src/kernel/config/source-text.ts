import {stripVTControlCharacters} from 'node:util'
import {InputError} from '../../flow/errors.js'

/** One recorded command output. */
export interface SourceText {
  /** Name inside the snapshot, for evidence and errors. */
  readonly file: string
  readonly text: string
}

/** A line together with where it stands, so that whatever is read from it can be cited. */
export interface SourceLine {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** Lines with content. Lines that a recorder marked as the command's stderr (`# stderr: …`) are no output. */
export function linesOf({file, text}: SourceText): readonly SourceLine[] {
  // What `ip -c` puts around names is no part of them.
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line, index) => ({file, line: index + 1, text: line.replace(/\r$/, '')}))
    .filter((line) => line.text.trim() !== '' && !line.text.startsWith('# stderr:'))
}

/** Whether a recorded file holds JSON (`ip -j …`) instead of text. */
export function isJson({text}: SourceText): boolean {
  return /^\s*[[{]/.test(text)
}

/** The named error for a line that cannot be read: exit code 65. */
export function badLine(
  at: Pick<SourceLine, 'file' | 'line' | 'text'>,
  problem: {readonly what: string; readonly expected: string},
): InputError {
  return new InputError({...problem, file: at.file, line: at.line, got: at.text.slice(0, 200)})
}

/** `0x200/0x200`, `0x539`, `17/255`; the mask defaults to all bits. Undefined when it is no such pair. */
export function parseMarkMask(text: string): MarkMask | undefined {
  const match = /^(0x[0-9a-f]{1,8}|\d{1,10})(?:\/(0x[0-9a-f]{1,8}|\d{1,10}))?$/i.exec(text)
  if (match === null) return undefined
  const [value, mask] = [Number(match[1]), match[2] === undefined ? ALL_BITS : Number(match[2])]
  return value > ALL_BITS || mask > ALL_BITS ? undefined : {value, mask}
}

export interface MarkMask {
  readonly value: number
  readonly mask: number
}

export const ALL_BITS = 0xffff_ffff
