import {concatenation, isConcatenation} from './nft-concatenation.js'
import {MATCHES} from './nft-matches.js'
import {unknownMatch, type NftContext, type NftParser, type NftPiece} from './nft-reader.js'
import {TARGETS} from './nft-targets.js'
import type {Match, Target} from './packet-rules.js'

export interface NftStatements {
  readonly matches: readonly Match[]
  readonly targets: readonly Target[]
}

/** A rule's words, from left to right; undefined when an expression is only for packets of the other family. */
export function nftStatements(text: string, context: NftContext): NftStatements | undefined {
  let rest = text.trim().replace(/\s+/g, ' ')
  if (rest.length > MAX_RULE) {
    return {matches: [unknownMatch('a rule too long to read')], targets: [{kind: 'unknown', text: 'a rule too long to read'}]}
  }
  const matches: Match[] = []
  const targets: Target[] = []
  while (rest !== '') {
    const {piece, length} = firstPiece(rest, context)
    if (piece === 'other-family') return undefined
    matches.push(...(piece.matches ?? []))
    targets.push(...(piece.targets ?? []))
    rest = rest.slice(length).trim()
  }
  return {matches, targets}
}

/** Longer ones are tables of services in one rule, which are not modelled. */
const MAX_RULE = 10_000

interface FirstPiece {
  readonly piece: NftPiece | 'other-family'
  readonly length: number
}

/** The first pattern that fits the rest of a rule reads it. */
const PARSERS: readonly NftParser[] = [...MATCHES, ...TARGETS]

function firstPiece(rest: string, context: NftContext): FirstPiece {
  if (isConcatenation(rest)) return concatenation(rest, (text) => nftStatements(text, context)) ?? unread(rest)
  for (const {pattern, read} of PARSERS) {
    const match = pattern.exec(rest)
    if (match === null) continue
    const groups = match.slice(1).map((group: string | undefined) => group ?? '')
    return {piece: read(groups, context), length: match[0].length}
  }
  return unread(rest)
}

/** What is known to follow an expression that is not modelled. */
const NEXT =
  / (?=(?:counter|accept|drop|return|continue|jump|goto|reject|log|queue|redirect|dnat|snat|masquerade|tproxy|notrack|comment)(?: |$)|(?:meta|ct) mark set )/

/** A condition that is not modelled is open; a statement may change the packet, or end it. */
function unread(rest: string): FirstPiece {
  const [text = rest] = rest.split(NEXT)
  const isStatement = /^(?:queue|synproxy)\b| set /.test(text)
  return {piece: isStatement ? {targets: [{kind: 'unknown', text}]} : {matches: [unknownMatch(text)]}, length: text.length}
}
