import type {Family} from './ip.js'
import {protocolName} from './iproute-names.js'
import {CONNECTION_MATCHES} from './nft-ct-matches.js'
import {icmpTypes} from './nft-icmp.js'
import {
  anyValue,
  isNegation,
  itemsOf,
  OPERATOR,
  rangesOf,
  unknownMatch,
  VALUE,
  type NftContext,
  type NftParser,
  type NftPiece,
} from './nft-reader.js'
import type {Match, MatchBody} from './packet-rules.js'
import {prefixList} from './rule-values.js'
import {dscpValue} from './type-of-service.js'

/** Expressions that a packet fits or not, by how they begin. Source: nft(8). */
export const MATCHES: readonly NftParser[] = [
  {pattern: /^counter(?: name \S+)?(?= |$)/, read: () => ({})},
  {pattern: /^comment "[^"]*"/, read: () => ({})},
  {pattern: /^xt match (\S+)/, read: ([name = '']) => ({matches: [unknownMatch(`-m ${name}`)]})},
  {
    pattern: new RegExp(`^meta (?:nfproto|protocol) ${OPERATOR}${VALUE}`),
    read: ([operator = '', value = ''], {family}) => (isOfFamily(value, family) === isNegation(operator) ? 'other-family' : {}),
  },
  {pattern: new RegExp(`^(ip6?) ([sd])addr ${OPERATOR}(?!& |set )${VALUE}`), read: (groups, context) => addresses(groups, context)},
  {
    pattern: new RegExp(`^(meta l4proto|ip protocol|ip6 nexthdr) ${OPERATOR}${VALUE}`),
    read: ([where = '', operator = '', value = ''], {family}) => (isElsewhere(where, family) ? 'other-family' : protocols(operator, value)),
  },
  {pattern: new RegExp(`^(tcp|udp|th|sctp|dccp|udplite) ([sd])port ${OPERATOR}(?!set )${VALUE}`), read: (groups) => ports(groups)},
  {
    pattern: new RegExp(`^(?:meta )?(iif|oif)(?:name)? ${OPERATOR}${VALUE}`),
    read: ([side, operator = '', value = '']) => devices(side, {operator, value}),
  },
  {
    pattern: new RegExp(`^(meta|ct) mark (?:(?:&|and) (0x[0-9a-f]+|\\d+) )?${OPERATOR}(?!set |map |vmap |and |or |xor |[&|^.] )${VALUE}`),
    read: (groups) => marks(groups),
  },
  ...CONNECTION_MATCHES,
  {
    pattern: new RegExp(`^fib ([sd])addr type ${OPERATOR}${VALUE}`),
    read: ([side, operator = '', value = '']) => {
      const types = itemsOf(value).map((type) => type.toUpperCase())
      return {matches: [{kind: 'address-type', negated: isNegation(operator), side: sideOf(side), types, byRoute: true}]}
    },
  },
  {
    pattern: new RegExp(`^(ip6?) dscp ${OPERATOR}(?!set )${VALUE}`),
    read: ([version = '', operator = '', value = ''], {family}) => {
      if ((version === 'ip6' ? 6 : 4) !== family) return 'other-family'
      const bodies = itemsOf(value).map((name): MatchBody => serviceMatch(name, `${version} dscp ${operator}${value}`))
      return {matches: anyValue(bodies, {negated: isNegation(operator)})}
    },
  },
  {pattern: /^icmp(v6)? (type|code) ((?:!= |== )?)(\{[^}]*\}|\S+)/, read: (groups, {family}) => icmp(groups, family)},
  {
    // `tcp flags syn / fin,syn,rst,ack`: the flags that are set, of those that are looked at.
    pattern: /^tcp flags (!= |== )?([\w,|]+)(?: \/ ([\w,|]+))(?= |$)/,
    read: ([operator = '', set = '', mask = '']) => flags(operator, {set, mask}),
  },
  {
    // The same in words that older and newer releases print.
    pattern: /^tcp flags & \(?([\w |]+?)\)? (==|!=) ([\w|]+|\([\w |]+\))(?= |$)/,
    read: ([mask = '', operator = '', set = '']) => (set === '0' ? flags(operator, {set: '', mask}) : flags(operator, {set, mask})),
  },
  {
    // One of the flags is set; of none: `! syn`.
    pattern: /^tcp flags (! )?(\w+(?:,\w+)*)(?= |$)/,
    read: ([operator = '', names = '']) => {
      const all = flagNames(names).map((name): MatchBody => ({kind: 'tcp-flags', mask: [name], set: [name]}))
      return {matches: [ofProtocol('tcp'), ...anyValue(all, {negated: operator !== ''})]}
    },
  },
  {
    pattern: /^numgen inc mod (\d+) ((?:!= |== )?)(\d+)(?= |$)/,
    read: ([every, operator = '', packet]) => ({
      matches: [{kind: 'every-nth', negated: isNegation(operator), every: Number(every), packet: Number(packet)}],
    }),
  },
  {
    pattern: /^socket (transparent|wildcard) ([01])(?= |$)/,
    read: ([field, value]) => {
      if (field === 'transparent' && value === '1') return {matches: [{kind: 'socket', negated: false, transparent: true, wildcard: true}]}
      return {matches: [unknownMatch(`socket ${field ?? ''} ${value ?? ''}`)]}
    },
  },
  {
    pattern: /^meta random & 2147483647 (<|>=) (\d+)/,
    read: ([operator, limit]) => ({
      matches: [{kind: 'probability', negated: operator === '>=', probability: (Number(limit) / 2 ** 31).toFixed(11)}],
    }),
  },
  {
    pattern: new RegExp(`^(?:meta )?sk([ug])id ${OPERATOR}${VALUE}`),
    read: ([of, operator = '', value = '']) => {
      const ids = rangesOf(value, {operator, most: 0xffff_ffff})
      if (ids === undefined) return {matches: [unknownMatch(`meta sk${of ?? ''}id ${operator}${value}`)]}
      return {matches: [{kind: 'owner', negated: isNegation(operator), of: of === 'g' ? 'group' : 'user', ids, strict: true}]}
    },
  },
]

