import {isNegation, itemsOf, OPERATOR} from './nft-reader.js'
import type {Match} from './packet-rules.js'

const FIELD = String.raw`(?:ip6? [sd]addr|meta (?:l4proto|mark)|ip protocol|(?:tcp|udp|th) [sd]port|[io]if(?:name)?|ct (?:mark|state|direction))`
const CONCATENATION = new RegExp(`^(${FIELD}(?: \\. ${FIELD})+) ${OPERATOR}(\\{[^}]*\\})`)

/** `ip daddr . tcp dport { 10.0.0.1 . 80, 10.0.0.2 . 90 }`, or a named set, of which nothing is known here. */
export function isConcatenation(rest: string): boolean {
  return new RegExp(`^${FIELD} \\. `).test(rest)
}

type Reading = (text: string) => {readonly matches: readonly Match[]} | undefined

interface Concatenated {
  readonly piece: {readonly matches: readonly Match[]} | 'other-family'
  readonly length: number
}

/** Each element says one thing of each field. Undefined: it cannot be read. */
export function concatenation(rest: string, read: Reading): Concatenated | undefined {
  const found = CONCATENATION.exec(rest)
  const [whole = '', left = '', operator = '', right = ''] = found ?? []
  if (found === null) return undefined
  const fields = left.split(' . ')
  const options = itemsOf(right).map((element) => read(pairs(fields, element.split(' . '))))
  const known = options.filter((option) => option !== undefined)
  if (options.length > 0 && known.length === 0) return {piece: 'other-family', length: whole.length}
  const match: Match = {kind: 'one-of', negated: isNegation(operator), options: known.map(({matches}) => matches)}
  return {piece: {matches: [match]}, length: whole.length}
}

function pairs(fields: readonly string[], values: readonly string[]): string {
  return fields.map((field, index) => `${field} ${values[index] ?? ''}`).join(' ')
}
