/** Why bytes are no readable dump. */
export type JsonProblemCode =
  /** No bytes, or only white space. */
  | 'empty'
  /** The document is no object. */
  | 'not-an-object'
  /** The bytes end inside the document. */
  | 'truncated'
  /** Something follows the document. */
  | 'trailing'
  /** A byte that JSON does not allow here. */
  | 'unexpected'
  | 'invalid-utf8'
  | 'too-deep'
  /** `configs`, or a section of one config object, appears twice. */
  | 'duplicate-key'
  | 'too-large'

/** The first thing that is wrong with a document. What came before it stays usable. */
export interface JsonProblem {
  readonly code: JsonProblemCode
  /** Byte offset from the start of the document, byte order mark included. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** RFC 6901 pointer of the element being read. */
  readonly pointer: string
  readonly expected: string
  readonly got: string
}

/** A problem met where there is no result to return it in. */
export class JsonError extends Error {
  constructor(readonly problem: JsonProblem) {
    super(describeProblem(problem))
    this.name = 'JsonError'
  }
}

/** `unexpected at byte 12 (line 1): expected a value, got "}"`. */
function describeProblem(problem: JsonProblem): string {
  return `${problem.code} at byte ${problem.offset} (line ${problem.line}): expected ${problem.expected}, got ${problem.got}`
}

/** A byte as a reader knows it: `"}"`, or `byte 0xff`. */
export function showByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, '0')}`
}