function sideOf(letter: string | undefined): 'source' | 'destination' {
  return letter === 's' ? 'source' : 'destination'
}

/** `ipv4` of nfproto, `ip` of protocol, or a set of them. */
function isOfFamily(value: string, family: Family): boolean {
  return itemsOf(value).some((name) => (family === 4 ? name === 'ipv4' || name === 'ip' : name === 'ipv6' || name === 'ip6'))
}

/** What looks into a header of IPv4 or IPv6 says that the packet has one. */
function isElsewhere(where: string, family: Family): boolean {
  return (where.startsWith('ip ') && family === 6) || (where.startsWith('ip6 ') && family === 4)
}

function addresses(
  [version = '', letter = '', operator = '', value = '']: readonly string[],
  {family}: NftContext,
): NftPiece | 'other-family' {
  if ((version === 'ip6' ? 6 : 4) !== family) return 'other-family'
  return {matches: [addressMatch({letter, operator, value}, family) ?? unknownMatch(`${version} ${letter}addr ${operator}${value}`)]}
}

interface Compared {
  readonly letter: string
  readonly operator: string
  readonly value: string
}

function addressMatch({letter, operator, value}: Compared, family: Family): Match | undefined {
  const negated = isNegation(operator)
  if (value.startsWith('@')) return {kind: 'set', negated, set: value.slice(1), sides: [letter === 's' ? 'src' : 'dst']}
  const prefixes = /^[<>lg]/.test(operator) ? undefined : prefixList(itemsOf(value).join(','), family)
  return prefixes === undefined ? undefined : {kind: sideOf(letter), prefixes, negated}
}

function serviceMatch(name: string, text: string): MatchBody {
  const tos = dscpValue(name)
  return tos === undefined ? {kind: 'unknown', text} : {kind: 'type-of-service', tos}
}

function ofProtocol(protocol: string): Match {
  return {kind: 'protocol', negated: false, protocol}
}

function protocols(operator: string, value: string): NftPiece {
  if (/^[<>@]/.test(`${operator}${value}`)) return {matches: [unknownMatch(`meta l4proto ${operator}${value}`)]}
  const bodies = itemsOf(value).map((name): MatchBody => ({kind: 'protocol', protocol: protocolName(name)}))
  return {matches: anyValue(bodies, {negated: isNegation(operator)})}
}

/** `tcp dport 80` also says that it is TCP, `th dport 80` leaves it open. */
function ports([name = '', letter, operator = '', value = '']: readonly string[]): NftPiece {
  const ranges = rangesOf(value, {operator, most: 65_535})
  const negated = isNegation(operator)
  const kind = letter === 's' ? 'source-port' : 'destination-port'
  const port: Match = ranges === undefined ? unknownMatch(`${name} ${letter ?? ''}port ${operator}${value}`) : {kind, negated, ranges}
  return {matches: name === 'th' ? [port] : [ofProtocol(name), port]}
}

function devices(side: string | undefined, {operator, value}: {readonly operator: string; readonly value: string}): NftPiece {
  if (value.startsWith('@')) return {matches: [unknownMatch(`${side ?? ''}name ${operator}${value}`)]}
  const kind = side === 'iif' ? 'in-device' : 'out-device'
  const bodies = itemsOf(value).map((name): MatchBody => ({kind, name: name.replace(/\*$/, '+')}))
  return {matches: anyValue(bodies, {negated: isNegation(operator)})}
}

function marks([field = '', mask = '', operator = '', value = '']: readonly string[]): NftPiece {
  const ranges = /^[<>lg]/.test(operator) ? undefined : rangesOf(value, {operator, most: 0xffff_ffff})
  if (ranges?.every(({from, to}) => from === to) !== true) {
    return {matches: [unknownMatch(`${field} mark ${mask === '' ? '' : `& ${mask} `}${operator}${value}`)]}
  }
  const bodies = ranges.map(({from}): MatchBody => {
    return {kind: field === 'ct' ? 'connmark' : 'mark', mark: {value: from, mask: mask === '' ? 0xffff_ffff : Number(mask)}}
  })
  return {matches: anyValue(bodies, {negated: isNegation(operator), ...(field === 'ct' ? {strict: true} : {})})}
}

function flagNames(text: string): readonly string[] {
  return text.toUpperCase().replaceAll(/[ ()]/g, '').split(/[,|]/)
}

/** TCP is what has flags. */
function flags(operator: string, {set, mask}: {readonly set: string; readonly mask: string}): NftPiece {
  return {
    matches: [{kind: 'tcp-flags', negated: isNegation(operator), mask: flagNames(mask), set: set === '' ? [] : flagNames(set)}],
  }
}

function icmp([version = '', field = '', operator = '', value = '']: readonly string[], family: Family): NftPiece | 'other-family' {
  if ((version === 'v6' ? 6 : 4) !== family) return 'other-family'
  const types = field === 'type' ? icmpTypes(itemsOf(value), family) : undefined
  const protocol = ofProtocol(family === 4 ? 'icmp' : 'icmpv6')
  if (types === undefined) return {matches: [protocol, unknownMatch(`icmp${version} ${field} ${operator}${value}`)]}
  const bodies = types.map((type): MatchBody => ({kind: 'icmp-type', type}))
  return {matches: [protocol, ...anyValue(bodies, {negated: isNegation(operator)})]}
}
