import {ACTION, PLAIN_TEXT, SCALAR_START, STATE, TRANSITIONS} from './grammar.js'
import {showByte, type JsonProblem} from './problem.js'

/** What the scanner tells about the document. Offsets count from the start of the document; `end` is exclusive. */
export interface TokenSink {
  /** A container opened; the scanner's depth counts it already. */
  open(container: 'object' | 'array', offset: number): void
  /** The innermost container closed at this bracket; the scanner's depth no longer counts it. */
  close(offset: number): void
  /** A key, quotes included. */
  key(start: number, end: number): void
  /** A string (quotes included), a number or a literal. */
  scalar(start: number, end: number): void
}

/** A problem as the scanner sees it: where in the document, not where in the tree. */
export type ScanProblem = Omit<JsonProblem, 'pointer'>

/** Containers inside each other. Protobuf JSON stops far earlier; a deeper document is an attack or no dump. */
export const MAX_DEPTH = 512

export interface ScanOptions {
  /**
   * Skip text before the document, such as a log line that a shell caught with it: up to the first line that begins with `{`
   * (ambient-ga K.1). Text that begins with a JSON value is a document of the wrong kind, and not skipped.
   */
  readonly skipLeadingText?: boolean
}

/** Longest text before a document that is skipped. */
const MAX_LEADING_BYTES = 64 * 1024

/** One pass over the bytes of a document, in chunks of any size: checks RFC 8259 and UTF-8, and reports tokens. Constant memory. */
export class JsonScanner {
  depth = 0
  line = 1
  /** Start of the key or scalar being read. */
  tokenStart: number | undefined
  problem: ScanProblem | undefined
  /** Bytes before the document that were skipped. */
  leadingBytes = 0
  readonly #sink: TokenSink
  #maySkip: boolean
  /** What was wrong with the text before the document, if that was no document. */
  #noise: ScanProblem | undefined
  readonly #isObject = new Uint8Array(MAX_DEPTH + 1)
  #state: number = STATE.start
  #inKey = false
  #offset = 0

  constructor(sink: TokenSink, options: ScanOptions = {}) {
    this.#sink = sink
    this.#maySkip = options.skipLeadingText ?? false
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset
  }

  /** Stops the scan; the first problem stays. */
  fail(problem: Omit<ScanProblem, 'line'>): void {
    this.problem ??= {...problem, line: this.line}
  }

  push(bytes: Uint8Array): void {
    const base = this.#offset
    const {length} = bytes
    const words = new DataView(bytes.buffer, bytes.byteOffset, length)
    let state = this.#state
    for (let index = 0; index < length && this.problem === undefined; index++) {
      if (state === STATE.text) index = skipPlainText(bytes, skipPlainWords(words, index))
      if (index === length) break
      const byte = bytes[index] ?? 0
      const next = TRANSITIONS[(state << 8) | byte] ?? ACTION.reject
      if (next < ACTION.newline) state = next
      else if (next === ACTION.newline) index = this.#newline(bytes, index)
      else {
        state = this.#act({action: next, state, byte, offset: base + index})
        if (next === ACTION.endNumber) index--
      }
    }
    this.#state = state
    this.#offset = base + length
  }

  /** The document ends here. */
  finish(): void {
    if (this.problem !== undefined) return
    if (this.depth === 0 && isNumberEnd(this.#state)) this.#state = this.#endScalar(this.#offset)
    if (this.#state === STATE.done) return
    if (this.#state >= STATE.noise) this.problem = this.#noise
    const empty = this.depth === 0 && this.tokenStart === undefined
    this.fail({
      code: empty ? 'empty' : 'truncated',
      offset: this.#offset,
      expected: empty ? 'a JSON object' : expectedIn(this.#state),
      got: 'the end of the data',
    })
  }

  /** A line begins: its indentation means nothing. Gives the last byte that is dealt with. */
  #newline(bytes: Uint8Array, index: number): number {
    this.line++
    let last = index
    while (last + 1 < bytes.length && bytes[last + 1] === SPACE) last++
    return last
  }

  #act(step: {readonly action: number; readonly state: number; readonly byte: number; readonly offset: number}): number {
    switch (step.action) {
      case ACTION.openObject:
        return this.#open('object', step.offset)
      case ACTION.openArray:
        return this.#open('array', step.offset)
      case ACTION.close:
        return this.#close(step.offset)
      case ACTION.beginText:
        return this.#beginText(step)
      case ACTION.endText:
        return this.#endText(step.offset + 1)
      case ACTION.endNumber:
        return this.#endScalar(step.offset)
      case ACTION.endLiteral:
        return this.#endScalar(step.offset + 1)
      case ACTION.endNoiseLine:
        return this.#endNoiseLine(step.offset)
      case ACTION.beginScalar:
        this.tokenStart = step.offset
        return SCALAR_START[step.byte] ?? STATE.digits
      default:
        return this.#reject(step)
    }
  }

  #open(container: 'object' | 'array', offset: number): number {
    this.#maySkip = false
    if (this.#noise !== undefined && this.depth === 0) this.leadingBytes = offset
    if (this.depth === MAX_DEPTH) {
      this.fail({code: 'too-deep', offset, expected: `at most ${MAX_DEPTH} containers inside each other`, got: 'one more'})
    } else {
      this.#isObject[++this.depth] = container === 'object' ? 1 : 0
      this.#sink.open(container, offset)
    }
    return container === 'object' ? STATE.firstKey : STATE.firstItem
  }

  #close(offset: number): number {
    this.depth--
    this.#sink.close(offset)
    return this.#afterValue()
  }

  #beginText(step: {readonly state: number; readonly offset: number}): number {
    this.#inKey = step.state === STATE.firstKey || step.state === STATE.key
    this.tokenStart = step.offset
    return STATE.text
  }

  #endText(end: number): number {
    if (!this.#inKey) return this.#endScalar(end)
    const start = this.tokenStart ?? end
    this.tokenStart = undefined
    this.#sink.key(start, end)
    return STATE.colon
  }

  #endScalar(end: number): number {
    const start = this.tokenStart ?? end
    this.tokenStart = undefined
    this.#sink.scalar(start, end)
    return this.#afterValue()
  }

