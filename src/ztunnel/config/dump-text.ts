import {isObject} from '../../json/view.js'

/** A dump as text, with what had to be overlooked to read it. */
export type DumpText =
  | {readonly kind: 'read'; readonly document: Document; readonly warnings: readonly string[]}
  | {readonly kind: 'unreadable'; readonly why: string}

/** Named limit: characters in front of a dump that are skipped as foreign text. */
const MAX_FOREIGN_TEXT = 65_536

/**
 * Reads a dump the way people paste it: with log lines in front, as several objects one after the other, or as the list of one kind that
 * istioctl prints (ambient-ga A.9, K.1; users 8). A document without any of that is read as it is.
 */
export function readDumpText(text: string): DumpText {
  const values = jsonValues(text)
  const documents = values.parsed.map(({value}) => documentOf(value)).filter((document) => document !== undefined)
  if (values.parsed.length === 0) return {kind: 'unreadable', why: 'there is no JSON object or list in the text'}
  if (documents.length === 0) return {kind: 'unreadable', why: 'no object, and no list of workloads, services, policies or certificates'}
  return {
    kind: 'read',
    document: Object.fromEntries(documents.flatMap((document) => Object.entries(document))),
    warnings: warningsOf(values),
  }
}

type Document = Readonly<Record<string, unknown>>

function documentOf(value: unknown): Document | undefined {
  return Array.isArray(value) ? listDocument(value) : isObject(value) ? value : undefined
}

interface Parsed {
  readonly value: unknown
}

interface Values {
  readonly parsed: readonly Parsed[]
  readonly foreign: number
}

function jsonValues(text: string): Values {
  const whole = parse(text)
  if (whole !== undefined) return {parsed: [whole], foreign: 0}
  const parsed: Parsed[] = []
  let foreign = 0
  let at = 0
  while (at < text.length) {
    const next = nextValue(text, at)
    if (next === undefined) return {parsed, foreign: foreign + text.slice(at).trim().length}
    foreign += text.slice(at, next.start).trim().length
    parsed.push(next)
    at = next.end
  }
  return {parsed, foreign}
}

interface Located extends Parsed {
  readonly start: number
  readonly end: number
}

/** Enough to see past the white space of a pretty-printed opening. */
const LOOK_AHEAD = 64

/** The next complete object or list; brackets inside foreign text give none. */
function nextValue(text: string, from: number): Located | undefined {
  const limit = Math.min(text.length, from + MAX_FOREIGN_TEXT)
  for (let start = from; start < limit; start++) {
    if (text[start] !== '{' && text[start] !== '[') continue
    const end = closingBracket(text, start)
    // What begins like JSON and never ends is a dump that was cut: its parts are no dump.
    if (end === undefined && /^[{[]\s*["{[]/.test(text.slice(start, start + LOOK_AHEAD))) return undefined
    const parsed = end === undefined ? undefined : parse(text.slice(start, end))
    if (end !== undefined && parsed !== undefined && isWorthwhile(parsed.value)) return {...parsed, start, end}
  }
  return undefined
}

/** Log lines hold small brackets of their own: `[]`, `{id=7}`. */
function isWorthwhile(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isObject) : isObject(value) && Object.keys(value).length > 0
}

/** End of the value that starts here, by counting brackets outside strings. */
function closingBracket(text: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1
  }
  return undefined
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return text.length
}

function parse(text: string): Parsed | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return {value}
  } catch {
    return undefined
  }
}

const KINDS: readonly (readonly [section: string, key: string])[] = [
  ['workloads', 'workloadIps'],
  ['services', 'vips'],
  ['policies', 'rules'],
  ['certificates', 'certChain'],
]

/** `istioctl ztunnel-config <kind> -o json` prints a bare list (ambient-ga A.9). */
function listDocument(list: readonly unknown[]): Document | undefined {
  const kind = KINDS.find(([, key]) => list.some((item) => isObject(item) && Object.hasOwn(item, key)))
  return kind === undefined ? undefined : {[kind[0]]: list}
}

function warningsOf({parsed, foreign}: Values): readonly string[] {
  return [
    ...(foreign === 0 ? [] : [`${foreign} characters around the JSON were skipped`]),
    ...(parsed.length === 1 ? [] : [`${parsed.length} JSON values follow each other: they were read as one dump`]),
    ...(parsed.some(({value}) => Array.isArray(value)) ? ['a list of one kind, as istioctl prints it, lacks fields that decide'] : []),
  ]
}
