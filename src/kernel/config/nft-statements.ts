import {parsePrefix, type Family, type Prefix} from './ip.js'
import type {PortRange} from './model.js'
import {markStatement} from './nft-mark.js'
import type {Match, MatchBody, Target} from './packet-rules.js'
import {natAddress} from './nat-address.js'
import {withRandom} from './rule-target.js'

export interface NftStatements {
  readonly matches: readonly Match[]
  readonly targets: readonly Target[]
}

interface Context {
  readonly family: Family
  readonly isChain: (name: string) => boolean
}

/** A rule's words, from left to right; undefined when an expression is only for packets of the other family. */
export function nftStatements(text: string, context: Context): NftStatements | undefined {
  let rest = text.trim().replace(/\s+/g, ' ')
  if (rest.length > MAX_RULE) {
    return {matches: [unknown('a rule too long to read')], targets: [{kind: 'unknown', text: 'a rule too long to read'}]}
  }
  const matches: Match[] = []
  const targets: Target[] = []
  while (rest !== '') {
    const found = PARSERS.map(({pattern, read}) => ({match: pattern.exec(rest), read})).find(({match}) => match !== null)
    if (found?.match === undefined || found.match === null) {
      return {matches: [...matches, unknown(rest)], targets: [...targets, {kind: 'unknown', text: rest}]}
    }
    const read = found.read(
      found.match.slice(1).map((group: string | undefined) => group ?? ''),
      context,
    )
    if (read === 'other-family') return undefined
    matches.push(...(read.matches ?? []))
    targets.push(...(read.targets ?? []))
    rest = rest.slice(found.match[0].length).trim()
  }
  return {matches, targets}
}

/** Longer ones are tables of services in one rule, which are not modelled. */
const MAX_RULE = 10_000

interface Read {
  readonly matches?: readonly Match[]
  readonly targets?: readonly Target[]
}

type Reader = (groups: readonly string[], context: Context) => Read | 'other-family'

function unknown(text: string): Match {
  return {kind: 'unknown', negated: false, text}
}

const SET = String.raw`(\{[^}]*\}|\S+)`
const NOT = String.raw`(!= |== )?`

