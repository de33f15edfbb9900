import {visible} from './visible.js'

/** The signs a trace is drawn with. */
export interface Glyphs {
  readonly arrow: string
  readonly dot: string
  readonly ellipsis: string
  readonly tunnel: string
  readonly plain: string
  readonly head: string
  readonly tee: string
  readonly corner: string
  readonly rail: string
  readonly blank: string
  readonly good: string
  readonly bad: string
  readonly unsure: string
  /** Makes a text from a dump safe to print with these signs. */
  readonly say: (text: string) => string
}

const UNICODE: Glyphs = {
  arrow: '→',
  dot: '·',
  ellipsis: '…',
  tunnel: '══',
  plain: '──',
  head: '▶',
  tee: '├─ ',
  corner: '└─ ',
  rail: '│  ',
  blank: '   ',
  good: '✓',
  bad: '✗',
  unsure: '?',
  say: visible,
}

const ASCII: Glyphs = {
  arrow: '->',
  dot: '-',
  ellipsis: '...',
  tunnel: '==',
  plain: '--',
  head: '>',
  tee: '|- ',
  corner: '`- ',
  rail: '|  ',
  blank: '   ',
  good: '+',
  bad: 'x',
  unsure: '?',
  say: (text) => toAscii(visible(text)),
}

/** Signs that engines put into their phrases. */
const SPELLED: ReadonlyMap<string, string> = new Map([
  ['→', '->'],
  ['⇒', '=>'],
  ['…', '...'],
  ['·', '-'],
  ['≤', '<='],
  ['≥', '>='],
  ['≠', '!='],
])

export function glyphsFor(unicode: boolean): Glyphs {
  return unicode ? UNICODE : ASCII
}

function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (character) => SPELLED.get(character) ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}
