import {InputError} from '../flow/errors.js'
import type {JsonProblem, JsonProblemCode} from '../json/problem.js'

/** What a reader is told about each kind of problem, and what to do. */
const TEXTS: Readonly<Record<JsonProblemCode, {readonly what: string; readonly help: string}>> = {
  empty: {what: 'The file is empty.', help: 'Collect it again.'},
  'not-an-object': {what: 'The file is no config dump.', help: 'Give the whole answer of the admin endpoint /config_dump.'},
  truncated: {what: 'The dump ends in the middle.', help: 'The transfer was cut: collect the dump again.'},
  trailing: {what: 'Something follows the dump in the same file.', help: 'Put each dump into a file of its own.'},
  unexpected: {what: 'The dump is no valid JSON.', help: 'Collect the dump again, or undo the edit at this place.'},
  'invalid-utf8': {what: 'The dump is no valid UTF-8.', help: 'Collect the dump again without changing its encoding.'},
  'too-deep': {what: 'The dump is nested too deeply.', help: 'No proxy prints such a dump: check where the file comes from.'},
  'duplicate-key': {what: 'The dump holds the same section twice.', help: 'Envoy does not print such a dump: undo the edit at this place.'},
  'too-large': {what: 'A part of the dump is too large.', help: 'No proxy prints such a dump: check where the file comes from.'},
}

/** A problem inside a file as the error a user sees: file, pointer, line, byte. */
export function inputErrorFrom(problem: JsonProblem, file: string): InputError {
  return new InputError({
    ...TEXTS[problem.code],
    file,
    pointer: problem.pointer,
    line: problem.line,
    expected: problem.expected,
    got: `${problem.got} at byte ${problem.offset}, line ${problem.line}`,
  })
}

/** The file is gone, shorter or different from what was indexed. */
export function changedFile(place: {readonly file: string; readonly pointer?: string}, cause: unknown): InputError {
  return new InputError({
    what: 'The file changed while it was being read.',
    ...place,
    help: 'Run the command again when the file is complete.',
    cause,
  })
}

/** What a failed read is to the user: errors of the system and of zlib speak about the file, anything else is a bug and stays. */
export function readFailure(file: string, thrown: unknown): unknown {
  if (thrown instanceof InputError) return thrown
  return thrown instanceof Error && 'code' in thrown ? unreadableFile(file, thrown) : thrown
}

function unreadableFile(file: string, cause: unknown): InputError {
  return new InputError({what: 'The file cannot be read.', file, got: cause instanceof Error ? cause.message : String(cause), cause})
}
