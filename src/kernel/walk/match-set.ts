import {allOf, anyOf, not, tri, type Tri} from '../../flow/tri.js'
import {portAmong} from '../config/drawn-port.js'
import {contains, familyOf, parseIp, parsePrefix} from '../config/ip.js'
import type {IpSet, IpSetMember, PortRange} from '../config/model.js'
import type {MatchBody} from '../config/packet-rules.js'
import {hasPorts} from './packet.js'
import type {RuleContext} from './transit.js'

type SetMatch = Extract<MatchBody, {kind: 'set'}>

/** `--match-set`: a set that was not recorded, or of a type that is not modelled, leaves the answer open. */
export function matchSet({set, sides}: Pick<SetMatch, 'set' | 'sides'>, context: RuleContext): Tri {
  const recorded = context.namespace.sets.get(set)
  if (recorded === undefined) return 'undetermined'
  // Sets of sets hold no sets of sets.
  if (recorded.type === 'list:set') return anyOf(recorded.members.map(({text}) => listedSet({set: text, sides}, context)))
  return /^(hash|bitmap):(ip|net|port|iface)(,(ip|net|port|iface))*$/.test(recorded.type)
    ? holdsMember(recorded, {sides, context})
    : 'undetermined'
}

function listedSet({set, sides}: Pick<SetMatch, 'set' | 'sides'>, context: RuleContext): Tri {
  return context.namespace.sets.get(set)?.type === 'list:set' ? 'undetermined' : matchSet({set, sides}, context)
}

/** The most specific member that holds the packet decides; `nomatch` makes it an exception (hash_net_test_cidrs). */
function holdsMember(recorded: IpSet, {sides, context}: Pick<Lookup, 'sides' | 'context'>): Tri {
  const kinds = recorded.type.slice(recorded.type.indexOf(':') + 1).split(',')
  // A match that names too few sides finds nothing (ip_set_test).
  if (sides.length < kinds.length) return 'no'
  const lookup = {kinds, sides, context, anyProtocol: recorded.type === 'bitmap:port'}
  const {members} = recorded
  if (!members.some(({nomatch}) => nomatch)) return anyOf(members.map((member) => memberMatches(member, lookup)))
  for (const member of members.toSorted(bySpecificity)) {
    const found = memberMatches(member, lookup)
    if (found !== 'no') return member.nomatch ? not(found) : found
  }
  return 'no'
}

function bySpecificity(a: IpSetMember, b: IpSetMember): number {
  const [own, other] = [a, b].map(({parts}) => parts.map(lengthOf))
  const at = own?.findIndex((length, index) => length !== other?.[index]) ?? -1
  return at < 0 ? 0 : (other?.[at] ?? 0) - (own?.[at] ?? 0)
}

function lengthOf(part: string): number {
  return parsePrefix(part, familyOf(part))?.length ?? 0
}

interface Lookup {
  readonly kinds: readonly string[]
  readonly sides: readonly string[]
  /** Ports without a protocol: those of each. */
  readonly anyProtocol: boolean
  readonly context: RuleContext
}

function memberMatches(member: IpSetMember, {kinds, sides, ...lookup}: Lookup): Tri {
  return allOf(
    kinds.map((kind, index) => partMatches({kind, member, part: member.parts[index] ?? '', side: sides[index] ?? '', ...lookup})),
  )
}

interface Part extends Pick<Lookup, 'anyProtocol' | 'context'> {
  readonly kind: string
  readonly member: IpSetMember
  readonly part: string
  readonly side: string
}

function partMatches({kind, member, part, side, anyProtocol, context}: Part): Tri {
  const {packet, inDevice, outDevice} = context.transit
  if (kind === 'iface') return deviceMatches(side === 'src' ? inDevice : outDevice, {part, wildcard: member.wildcard === true})
  const socket = side === 'src' ? packet.source : packet.destination
  if (kind === 'port') {
    const named = anyProtocol && hasPorts(packet) ? `${packet.protocol}:${part}` : part
    return portMatches(named, {
      protocol: packet.protocol,
      port: socket.port,
      open: packet.openPorts?.[side === 'src' ? 'source' : 'destination'],
    })
  }
  return addressMatches(socket.ip, part)
}

function addressMatches(address: string, part: string): Tri {
  const ip = parseIp(address)
  const prefix = parsePrefix(part, familyOf(part))
  if (prefix !== undefined && ip !== undefined) return tri(contains(prefix, ip))
  return /^[\d.]+-[\d.]+$/.test(part) && ip?.family === 4 ? tri(inRange(part, ip.value)) : 'undetermined'
}

/** `physdev:` names a port of a bridge. */
function deviceMatches(device: string | undefined, {part, wildcard}: {readonly part: string; readonly wildcard: boolean}): Tri {
  if (part.startsWith('physdev:')) return 'undetermined'
  return tri(device !== undefined && (wildcard ? device.startsWith(part) : device === part))
}

function inRange(part: string, value: bigint): boolean {
  const [from, to] = part.split('-').map((text) => parseIp(text)?.value)
  return from !== undefined && to !== undefined && value >= from && value <= to
}

interface OwnPort {
  readonly protocol: string
  readonly port: number
  readonly open: PortRange | undefined
}

/** `tcp:80`, `icmp:echo-request`, or `80`, which stands for TCP. */
function portMatches(part: string, own: OwnPort): Tri {
  const [, name = 'tcp', from, to = from] = /^(?:([\w-]+):)?(?:(\d+)(?:-(\d+))?|[\w/-]+)$/.exec(part) ?? []
  if ((name === 'ipv6-icmp' ? 'icmpv6' : name) !== own.protocol) return 'no'
  return from === undefined ? 'undetermined' : portAmong([{from: Number(from), to: Number(to)}], own)
}
