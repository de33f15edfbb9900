/**
 * RFC 8259 and UTF-8 as one table: state and byte give the next state, or an action.
 * A table keeps the scanner resumable at any byte, so that chunk boundaries need no special case.
 */

/** States. `first` positions accept a closing bracket; the rest of a name tells what is expected next. */
export const STATE = {
  start: 0,
  bom1: 1,
  bom2: 2,
  value: 3,
  firstItem: 4,
  firstKey: 5,
  key: 6,
  colon: 7,
  nextItem: 8,
  nextMember: 9,
  done: 10,
  text: 11,
  escape: 12,
  hex1: 13,
  hex2: 14,
  hex3: 15,
  hex4: 16,
  /** UTF-8: continuation bytes still to come, and the first ones that may not take every value (RFC 3629). */
  more1: 17,
  more2: 18,
  more3: 19,
  afterE0: 20,
  afterED: 21,
  afterF0: 22,
  afterF4: 23,
  minus: 24,
  zero: 25,
  digits: 26,
  point: 27,
  decimals: 28,
  exponent: 29,
  exponentSign: 30,
  exponentDigits: 31,
  t: 32,
  tr: 33,
  tru: 34,
  f: 35,
  fa: 36,
  fal: 37,
  fals: 38,
  n: 39,
  nu: 40,
  nul: 41,
  /** Text before the document, which is skipped line by line; a line that begins with `{` ends it. */
  noise: 42,
  noiseLine: 43,
} as const

/** Actions: what the scanner does beside going to a fixed next state. */
export const ACTION = {
  newline: 64,
  openObject: 65,
  openArray: 66,
  close: 67,
  beginText: 68,
  endText: 69,
  endNumber: 70,
  endLiteral: 71,
  /** Begins a number or a literal; the state it leads to is in `SCALAR_START`. */
  beginScalar: 72,
  endNoiseLine: 73,
  reject: 74,
} as const

const STATES = 64
const BYTES = 256
const SPACE = ' \t\r'
const DIGITS = '0123456789'

/** `TRANSITIONS[state * 256 + byte]`: a state below 64, or an action. */
export const TRANSITIONS: Uint8Array = buildTransitions()

/** The state after the first byte of a number or a literal. */
export const SCALAR_START: Uint8Array = buildScalarStarts()

/** 1 for bytes that stay inside a string whatever came before. */
export const PLAIN_TEXT: Uint8Array = TRANSITIONS.slice(STATE.text * BYTES, (STATE.text + 1) * BYTES).map((next) =>
  next === STATE.text ? 1 : 0,
)

function buildScalarStarts(): Uint8Array {
  const starts = new Uint8Array(BYTES).fill(STATE.digits)
  const set = (character: string, state: number): void => {
    starts[character.charCodeAt(0)] = state
  }
  set('-', STATE.minus)
  set('0', STATE.zero)
  set('t', STATE.t)
  set('f', STATE.f)
  set('n', STATE.n)
  return starts
}

/** Bytes by their own number, by a character string, or by an inclusive range. */
type Bytes = string | number | readonly [from: number, to: number]
type Rule = readonly [from: number, bytes: Bytes, to: number]

function buildTransitions(): Uint8Array {
  const table = new Uint8Array(STATES * BYTES).fill(ACTION.reject)
  for (const [from, bytes, to] of [...structureRules(), ...textRules(), ...numberRules(), ...literalRules(), ...noiseRules()]) {
    for (const byte of listBytes(bytes)) table[from * BYTES + byte] = to
  }
  return table
}

function listBytes(bytes: Bytes): readonly number[] {
  if (typeof bytes === 'number') return [bytes]
  if (typeof bytes === 'string') return Array.from(bytes, (character) => character.charCodeAt(0))
  return Array.from({length: bytes[1] - bytes[0] + 1}, (_, index) => bytes[0] + index)
}

