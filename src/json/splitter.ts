import {childRole, mayRepeat, type Role} from './split-rule.js'
import type {JsonProblem} from './problem.js'
import {JsonScanner} from './scanner.js'
import {escapeToken} from './view.js'
import {Window} from './window.js'

/** Reference tokens from the root to an element: `['configs', 1, 'dynamic_active_clusters', 0]`. */
export type ElementPath = readonly (string | number)[]

/** A range of bytes of the document, from its first byte, byte order mark included; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One part of the document that can be read on its own. */
export interface SplitElement extends Span {
  readonly path: ElementPath
}

/** Tokens inside the open element: level 0 is the element itself, level 1 its members, and so on down to `INNER_LEVELS`. */
export interface InnerSink {
  open(level: number): void
  key(level: number, token: Span): void
  scalar(level: number, token: Span): void
}

export interface SplitSink {
  element(element: SplitElement): void
  /** An object in `configs` ended, after all its members. */
  config(config: SplitElement): void
  /** A key of the document came before: what was told of it no longer counts. */
  repeated?(key: string): void
  readonly inner?: InnerSink
}

export interface SplitOptions {
  /** Keep the bytes of the open element, so that `bytes` can give them; otherwise only tokens down to `INNER_LEVELS` are kept. */
  readonly keepElements: boolean
  /** As in `ScanOptions`. */
  readonly skipLeadingText?: boolean
}

/** How deep tokens inside an element are told. */
const INNER_LEVELS = 3
/** Largest element of which the bytes are kept; a JavaScript string ends at twice this. */
const MAX_ELEMENT_BYTES = 256 * 1024 * 1024
/** Longest key or name that is read. */
export const MAX_TEXT_BYTES = 1024 * 1024
/** Most members of the document, or of one config object. */
const MAX_MEMBERS = 10_000

interface Frame {
  readonly role: Role
  readonly start: number
  /** Key or position of the value being read; undefined before the first key and between two members. */
  token: string | number | undefined
  /** Keys so far, where none may come twice. */
  readonly seen: Set<string>
}

/**
 * Splits a document into elements in one pass and constant memory, as `childRole` says. The order of keys does not matter.
 * The first problem ends the pass; what was told before it stays valid.
 */
export class DumpSplitter {
  readonly #sink: SplitSink
  readonly #options: SplitOptions
  readonly #scanner: JsonScanner
  readonly #window = new Window()
  readonly #frames: Frame[] = []
  #documentKeys: ReadonlySet<string> = new Set()
  #elementStart: number | undefined

