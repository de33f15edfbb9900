import type {Family} from './ip.js'
import type {Match, MatchBody, Target} from './packet-rules.js'

export interface NftContext {
  readonly family: Family
  readonly isChain: (name: string) => boolean
}

/** What a piece of a rule says. */
export interface NftPiece {
  readonly matches?: readonly Match[]
  readonly targets?: readonly Target[]
}

/** `other-family`: the expression only fits packets of the other family. */
export type NftRead = (groups: readonly string[], context: NftContext) => NftPiece | 'other-family'

/** Reads what the pattern finds at the beginning of the rest of a rule. */
export interface NftParser {
  readonly pattern: RegExp
  readonly read: NftRead
}

/** One value, a range, or a set of them. */
export const VALUE = String.raw`(\{[^}]*\}|"[^"]*"|\S+)`
/** How a value is compared; nothing stands for `==`, or of flags for one of them. */
export const OPERATOR = String.raw`((?:!=|==|<=|>=|<|>|!|eq|ne|le|ge|lt|gt) )?`

export function unknownMatch(text: string): Match {
  return {kind: 'unknown', negated: false, text}
}

/** Elements of `{ a, b }`, or the one value. */
export function itemsOf(text: string): readonly string[] {
  return text
    .replace(/^\{|\}$/g, '')
    .split(',')
    .map((item) => item.trim().replace(/^"(.*)"$/, '$1'))
    .filter((item) => item !== '')
}

export function isNegation(operator: string): boolean {
  return /^(!=|!|ne)/.test(operator)
}

interface Range {
  readonly from: number
  readonly to: number
}

/** `80`, `1000-2000`, `{ 80, 443 }`, `< 1024`: numbers alone; undefined for names. */
export function rangesOf(text: string, {operator, most}: {readonly operator: string; readonly most: number}): readonly Range[] | undefined {
  const items = itemsOf(text).map((item) => /^(0x[0-9a-f]+|\d+)(?:-(0x[0-9a-f]+|\d+))?$/.exec(item))
  if (items.length === 0 || items.includes(null)) return undefined
  const ranges = items.map((match) => ({from: Number(match?.[1]), to: Number(match?.[2] ?? match?.[1])}))
  const [{from: bound} = {from: 0}] = ranges
  switch (operator.trim()) {
    case '<':
    case 'lt':
      return [{from: 0, to: bound - 1}]
    case '<=':
    case 'le':
      return [{from: 0, to: bound}]
    case '>':
    case 'gt':
      return [{from: bound + 1, to: most}]
    case '>=':
    case 'ge':
      return [{from: bound, to: most}]
    default:
      return ranges
  }
}

/** One of several values: a match for one, none of them for a negation, else a choice between them. */
export function anyValue(
  bodies: readonly MatchBody[],
  {negated, strict}: {readonly negated: boolean; readonly strict?: true},
): readonly Match[] {
  const how = {negated, ...(strict === undefined ? {} : {strict})}
  if (negated || bodies.length === 1) return bodies.map((body) => ({...body, ...how}))
  return [{kind: 'one-of', negated: false, options: bodies.map((body) => [{...body, ...how}])}]
}