function structureRules(): readonly Rule[] {
  const between = [
    STATE.start,
    STATE.value,
    STATE.firstItem,
    STATE.firstKey,
    STATE.key,
    STATE.colon,
    STATE.nextItem,
    STATE.nextMember,
    STATE.done,
  ]
  const values = [STATE.start, STATE.value, STATE.firstItem]
  return [
    ...between.flatMap((state): Rule[] => [
      [state, SPACE, state],
      [state, '\n', ACTION.newline],
    ]),
    ...values.flatMap((state): Rule[] => [
      [state, '{', ACTION.openObject],
      [state, '[', ACTION.openArray],
      [state, '"', ACTION.beginText],
      [state, `-${DIGITS}tfn`, ACTION.beginScalar],
    ]),
    [STATE.start, 0xef, STATE.bom1],
    [STATE.bom1, 0xbb, STATE.bom2],
    [STATE.bom2, 0xbf, STATE.value],
    [STATE.firstItem, ']', ACTION.close],
    [STATE.nextItem, ']', ACTION.close],
    [STATE.nextItem, ',', STATE.value],
    [STATE.firstKey, '}', ACTION.close],
    [STATE.nextMember, '}', ACTION.close],
    [STATE.nextMember, ',', STATE.key],
    [STATE.firstKey, '"', ACTION.beginText],
    [STATE.key, '"', ACTION.beginText],
    [STATE.colon, ':', STATE.value],
  ]
}

function textRules(): readonly Rule[] {
  const hex: readonly Rule[] = [STATE.hex1, STATE.hex2, STATE.hex3, STATE.hex4].map((state) => [
    state,
    `${DIGITS}abcdefABCDEF`,
    state === STATE.hex4 ? STATE.text : state + 1,
  ])
  return [
    [STATE.text, [0x20, 0x7f], STATE.text],
    [STATE.text, '"', ACTION.endText],
    [STATE.text, '\\', STATE.escape],
    [STATE.escape, '"\\/bfnrt', STATE.text],
    [STATE.escape, 'u', STATE.hex1],
    ...hex,
    [STATE.text, [0xc2, 0xdf], STATE.more1],
    [STATE.text, [0xe1, 0xef], STATE.more2],
    [STATE.text, [0xf1, 0xf3], STATE.more3],
    [STATE.text, 0xe0, STATE.afterE0],
    [STATE.text, 0xed, STATE.afterED],
    [STATE.text, 0xf0, STATE.afterF0],
    [STATE.text, 0xf4, STATE.afterF4],
    [STATE.afterE0, [0xa0, 0xbf], STATE.more1],
    [STATE.afterED, [0x80, 0x9f], STATE.more1],
    [STATE.afterF0, [0x90, 0xbf], STATE.more2],
    [STATE.afterF4, [0x80, 0x8f], STATE.more2],
    [STATE.more3, [0x80, 0xbf], STATE.more2],
    [STATE.more2, [0x80, 0xbf], STATE.more1],
    [STATE.more1, [0x80, 0xbf], STATE.text],
  ]
}

function numberRules(): readonly Rule[] {
  const ends = [STATE.zero, STATE.digits, STATE.decimals, STATE.exponentDigits]
  return [
    ...ends.map((state): Rule => [state, `${SPACE}\n,]}`, ACTION.endNumber]),
    [STATE.minus, '0', STATE.zero],
    [STATE.minus, '123456789', STATE.digits],
    [STATE.digits, DIGITS, STATE.digits],
    [STATE.zero, '.', STATE.point],
    [STATE.digits, '.', STATE.point],
    [STATE.point, DIGITS, STATE.decimals],
    [STATE.decimals, DIGITS, STATE.decimals],
    ...[STATE.zero, STATE.digits, STATE.decimals].map((state): Rule => [state, 'eE', STATE.exponent]),
    [STATE.exponent, '+-', STATE.exponentSign],
    [STATE.exponent, DIGITS, STATE.exponentDigits],
    [STATE.exponentSign, DIGITS, STATE.exponentDigits],
    [STATE.exponentDigits, DIGITS, STATE.exponentDigits],
  ]
}

function literalRules(): readonly Rule[] {
  return [
    [STATE.t, 'r', STATE.tr],
    [STATE.tr, 'u', STATE.tru],
    [STATE.tru, 'e', ACTION.endLiteral],
    [STATE.f, 'a', STATE.fa],
    [STATE.fa, 'l', STATE.fal],
    [STATE.fal, 's', STATE.fals],
    [STATE.fals, 'e', ACTION.endLiteral],
    [STATE.n, 'u', STATE.nu],
    [STATE.nu, 'l', STATE.nul],
    [STATE.nul, 'l', ACTION.endLiteral],
  ]
}

function noiseRules(): readonly Rule[] {
  return [STATE.noise, STATE.noiseLine]
    .flatMap((state): Rule[] => [
      [state, [0x00, 0xff], STATE.noise],
      [state, '\n', ACTION.endNoiseLine],
    ])
    .concat([
      [STATE.noiseLine, SPACE, STATE.noiseLine],
      [STATE.noiseLine, '{', ACTION.openObject],
    ])
}
