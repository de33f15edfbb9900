import {isObject} from '../json/view.js'

/** A dump as text, with what had to be overlooked to read it. */
export type DumpText =
  | {
      readonly kind: 'read'
      /** One JSON object, byte for byte what the text holds. */
      readonly document: string
      readonly warnings: readonly string[]
      /** The sections that came as bare lists. */
      readonly lists: readonly string[]
    }
  | {readonly kind: 'unreadable'; readonly why: string}

/** Named limit: characters in front of a dump, or between its parts, that are skipped as foreign text. */
const MAX_FOREIGN_TEXT = 65_536

/** Named limit: how many times its own length a text may be looked through for the ends of brackets that are none of JSON. */
const MAX_PASSES = 8

/**
 * Reads a dump the way people paste it: with log lines around it, as several objects one after the other, or as the list of one kind that
 * istioctl prints (ambient-ga A.9, K.1; users 8).
 */
export function readDumpText(text: string): DumpText {
  const values = jsonValues(text)
  const parts = values.found.flatMap((value) => partOf(value) ?? [])
  if (values.found.length === 0) return {kind: 'unreadable', why: 'there is no JSON object or list in the text'}
  if (parts.length === 0) return {kind: 'unreadable', why: 'no object, and no list of workloads, services, policies or certificates'}
  const twice = repeatedKey(parts)
  if (twice !== undefined) return {kind: 'unreadable', why: `"${twice}" comes more than once: each dump needs a file of its own`}
  const members = parts.map(({members: part}) => part).filter((part) => part !== '')
  const lists = parts.flatMap(({list}) => list ?? [])
  return {kind: 'read', document: `{${members.join(',')}}`, warnings: warningsOf(values), lists}
}

/** What a value adds to the document: its members as text. */
interface Part {
  readonly members: string
  readonly keys: readonly string[]
  /** The section, when the value is a bare list. */
  readonly list?: string
}

function partOf({value, text}: Found): Part | undefined {
  if (isObject(value)) return {members: text.slice(1, -1).trim(), keys: Object.keys(value)}
  const list = Array.isArray(value) ? sectionOf(value) : undefined
  return list === undefined ? undefined : {members: `"${list}":${text}`, keys: [list], list}
}

function repeatedKey(parts: readonly Part[]): string | undefined {
  const keys = parts.flatMap((part) => part.keys)
  return keys.find((key, index) => keys.indexOf(key) < index)
}

interface Found {
  readonly value: unknown
  /** From its first bracket to its last. */
  readonly text: string
  readonly end: number
}

interface Values {
  readonly found: readonly Found[]
  /** Characters of other text. */
  readonly foreign: number
}

function jsonValues(text: string): Values {
  const found: Found[] = []
  const search: Search = {text, budget: MAX_PASSES * text.length}
  let foreign = 0
  let at = 0
  while (at < text.length) {
    const next = nextValue(search, at)
    if (next === undefined) return {found, foreign: foreign + text.slice(at).trim().length}
    foreign += text.slice(at, next.end - next.text.length).trim().length
    found.push(next)
    at = next.end
  }
  return {found, foreign}
}

interface Search {
  readonly text: string
  /** Characters that may still be looked through. */
  budget: number
}

/** Enough to see past the white space of a pretty-printed opening. */
const LOOK_AHEAD = 64

/** The next complete object or list; brackets inside foreign text give none. */
function nextValue(search: Search, from: number): Found | undefined {
  const {text} = search
  const limit = Math.min(text.length, from + MAX_FOREIGN_TEXT)
  for (let start = from; start < limit && search.budget > 0; start++) {
    if (text[start] !== '{' && text[start] !== '[') continue
    const end = closingBracket(search, start)
    const found = end === undefined ? undefined : valueBetween(text, {start, end})
    if (found !== undefined) return found
    // What begins like JSON and never ends is a dump that was cut: its parts are no dump.
    if (end === undefined && OPENING.test(text.slice(start, start + LOOK_AHEAD))) return undefined
  }
  return undefined
}

const OPENING = /^[{[]\s*["{[]/

function valueBetween(text: string, {start, end}: {readonly start: number; readonly end: number}): Found | undefined {
  const inside = text.slice(start, end)
  const value = parse(inside)
  return isWorthwhile(value) ? {value, text: inside, end} : undefined
}

/** Log lines hold small brackets of their own: `[]`, `{id=7}`. */
function isWorthwhile(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isObject) : isObject(value) && Object.keys(value).length > 0
}

/** End of the value that starts here, by counting brackets outside strings. */
function closingBracket(search: Search, start: number): number | undefined {
  const {text} = search
  const limit = Math.min(text.length, start + search.budget)
  let depth = 0
  let at = start
  for (; at < limit; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) break
  }
  search.budget -= at - start
  return depth === 0 ? at + 1 : undefined
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return text.length
}

/** Undefined for what is no JSON; `undefined` itself is no JSON value. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const SECTIONS: readonly (readonly [section: string, key: string])[] = [
  ['workloads', 'workloadIps'],
  ['services', 'vips'],
  ['policies', 'rules'],
  ['certificates', 'certChain'],
]

/** `istioctl ztunnel-config <kind> -o json` prints a bare list (ambient-ga A.9). */
function sectionOf(list: readonly unknown[]): string | undefined {
  return SECTIONS.find(([, key]) => list.some((item) => isObject(item) && Object.hasOwn(item, key)))?.[0]
}

function warningsOf({found, foreign}: Values): readonly string[] {
  return [
    ...(foreign === 0 ? [] : [`${foreign} characters around the JSON were skipped`]),
    ...(found.length === 1 ? [] : [`${found.length} JSON values follow each other: they were read as one dump`]),
  ]
}
