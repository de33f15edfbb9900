import type {SocketAddress} from '../../flow/address.js'
import type {Connection, Direction, Tracked, Tuple} from './conntrack.js'
import {isEcho, withId, type OpenPorts, type Packet} from './packet.js'

/** Which address a hook may rewrite: destinations before routing, sources after it. */
export type Side = 'source' | 'destination'

/** Rewrites a packet of a tracked connection as its NAT binding says. Source: nf_nat_packet, nf_nat_icmp_reply_translation. */
export function translate(packet: Packet, {tracked, side}: {readonly tracked: Tracked | undefined; readonly side: Side}): Packet {
  if (tracked === undefined || !('connection' in tracked)) return packet
  const {connection, direction} = tracked
  if (packet.kind.kind === 'error') return translateError(packet, {connection, direction, side})
  const target = wanted(connection, direction)
  const openPorts = openAfter(packet, {connection, direction, side, to: target[side]})
  const moved = {...packet, [side]: target[side], ...(openPorts === undefined && packet.openPorts === undefined ? {} : {openPorts})}
  return isEcho(packet) ? withId(moved, target[side].port) : moved
}

interface Rewritten {
  readonly connection: Connection
  readonly direction: Direction
  readonly side: Side
  readonly to: SocketAddress
}

/** A drawn port goes with the packet; answers get back the port that the connection came with. */
function openAfter(packet: Packet, {connection, direction, side, to}: Rewritten): OpenPorts | undefined {
  const own = packet.openPorts?.[side]
  const kept = packet[side].port === to.port ? own : undefined
  const drawn = side === 'source' && direction === 'original' ? (connection.drawn ?? kept) : kept
  const open = side === 'destination' && direction === 'reply' ? connection.openSource : drawn
  return open === undefined && own === undefined ? packet.openPorts : {...packet.openPorts, [side]: open}
}

/** The packet as the other direction's tuple expects it, turned round. */
function wanted({original, reply}: Connection, direction: Direction): Tuple {
  const other = direction === 'original' ? reply : original
  return {protocol: other.protocol, source: other.destination, destination: other.source}
}

/** An error is rewritten outside, and inside the opposite address of what it quotes, where there is NAT at all. */
function translateError(packet: Packet, {connection, direction, side}: {connection: Connection; direction: Direction; side: Side}): Packet {
  if (packet.kind.kind !== 'error' || !isTranslated(connection, {direction, side})) return packet
  const target = wanted(connection, direction)
  const {about} = packet.kind
  // Errors quote a packet of the other direction.
  const quoted = direction === 'original' ? connection.reply : connection.original
  const turned = side === 'source' ? {...about, destination: quoted.destination} : {...about, source: quoted.source}
  const inner = isEcho(about) ? withId(turned, quoted.source.port) : turned
  const outer = side === 'source' ? {source: {ip: target.source.ip, port: 0}} : {destination: {ip: target.destination.ip, port: 0}}
  const openPorts = openInside(about, {connection, direction, side})
  return {...packet, ...outer, kind: {...packet.kind, about: {...inner, ...(openPorts === undefined ? {} : {openPorts})}}}
}

/** What is quoted gets the ports that its own direction knows: drawn on the way out, what it came with on the way back. */
function openInside({openPorts}: Packet, {connection, direction, side}: Omit<Rewritten, 'to'>): OpenPorts | undefined {
  if (direction === 'original' && side === 'source') return {...openPorts, destination: connection.drawn}
  return direction === 'reply' && side === 'destination' ? {...openPorts, source: connection.openSource} : openPorts
}

function isTranslated({original, reply, drawn}: Connection, {direction, side}: {direction: Direction; side: Side}): boolean {
  const sourceChanged = drawn !== undefined || differs(original.source, reply.destination)
  const destinationChanged = differs(original.destination, reply.source)
  const asksSource = (side === 'source') === (direction === 'original')
  return asksSource ? sourceChanged : destinationChanged
}

function differs(a: Tuple['source'], b: Tuple['source']): boolean {
  return a.ip !== b.ip || a.port !== b.port
}
