import type {SocketAddress} from '../../flow/address.js'
import type {PortRange, ProtocolName} from '../config/model.js'
import type {Packet} from './packet.js'

export interface Tuple {
  readonly protocol: ProtocolName
  /** An echo and its reply differ by their type alone, where one pings oneself. */
  readonly echo?: 'request' | 'reply'
  /** What a tunnel wraps: each flow has a source port of its own, which nobody knows (udp_flow_src_port). */
  readonly flow?: string
  readonly source: SocketAddress
  readonly destination: SocketAddress
}

/** Connections of different zones do not know each other; each direction may have its own (nf_ct_zone_id). */
export interface Zone {
  readonly original: number
  readonly reply: number
}

const USUAL: Zone = {original: 0, reply: 0}

/** One conntrack entry. It changes while its first packet passes: NAT rewrites the reply tuple, rules set the mark. */
export interface Connection {
  readonly zone: Zone
  readonly openedBySyn: boolean
  readonly original: Tuple
  reply: Tuple
  mark: number
  /** Whether the nat table was asked (or is not needed any more) for this side. */
  readonly bound: {source: boolean; destination: boolean}
  /** Where its source port comes from, if the kernel drew it here: the one of `reply` stands for each of these. */
  drawn?: PortRange | undefined
  /** The same of the port it came with. */
  readonly openSource?: PortRange | undefined
  replied: boolean
  /** TCP: its answer was acknowledged. */
  assured: boolean
  /** Only confirmed entries are found by other packets: the first packet got through the last hook. */
  confirmed: boolean
}

export type Direction = 'original' | 'reply'

export type Tracked =
  | {readonly state: 'new' | 'established' | 'related'; readonly connection: Connection; readonly direction: Direction}
  | {readonly state: 'invalid' | 'untracked'}

/** The entries of one namespace. */
export type ConnectionTable = Connection[]

/** Source: nf_conntrack_in and icmp_error_message (net/netfilter); envoy-2022 C.4. */
export function track(
  table: ConnectionTable,
  {packet, zone = USUAL}: {readonly packet: Packet; readonly zone?: Zone | undefined},
): Tracked {
  if (packet.kind.kind === 'error') return trackError(table, {about: packet.kind.about, zone})
  const tuple = tupleOf(packet)
  const found = find(table, {tuple, zone})
  if (found !== undefined) {
    if (isTooEarly(found, packet)) return {state: 'invalid'}
    return packet.kind.kind === 'rst' && !found.connection.replied ? refused(table, found) : seen(found, packet)
  }
  if (!opensConnection(packet)) return {state: 'invalid'}
  const connection: Connection = {
    zone,
    openedBySyn: packet.kind.kind === 'syn',
    original: tuple,
    reply: inverted(tuple),
    mark: 0,
    bound: {source: false, destination: false},
    openSource: packet.openPorts?.source,
    replied: false,
    assured: false,
    confirmed: false,
  }
  return {state: 'new', connection, direction: 'original'}
}

/**
 * The first packet of a connection that gets through its last hook makes the entry visible to others (__nf_conntrack_confirm).
 * False: another entry has its tuples, and the packet is dropped.
 */
export function confirm(table: ConnectionTable, tracked: Tracked | undefined): boolean {
  if (tracked?.state !== 'new' || tracked.connection.confirmed) return true
  const {connection} = tracked
  const others = table.filter((other) => clashes(other, connection))
  if (others.length > 0) return isMerged(connection, others)
  connection.confirmed = true
  table.push(connection)
  return true
}

/** The address a connection was opened to before NAT: what SO_ORIGINAL_DST tells, which knows no zones but the usual one (getorigdst). */
export function originalDestination(table: ConnectionTable, tuple: Tuple): SocketAddress | undefined {
  return find(table, {tuple, zone: USUAL})?.connection.original.destination
}

function tupleOf({protocol, source, destination, kind}: Packet): Tuple {
  const echo = kind.kind === 'echo-request' ? 'request' : kind.kind === 'echo-reply' ? 'reply' : undefined
  const flow = kind.kind === 'tunnelled' ? {flow: flowOf(kind.inner)} : {}
  return {protocol, source, destination, ...(echo === undefined ? {} : {echo}), ...flow}
}

/** What one socket sends is one flow; a reset of the kernel's and an error are others (skb_set_hash_from_sk, skb_get_hash). */
function flowOf({protocol, kind}: Packet): string {
  return `${protocol} ${kind.kind === 'syn' || kind.kind === 'ack' ? 'socket' : kind.kind}`
}

function inverted({source, destination, echo, ...rest}: Tuple): Tuple {
  const turned = echo === 'request' ? 'reply' : 'request'
  return {...rest, source: destination, destination: source, ...(echo === undefined ? {} : {echo: turned})}
}

function clashes(other: Connection, connection: Connection): boolean {
  return holds(other, {connection, end: 'original'}) || holds(other, {connection, end: 'reply'})
}

/** A tuple is looked up among those of its own zone (hash_conntrack). */
function holds(other: Connection, {connection, end}: {readonly connection: Connection; readonly end: Direction}): boolean {
  const {zone} = connection
  const direction = directionOf(other, {tuple: connection[end], zone})
  return direction !== undefined && other.zone[direction] === zone[end]
}

/**
 * Datagrams go on where the other entry is the same one, or only their first direction is taken; no entry is made
 * (nf_ct_resolve_clash, nf_ct_can_merge, nf_ct_resolve_clash_harder).
 */