  #afterValue(): number {
    if (this.depth === 0) return STATE.done
    return this.#isObject[this.depth] === 1 ? STATE.nextMember : STATE.nextItem
  }

  #reject(step: {readonly state: number; readonly byte: number; readonly offset: number}): number {
    const {state, byte, offset} = step
    const problem = {code: problemCode(state, byte), offset, expected: expectedIn(state), got: showByte(byte)}
    if (!this.#maySkip || state === STATE.done) {
      this.fail(problem)
      return state
    }
    this.#noise ??= {...problem, line: this.line}
    this.tokenStart = undefined
    return byte === NEWLINE ? this.#endNoiseLine(offset) : STATE.noise
  }

  #endNoiseLine(offset: number): number {
    this.line++
    if (offset > MAX_LEADING_BYTES) this.problem ??= this.#noise
    return STATE.noiseLine
  }
}

const SPACE = 0x20
const NEWLINE = 0x0a

const WORD = 4

/**
 * Skips four plain bytes at once. The top bit of a byte tells: of the byte itself, when it is no ASCII; of its difference to a quote or
 * a backslash less one, and of the byte less a blank, when that borrows. A borrow may add a hit above, never one before the first.
 */
function skipPlainWords(words: DataView, start: number): number {
  const last = words.byteLength - WORD
  let index = start
  while (index <= last) {
    const word = words.getInt32(index, true)
    const quote = (word ^ 0x22_22_22_22) - 0x01_01_01_01
    const backslash = (word ^ 0x5c_5c_5c_5c) - 0x01_01_01_01
    const hits = (word | quote | backslash | (word - 0x20_20_20_20)) & 0x80_80_80_80
    if (hits !== 0) return index + ((31 - Math.clz32(hits & -hits)) >> 3)
    index += WORD
  }
  return index
}

/** The first byte at or after this one that may end a string or begin an escape or a longer character: most bytes of a dump are skipped here. */
function skipPlainText(bytes: Uint8Array, start: number): number {
  const {length} = bytes
  let index = start
  while (index < length && PLAIN_TEXT[bytes[index] ?? 0] === 1) index++
  return index
}

function isNumberEnd(state: number): boolean {
  return state === STATE.zero || state === STATE.digits || state === STATE.decimals || state === STATE.exponentDigits
}

function problemCode(state: number, byte: number): JsonProblem['code'] {
  if (state === STATE.done) return 'trailing'
  const partOfCharacter = state >= STATE.more1 && state <= STATE.afterF4
  return partOfCharacter || (state === STATE.text && byte >= 0x80) ? 'invalid-utf8' : 'unexpected'
}

const EXPECTED: ReadonlyMap<number, string> = new Map<number, string>([
  [STATE.start, 'a JSON object'],
  [STATE.bom1, 'a byte order mark'],
  [STATE.bom2, 'a byte order mark'],
  [STATE.value, 'a value'],
  [STATE.firstItem, 'a value or "]"'],
  [STATE.firstKey, 'a key or "}"'],
  [STATE.key, 'a key'],
  [STATE.colon, '":"'],
  [STATE.nextItem, '"," or "]"'],
  [STATE.nextMember, '"," or "}"'],
  [STATE.done, 'nothing after the document'],
  [STATE.text, 'the rest of a string'],
  [STATE.escape, 'an escape character'],
])

function expectedIn(state: number): string {
  const known = EXPECTED.get(state)
  if (known !== undefined) return known
  if (state <= STATE.hex4) return 'a hexadecimal digit'
  if (state <= STATE.afterF4) return 'a UTF-8 continuation byte'
  return state <= STATE.exponentDigits ? 'the rest of a number' : 'true, false or null'
}