/** The first pattern that fits the rest of a rule reads it. */
const PARSERS: readonly {readonly pattern: RegExp; readonly read: Reader}[] = [
  {pattern: /^counter(?= |$)/, read: () => ({})},
  {pattern: /^xt match (\S+)/, read: ([name]) => ({matches: [unknown(`-m ${name ?? ''}`)]})},
  {pattern: /^comment "[^"]*"/, read: () => ({})},
  {
    pattern: /^log(?: (?:prefix "[^"]*"|(?:level|group|flags|snaplen|queue-threshold) \S+))*/,
    read: () => ({targets: [{kind: 'continue', name: 'LOG'}]}),
  },
  {pattern: /^meta nfproto ipv([46])(?= |$)/, read: ([version], {family}) => (Number(version) === family ? {} : 'other-family')},
  {pattern: new RegExp(`^(ip6?) ([sd])addr ${NOT}${SET}`), read: (groups, context) => addresses(groups, context)},
  {
    pattern: new RegExp(`^(?:meta l4proto|ip protocol|ip6 nexthdr) ${NOT}(\\w[\\w-]*)(?= |$)`),
    read: ([not = '', name = '']) => ({matches: [protocol(name, not)]}),
  },
  {pattern: new RegExp(`^(tcp|udp|th) ([sd])port ${NOT}${SET}`), read: (groups) => ({matches: ports(groups)})},
  {pattern: /^(?:update|add) @\S+ \{[^}]*\}/, read: () => ({targets: [{kind: 'continue', name: 'set'}]})},
  {
    pattern: new RegExp(`^(iif|oif)(?:name)? ${NOT}"?([^"\\s]+)"?`),
    read: ([side, not = '', name = '']) => ({matches: [device({side, name: name.replace(/\*$/, '+'), not})]}),
  },
  {
    pattern: /^(meta|ct) mark (?:(?:&|and) (0x[0-9a-f]+|\d+) )?(!= |== )?(0x[0-9a-f]+|\d+)(?= |$)/,
    read: (groups) => ({matches: marked(groups)}),
  },
  {
    pattern: new RegExp(`^ct state ${NOT}(\\{[^}]*\\}|[\\w,]+)`),
    read: ([not = '', states = '']) => ({
      matches: [{kind: 'ct-state', negated: not === '!= ', states: itemsOf(states).map((state) => state.toUpperCase())}],
    }),
  },
  {
    pattern: new RegExp(`^fib ([sd])addr type ${NOT}(\\w+)`),
    read: ([side, not = '', type = '']) => ({
      matches: [{kind: 'address-type', negated: not === '!= ', side: sideOf(side), types: [type.toUpperCase()], byRoute: true}],
    }),
  },
  {
    // `tcp flags syn / fin,syn,rst,ack`: the flags that are set, of those that are looked at.
    pattern: /^tcp flags (!= |== )?([\w,|]+)(?: \/ ([\w,|]+))(?= |$)/,
    read: ([not = '', set = '', mask = '']) => ({
      matches: [{kind: 'tcp-flags', negated: not === '!= ', mask: flagNames(mask), set: flagNames(set)}],
    }),
  },
  {
    // The same in words that older and newer releases print.
    pattern: /^tcp flags & \(?([\w |]+?)\)? (==|!=) ([\w|]+|\([\w |]+\))(?= |$)/,
    read: ([mask = '', not, set = '']) => ({
      matches: [{kind: 'tcp-flags', negated: not === '!=', mask: flagNames(mask), set: flagNames(set)}],
    }),
  },
  {
    pattern: /^numgen inc mod (\d+) (?:== )?(\d+)(?= |$)/,
    read: ([every, packet]) => ({matches: [{kind: 'every-nth', negated: false, every: Number(every), packet: Number(packet)}]}),
  },
  {
    pattern: /^ct status (snat|dnat)(?= |$)/,
    read: ([status = '']) => ({matches: [{kind: 'ct-state', negated: false, states: [status.toUpperCase()]}]}),
  },
  {
    pattern: /^ct direction (original|reply)(?= |$)/,
    read: ([direction]) => ({matches: [{kind: 'ct-direction', negated: false, direction: direction === 'reply' ? 'REPLY' : 'ORIGINAL'}]}),
  },
  {
    pattern: new RegExp(`^ct original (ip6?) daddr ${NOT}(\\S+)`),
    read: (groups, context) => originalAddress(groups, context),
  },
  {pattern: /^socket transparent 1(?= |$)/, read: () => ({matches: [{kind: 'socket', negated: false, transparent: true, wildcard: true}]})},
  {
    pattern: /^meta random & 2147483647 < (\d+)/,
    read: ([limit]) => ({matches: [{kind: 'probability', negated: false, probability: (Number(limit) / 2 ** 31).toFixed(11)}]}),
  },
  {
    pattern: new RegExp(`^meta sk([ug])id ${NOT}(\\d+)`),
    read: ([of, not = '', id]) => ({
      matches: [
        {kind: 'owner', negated: not === '!= ', of: of === 'g' ? 'group' : 'user', ids: [{from: Number(id), to: Number(id)}], strict: true},
      ],
    }),
  },
  {
    pattern: /^(accept|drop|return)(?= |$)/,
    read: ([kind]) => ({targets: [{kind: kind === 'accept' ? 'accept' : kind === 'drop' ? 'drop' : 'return'}]}),
  },
  {pattern: /^(jump|goto) (\S+)/, read: ([kind, chain = ''], {isChain}) => ({targets: [jump(kind, {chain, isChain})]})},
  {
    pattern: /^reject(?: with ((?:icmp|icmpv6|icmpx) (?:type )?[\w-]+|tcp reset))?(?= |$)/,
    read: ([how]) => ({targets: [{kind: 'reject', with: how === undefined || how === '' ? 'icmp-port-unreachable' : how}]}),
  },
  {
    pattern: /^redirect(?: to :(\d+)(?:-(\d+))?)?( (?:fully-)?random)?(?:,?\s?persistent)?(?= |$)/,
    read: ([from, to, random]) => ({targets: [randomly({kind: 'redirect', ...portsFrom(from, to)}, random)]}),
  },
  {
    pattern: /^dnat (?:ip6? )?to (\S+)( (?:fully-)?random)?(?:,?\s?persistent)?(?= |$)/,
    read: ([to = '', random]) => ({targets: [natTarget('dnat', {to, random})]}),
  },
  {
    pattern: /^snat (?:ip6? )?to (\S+)( (?:fully-)?random)?(?:,?\s?persistent)?(?= |$)/,
    read: ([to = '']) => ({targets: [natTarget('snat', {to, random: ''})]}),
  },
  {
    pattern: /^masquerade(?: to :\d+(?:-\d+)?)?( (?:fully-)?random)?(?:,?\s?persistent)?(?= |$)/,
    read: ([random]) => ({targets: [{kind: 'masquerade', randomPort: random !== ''}]}),
  },
  {pattern: /^meta nftrace set [01](?= |$)/, read: () => ({targets: [{kind: 'continue', name: 'TRACE'}]})},
  {pattern: /^tproxy (?:ip6? )?to (\S+)(?= |$)/, read: ([to = '']) => ({targets: [transparentProxy(to)]})},
  {pattern: /^ct zone set (\d+)/, read: ([zone]) => ({targets: [{kind: 'zone', zone: Number(zone)}]})},
  {pattern: /^notrack(?= |$)/, read: () => ({targets: [{kind: 'notrack'}]})},
  {
    pattern:
      /^(meta|ct) mark set (.*?)(?= (?:counter|accept|drop|return|tproxy|jump|goto|meta|ct|comment)(?: (?!mark)|$)| (?:meta|ct) mark set |$)/,
    read: ([field, value = '']) => ({targets: [markStatement({field, value})]}),
  },
  {pattern: /^xt target (\S+)/, read: ([name]) => ({targets: [{kind: 'unknown', text: `-j ${name ?? ''}`}]})},
]

