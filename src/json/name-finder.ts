import {snakeCase} from './snake-case.js'
import {MAX_TEXT_BYTES, readText, type InnerSink, type Span} from './splitter.js'

/** Messages that hold the named resource inside an entry of a section (envoy-2022 D8). */
const HOLDERS: ReadonlySet<string> = new Set(['cluster', 'listener', 'route_config', 'secret', 'endpoint_config', 'ecds_filter'])
/** Messages around such a holder in `dynamic_listeners`. */
const STATES: ReadonlySet<string> = new Set(['active_state', 'warming_state', 'draining_state'])
const NAMES: ReadonlySet<string> = new Set(['name', 'cluster_name'])

export interface Found {
  readonly name: string | undefined
  /** The element itself, when it is a string. */
  readonly text: string | undefined
}

/**
 * Picks the name of a resource from the tokens of its entry: its own `name`, else that of the holder in it, else that of the
 * holder in a state (`active_state.listener.name`). Of equal keys the last one counts, as in JSON.parse.
 */
export class NameFinder implements InnerSink {
  readonly #bytes: (span: Span) => Uint8Array
  /** The key being read, by level. */
  readonly #keys: (string | undefined)[] = []
  /** Levels whose members are worth reading: a name may stand there. */
  readonly #follows: boolean[] = []
  /** Names by the depth of their holder. */
  readonly #names: (string | undefined)[] = []
  #text: string | undefined

  constructor(bytes: (span: Span) => Uint8Array) {
    this.#bytes = bytes
  }

  /** What was found in the element that just ended; forgets it. */
  take(): Found {
    const found = {name: this.#names.find((name) => name !== undefined), text: this.#text}
    this.#names.length = 0
    this.#text = undefined
    return found
  }

  open(level: number): void {
    if (level > 0) this.#begin(level)
    this.#keys[level + 1] = undefined
    this.#follows[level + 1] = level === 0 || this.#leadsToName(level)
  }

  key(level: number, token: Span): void {
    if (!this.#isFollowed(level)) return
    this.#keys[level] = token.end - token.start <= LONGEST_KEY ? snakeCase(readText(this.#bytes(token))) : undefined
  }

  scalar(level: number, token: Span): void {
    if (level === 0) this.#text = this.#read(token)
    else if (this.#begin(level)) this.#names[level - 1] = this.#read(token)
  }

  /** A value begins: forgets what an earlier value of the same key said. Tells whether it is a name. */
  #begin(level: number): boolean {
    const key = this.#keys[level]
    if (key === undefined || !this.#isFollowed(level)) return false
    if (HOLDERS.has(key) || STATES.has(key)) this.#names.length = Math.min(this.#names.length, level)
    if (!NAMES.has(key)) return false
    this.#names[level - 1] = undefined
    return true
  }

  #isFollowed(level: number): boolean {
    return this.#follows[level] === true
  }

  #leadsToName(level: number): boolean {
    const key = this.#keys[level] ?? ''
    if (!this.#isFollowed(level)) return false
    return level === 1 ? HOLDERS.has(key) || STATES.has(key) : level === 2 && HOLDERS.has(key) && STATES.has(this.#keys[1] ?? '')
  }

  #read(token: Span): string | undefined {
    if (token.end - token.start > MAX_TEXT_BYTES) return undefined
    const bytes = this.#bytes(token)
    return bytes[0] === QUOTE ? readText(bytes) : undefined
  }
}

/** The name of an entry of which each member is an element of its own (`?resource=`): from one member, strongest first. */
export function entryNameFrom(section: string, found: Found): {readonly own?: string | undefined; readonly held?: string | undefined} {
  if (NAMES.has(section)) return {own: found.text}
  return HOLDERS.has(section) || STATES.has(section) ? {held: found.name} : {}
}

const QUOTE = 0x22
/** `endpoint_config`, the longest key that matters, with every character escaped. */
const LONGEST_KEY = 96