function isMerged(connection: Connection, others: readonly Connection[]): boolean {
  const {original, reply, zone} = connection
  if (original.protocol !== 'udp') return false
  const isSame = (other: Connection): boolean =>
    (sameTuple(other.original, original) && sameTuple(other.reply, reply) && sameZones(other.zone, zone)) ||
    (sameTuple(other.original, reply) &&
      sameTuple(other.reply, original) &&
      sameZones({original: other.zone.reply, reply: other.zone.original}, zone))
  return others.some(isSame) || !others.some((other) => holds(other, {connection, end: 'reply'}))
}

function sameZones(a: Zone, b: Zone): boolean {
  return a.original === b.original && a.reply === b.reply
}

interface SourcePort {
  readonly connection: Connection
  readonly to: SocketAddress
  /** What the kernel draws from where the port is taken. */
  readonly range: PortRange
  /** It draws in each case. */
  readonly isDrawn: boolean
}

/** Gives a connection its source. Where another one has the port, a free one is drawn (nf_nat_l4proto_unique_tuple). */
export function takeSource(table: ConnectionTable, {connection, to, range, isDrawn}: SourcePort): void {
  connection.reply = uniqueReply(table, {connection, reply: {...connection.reply, destination: to}, isDrawn})
  const isKept = connection.reply.destination.port === to.port
  connection.drawn = (isDrawn || !isKept) && range.from !== range.to ? range : undefined
}

/** Ports that a drawn one comes from where the rule names none: low ports stay low. */
export function portsLike(port: number): PortRange {
  if (port >= 1024) return {from: 1024, to: 65_535}
  return port < 512 ? {from: 1, to: 511} : {from: 600, to: 1023}
}

interface NewReply {
  readonly connection: Connection
  readonly reply: Tuple
  readonly isDrawn: boolean
}

/**
 * The reply tuple with a destination port that no other connection has: NAT never makes two alike. UDP that only runs against
 * a connection without NAT keeps its port, unless one is drawn anyway (nf_nat_used_tuple, nf_nat_used_tuple_new).
 */
function uniqueReply(table: ConnectionTable, {connection, reply, isDrawn}: NewReply): Tuple {
  const others = table.filter((other) => other !== connection)
  const isTaken = (tuple: Tuple): boolean =>
    others.some((other) => {
      const direction = directionOf(other, {tuple, zone: connection.zone})
      return direction === 'reply' || (direction === 'original' && (isDrawn || reply.protocol !== 'udp' || hasNat(other)))
    })
  let unique = reply
  while (isTaken(unique) && unique.destination.port > 0 && unique.destination.port < 65_535) {
    unique = {...unique, destination: {...unique.destination, port: unique.destination.port + 1}}
  }
  return unique
}

function hasNat({original, reply}: Connection): boolean {
  return !sameTuple(inverted(original), reply)
}

interface Wanted {
  readonly tuple: Tuple
  readonly zone: Zone
}

interface Found {
  readonly connection: Connection
  readonly direction: Direction
}

function find(table: ConnectionTable, wanted: Wanted): Found | undefined {
  for (const connection of table) {
    const direction = directionOf(connection, wanted)
    if (direction !== undefined) return {connection, direction}
  }
  return undefined
}

/** As which end of a connection a tuple is found; the zone must be that of the direction (nf_ct_key_equal). */
function directionOf({original, reply, zone: own}: Connection, {tuple, zone}: Wanted): Direction | undefined {
  if (own.original === zone.original && sameTuple(original, tuple)) return 'original'
  return own.reply === zone.reply && sameTuple(reply, tuple) ? 'reply' : undefined
}

/** A RST before any answer ends the entry: whoever meets the same packet later finds none (nf_conntrack_tcp_packet: nf_ct_kill_acct). */
function refused(table: ConnectionTable, {connection, direction}: Found): Tracked {
  table.splice(table.indexOf(connection), 1)
  if (direction === 'reply') connection.replied = true
  return {state: direction === 'reply' ? 'established' : 'new', connection, direction}
}

function seen({connection, direction}: Found, {kind}: Packet): Tracked {
  if (direction === 'reply') connection.replied = true
  // nf_conntrack_tcp_packet; datagrams need more than one answer.
  else if (kind.kind === 'ack' && connection.replied) connection.assured = true
  return {state: connection.replied ? 'established' : 'new', connection, direction}
}

/** An ACK to an answer that was not seen, as in another zone (tcp_conntracks: SYN_SENT takes none). */
function isTooEarly({connection, direction}: Found, {kind}: Packet): boolean {
  return kind.kind === 'ack' && direction === 'original' && connection.openedBySyn && !connection.replied
}

/** The packet an error is about, turned round, belongs to the connection; the error travels the other way. */
function trackError(table: ConnectionTable, {about, zone}: {readonly about: Packet; readonly zone: Zone}): Tracked {
  const found = find(table, {tuple: inverted(tupleOf(about)), zone})
  return found === undefined ? {state: 'invalid'} : {state: 'related', ...found}
}

/** SYN-ACK, RST and echo replies without a connection are invalid (tcp_new, icmp_new). An ACK is picked up in the middle (tcp_loose). */
function opensConnection({kind}: Packet): boolean {
  return kind.kind !== 'syn-ack' && kind.kind !== 'rst' && kind.kind !== 'echo-reply'
}

function sameTuple(a: Tuple, b: Tuple): boolean {
  const isAlike = a.protocol === b.protocol && a.echo === b.echo && a.flow === b.flow
  return isAlike && sameSocket(a.source, b.source) && sameSocket(a.destination, b.destination)
}

/** Whether NAT changed an address of the connection: the states SNAT and DNAT. */
export function isTranslated({original, reply}: Connection, side: 'source' | 'destination'): boolean {
  return side === 'source' ? !sameSocket(original.source, reply.destination) : !sameSocket(original.destination, reply.source)
}

export function sameSocket(a: SocketAddress, b: SocketAddress): boolean {
  return a.ip === b.ip && a.port === b.port
}