function itemsOf(text: string): readonly string[] {
  return text
    .replace(/^\{|\}$/g, '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function sideOf(letter: string | undefined): 'source' | 'destination' {
  return letter === 's' ? 'source' : 'destination'
}

function addresses([version = '', letter, not = '', text = '']: readonly string[], {family}: Context): Read | 'other-family' {
  if ((version === 'ip6' ? 6 : 4) !== family) return 'other-family'
  const negated = not === '!= '
  if (text.startsWith('@')) return {matches: [{kind: 'set', negated, set: text.slice(1), sides: [letter === 's' ? 'src' : 'dst']}]}
  const prefixes = itemsOf(text).map((item) => parsePrefix(item, family))
  const known = prefixes.filter((prefix): prefix is Prefix => prefix !== undefined)
  const body: MatchBody = {kind: sideOf(letter), prefixes: known}
  return {matches: [known.length === prefixes.length ? {...body, negated} : unknown(`${version} ${letter ?? ''}addr ${text}`)]}
}

function originalAddress([version = '', not = '', text = '']: readonly string[], {family}: Context): Read | 'other-family' {
  if ((version === 'ip6' ? 6 : 4) !== family) return 'other-family'
  const prefix = parsePrefix(text, family)
  return {matches: [prefix === undefined ? unknown(`ct original daddr ${text}`) : {kind: 'ct-destination', negated: not === '!= ', prefix}]}
}

function flagNames(text: string): readonly string[] {
  return text.toUpperCase().replaceAll(/[ ()]/g, '').split(/[,|]/)
}

function protocol(name: string, not: string): Match {
  const names = new Map([
    ['6', 'tcp'],
    ['17', 'udp'],
    ['ipv6-icmp', 'icmpv6'],
  ])
  return {kind: 'protocol', negated: not === '!= ', protocol: names.get(name) ?? name}
}

/** `tcp dport 80` also says that it is TCP, `th dport 80` leaves it open. */
function ports([name = '', letter, not = '', text = '']: readonly string[]): readonly Match[] {
  const ranges = itemsOf(text).map((item): PortRange => {
    const [from, to = from] = item.split('-').map(Number)
    return {from: from ?? 0, to: to ?? 0}
  })
  const negated = not === '!= '
  const isRead = ranges.every(({from, to}) => from >= 0 && to >= from)
  const kind = letter === 's' ? 'source-port' : 'destination-port'
  const port: Match = isRead ? {kind, negated, ranges} : unknown(`${name} port ${text}`)
  return name === 'th' ? [port] : [{kind: 'protocol', negated: false, protocol: name}, port]
}

function device({side, name, not}: {readonly side: string | undefined; readonly name: string; readonly not: string}): Match {
  return {kind: side === 'iif' ? 'in-device' : 'out-device', negated: not === '!= ', name}
}

function marked([field, mask = '', not = '', value]: readonly string[]): readonly Match[] {
  const mark = {value: Number(value), mask: mask === '' ? 0xffff_ffff : Number(mask)}
  return [{kind: field === 'ct' ? 'connmark' : 'mark', negated: not === '!= ', mark}]
}

function jump(kind: string | undefined, {chain, isChain}: {readonly chain: string; readonly isChain: Context['isChain']}): Target {
  if (!isChain(chain)) return {kind: 'unknown', text: `${kind ?? ''} ${chain}`}
  return {kind: kind === 'goto' ? 'goto' : 'jump', chain}
}

/** `10.0.0.1:80`, `[fd00::1]:80-90`, `:80`: as iptables says it. */
function natTarget(kind: 'dnat' | 'snat', {to, random}: {readonly to: string; readonly random: string | undefined}): Target {
  const address = natAddress(to)
  if (kind === 'dnat' && address !== undefined) return randomly({kind, ...address}, random)
  const {ip, lastIp, ...range} = address ?? {}
  return ip === undefined || lastIp !== undefined ? {kind: 'unknown', text: `${kind} to ${to}`} : {kind: 'snat', ip, ...range}
}

function randomly(target: Extract<Target, {kind: 'redirect' | 'dnat'}>, random = ''): Target {
  return withRandom(target, random !== '') ?? {kind: 'unknown', text: `${target.kind}${random}`}
}

function transparentProxy(to: string): Target {
  const {ip, ports: range} = natAddress(to) ?? {}
  if (range === undefined) return {kind: 'unknown', text: `tproxy to ${to}`}
  return {kind: 'tproxy', port: range.from, mark: {value: 0, mask: 0}, lenient: true, ...(ip === undefined ? {} : {ip})}
}

function portsFrom(from = '', to = ''): {readonly ports?: PortRange} {
  return from === '' ? {} : {ports: {from: Number(from), to: Number(to === '' ? from : to)}}
}