  constructor(sink: SplitSink, options: SplitOptions) {
    this.#sink = sink
    this.#options = options
    this.#scanner = new JsonScanner(
      {
        open: (container, offset) => {
          this.#open(container, offset)
        },
        close: (offset) => {
          this.#close(offset)
        },
        key: (start, end) => {
          this.#key({start, end})
        },
        scalar: (start, end) => {
          this.#scalar({start, end})
        },
      },
      options,
    )
  }

  /** Bytes before the document that were skipped. */
  get leadingBytes(): number {
    return this.#scanner.leadingBytes
  }

  get problem(): JsonProblem | undefined {
    const {problem} = this.#scanner
    return problem === undefined ? undefined : {...problem, pointer: pointerOf(this.#path())}
  }

  /** Keys of the document so far, also of empty members. */
  get documentKeys(): ReadonlySet<string> {
    return this.#documentKeys
  }

  /** The chunk may be reused once this returns. */
  push(chunk: Uint8Array): void {
    this.#window.enter(chunk, this.#scanner.offset)
    this.#scanner.push(chunk)
    this.#window.leave(this.#keepFrom())
    if (this.#window.keptBytes > MAX_ELEMENT_BYTES) {
      this.#failTooLarge({start: this.#elementStart ?? 0, limit: MAX_ELEMENT_BYTES, what: 'element'})
    }
  }

  /** The document ends here. */
  finish(): void {
    this.#window.enter(new Uint8Array(0), this.#scanner.offset)
    this.#scanner.finish()
  }

  /** Bytes of the element or token that is being told. */
  bytes(span: Span): Uint8Array {
    return this.#window.slice(span.start, span.end)
  }

  #open(container: 'object' | 'array', offset: number): void {
    const level = this.#scanner.depth - 1 - this.#frames.length
    if (this.#elementStart !== undefined) {
      if (level <= INNER_LEVELS) this.#sink.inner?.open(level)
      return
    }
    const role = childRole(this.#frames.at(-1), container)
    if (role === 'element') {
      this.#elementStart = offset
      this.#sink.inner?.open(0)
    } else if (role === 'refused') this.#failNotAnObject(offset, `an ${container}`)
    else this.#enter({role, start: offset, token: container === 'array' ? 0 : undefined, seen: new Set()})
  }

  #enter(frame: Frame): void {
    this.#frames.push(frame)
    if (frame.role === 'root') this.#documentKeys = frame.seen
  }

  #close(offset: number): void {
    const end = offset + 1
    if (this.#elementStart !== undefined) {
      if (this.#scanner.depth === this.#frames.length) this.#endElement({start: this.#elementStart, end})
      return
    }
    const closed = this.#frames.pop()
    if (closed?.role === 'config') this.#sink.config({path: this.#path(), start: closed.start, end})
    this.#advance()
  }

  #key(token: Span): void {
    const frame = this.#frames.at(-1)
    if (this.#elementStart !== undefined) this.#inner('key', token)
    else if (token.end - token.start > MAX_TEXT_BYTES) this.#failTooLarge({start: token.start, limit: MAX_TEXT_BYTES, what: 'key'})
    else if (frame !== undefined) {
      frame.token = readText(this.bytes(token))
      if (frame.role === 'root' || frame.role === 'config') this.#checkMember(frame, {key: frame.token, start: token.start})
    }
  }

  #scalar(token: Span): void {
    if (this.#elementStart !== undefined) {
      this.#inner('scalar', token)
    } else if (this.#frames.length === 0) {
      this.#failNotAnObject(token.start, 'a scalar')
    } else {
      this.#sink.inner?.scalar(0, token)
      this.#endElement(token)
    }
  }

  #inner(kind: 'key' | 'scalar', token: Span): void {
    const level = this.#scanner.depth - this.#frames.length
    if (level <= INNER_LEVELS) this.#sink.inner?.[kind](level, token)
  }

  #endElement(span: Span): void {
    this.#sink.element({path: this.#path(), start: span.start, end: span.end})
    this.#elementStart = undefined
    this.#advance()
  }

  #advance(): void {
    const frame = this.#frames.at(-1)
    if (frame !== undefined) frame.token = typeof frame.token === 'number' ? frame.token + 1 : undefined
  }

  #path(): ElementPath {
    return this.#frames.flatMap((frame) => frame.token ?? [])
  }

  #keepFrom(): number | undefined {
    const {tokenStart, offset, depth} = this.#scanner
    if (this.#options.keepElements) return this.#elementStart ?? tokenStart
    const wanted = tokenStart !== undefined && offset - tokenStart <= MAX_TEXT_BYTES && depth - this.#frames.length <= INNER_LEVELS
    return wanted ? tokenStart : undefined
  }

  #checkMember(frame: Frame, member: {readonly key: string; readonly start: number}): void {
    if (frame.seen.has(member.key)) {
      if (mayRepeat(frame.role, member.key)) this.#sink.repeated?.(member.key)
      else this.#scanner.fail({code: 'duplicate-key', offset: member.start, expected: 'each key once', got: 'a key that was there before'})
    } else if (frame.seen.size === MAX_MEMBERS) {
      this.#scanner.fail({code: 'too-large', offset: member.start, expected: `at most ${MAX_MEMBERS} members`, got: 'one more'})
    }
    frame.seen.add(member.key)
  }

  #failNotAnObject(offset: number, got: string): void {
    this.#scanner.fail({code: 'not-an-object', offset, expected: 'a JSON object', got})
  }

  #failTooLarge(large: {readonly start: number; readonly limit: number; readonly what: string}): void {
    this.#scanner.fail({code: 'too-large', offset: large.start, expected: `at most ${large.limit} bytes`, got: `a longer ${large.what}`})
  }
}

/** RFC 6901. */
export function pointerOf(path: ElementPath): string {
  return path.map((token) => `/${escapeToken(String(token))}`).join('')
}

/** The text of a JSON string token that the scanner has checked. */
export function readText(token: Uint8Array): string {
  const text = Buffer.from(token.buffer, token.byteOffset, token.byteLength).toString('utf8')
  if (!text.includes('\\')) return text.slice(1, -1)
  const value: unknown = JSON.parse(text)
  return String(value)
}
