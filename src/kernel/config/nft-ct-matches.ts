import {protocolName} from './iproute-names.js'
import {anyValue, isNegation, itemsOf, OPERATOR, rangesOf, unknownMatch, VALUE, type NftParser, type NftPiece} from './nft-reader.js'
import type {MatchBody} from './packet-rules.js'
import {prefixList} from './rule-values.js'

/** What nft asks of the connection. Without one none of it holds, but the state. Source: nft_ct_get_eval. */
export const CONNECTION_MATCHES: readonly NftParser[] = [
  {
    pattern: new RegExp(`^ct state ${OPERATOR}(\\{[^}]*\\}|[\\w,]+)(?= |$)(?! /)`),
    read: ([operator = '', names = '']) => states(operator, names),
  },
  {pattern: new RegExp(`^ct status ${OPERATOR}([\\w,-]+)(?= |$)`), read: ([operator = '', names = '']) => statuses(operator, names)},
  {
    pattern: new RegExp(`^ct direction ${OPERATOR}(original|reply)(?= |$)`),
    read: ([operator = '', name = '']) =>
      strictly([{kind: 'ct-direction', direction: name === 'reply' ? 'REPLY' : 'ORIGINAL'}], {negated: isNegation(operator)}),
  },
  {
    pattern: new RegExp(`^ct (?:original |reply )?protocol ${OPERATOR}${VALUE}`),
    read: ([operator = '', value = '']) =>
      strictly(
        itemsOf(value).map((name): MatchBody => ({kind: 'ct-protocol', protocol: protocolName(name)})),
        {negated: isNegation(operator)},
      ),
  },
  {
    pattern: new RegExp(`^ct (original|reply) (?:ip6? )?([sd])addr ${OPERATOR}${VALUE}`),
    read: ([of = '', side = '', operator = '', value = ''], {family}) => {
      const prefixes = prefixList(itemsOf(value).join(','), family)
      if (prefixes === undefined) return {matches: [unknownMatch(`ct ${of} ${side}addr ${operator}${value}`)]}
      return strictly([{kind: 'ct-address', ...endOf(of, side), prefixes}], {negated: isNegation(operator)})
    },
  },
  {
    pattern: new RegExp(`^ct (original|reply) proto-(src|dst) ${OPERATOR}${VALUE}`),
    read: ([of = '', side = '', operator = '', value = '']) => {
      const ranges = rangesOf(value, {operator, most: 65_535})
      if (ranges === undefined) return {matches: [unknownMatch(`ct ${of} proto-${side} ${operator}${value}`)]}
      return strictly([{kind: 'ct-port', ...endOf(of, side), ranges}], {negated: isNegation(operator)})
    },
  },
]

function strictly(bodies: readonly MatchBody[], {negated}: {readonly negated: boolean}): NftPiece {
  return {matches: anyValue(bodies, {negated, strict: true})}
}

/** Each packet has one state, so that "not this one" and "none of these bits" are the same. */
function states(operator: string, names: string): NftPiece {
  return {matches: [{kind: 'ct-state', negated: isNegation(operator), states: itemsOf(names).map((name) => name.toUpperCase())}]}
}

/** `ct status a,b`: one of them is set; `! a,b`: none is. `!=` and `==` compare all bits, which are not all known. */
function statuses(operator: string, names: string): NftPiece {
  if (operator !== '' && operator !== '! ') return {matches: [unknownMatch(`ct status ${operator}${names}`)]}
  const bits = itemsOf(names).map((name) => name.toUpperCase().replaceAll('-', '_'))
  return strictly([{kind: 'ct-status', statuses: bits}], {negated: operator !== ''})
}

function endOf(of: string, side: string): {readonly of: 'original' | 'reply'; readonly side: 'source' | 'destination'} {
  return {of: of === 'reply' ? 'reply' : 'original', side: side.startsWith('s') ? 'source' : 'destination'}
}
