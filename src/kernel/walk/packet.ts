import {formatSocket, type SocketAddress} from '../../flow/address.js'
import {familyOf, type Family} from '../config/ip.js'
import type {PortRange, ProtocolName} from '../config/model.js'

/** One packet as it stands on the wire. ICMP echoes carry their id as both ports. */
export interface Packet {
  readonly protocol: ProtocolName
  readonly kind: PacketKind
  readonly source: SocketAddress
  readonly destination: SocketAddress
  readonly ttl: number
  /** The byte of IPv4, or the traffic class of IPv6; absent: 0. */
  readonly tos?: number
  /** Ports that the kernel drew: the one in the address stands for each of these. */
  readonly openPorts?: OpenPorts | undefined
}

export interface OpenPorts {
  readonly source?: PortRange | undefined
  readonly destination?: PortRange | undefined
}

export type PacketKind =
  | {readonly kind: 'syn' | 'syn-ack' | 'ack' | 'rst' | 'echo-request' | 'echo-reply'}
  | {readonly kind: 'datagram'; readonly answer?: true}
  /** An ICMP error about another packet. */
  | {readonly kind: 'error'; readonly error: IcmpError; readonly about: Packet}
  /** UDP around a packet, sent by a tunnel device. `spoilt`: its checksum is wrong. */
  | {readonly kind: 'tunnelled'; readonly id: number; readonly inner: Packet; readonly spoilt?: true}

/** What went wrong; type and code differ between the families. */
export type IcmpError =
  | 'net-unreachable'
  | 'host-unreachable'
  | 'protocol-unreachable'
  | 'port-unreachable'
  | 'net-prohibited'
  | 'host-prohibited'
  | 'prohibited'
  | 'policy-failed'
  | 'route-rejected'
  | 'ttl-exceeded'
  | 'redirect'

/** IPv6 has no prohibited nets, IPv4 no failed policies: those have the code of what comes next to them. */
const CODES: Readonly<Record<Family, Readonly<Record<IcmpError, readonly [type: number, code: number]>>>> = {
  4: {
    'net-unreachable': [3, 0],
    'host-unreachable': [3, 1],
    'protocol-unreachable': [3, 2],
    'port-unreachable': [3, 3],
    'net-prohibited': [3, 9],
    'host-prohibited': [3, 10],
    'policy-failed': [3, 13],
    'route-rejected': [3, 13],
    prohibited: [3, 13],
    'ttl-exceeded': [11, 0],
    redirect: [5, 1],
  },
  6: {
    'net-unreachable': [1, 0],
    'host-unreachable': [1, 3],
    'protocol-unreachable': [4, 1],
    'port-unreachable': [1, 4],
    'net-prohibited': [1, 1],
    'host-prohibited': [1, 1],
    'policy-failed': [1, 5],
    'route-rejected': [1, 6],
    prohibited: [1, 1],
    'ttl-exceeded': [3, 0],
    redirect: [137, 0],
  },
}

const ECHO: Readonly<Record<Family, Readonly<Record<'echo-request' | 'echo-reply', number>>>> = {
  4: {'echo-request': 8, 'echo-reply': 0},
  6: {'echo-request': 128, 'echo-reply': 129},
}

export function packetFamily({destination}: Packet): Family {
  return familyOf(destination.ip)
}

/** Type and code of an ICMP packet. */
export function icmpType(packet: Packet): readonly [type: number, code: number] | undefined {
  const family = packetFamily(packet)
  switch (packet.kind.kind) {
    case 'error':
      return CODES[family][packet.kind.error]
    case 'echo-request':
    case 'echo-reply':
      return [ECHO[family][packet.kind.kind], 0]
    default:
      return undefined
  }
}

export function hasPorts({protocol}: Packet): boolean {
  return protocol === 'tcp' || protocol === 'udp'
}

export function isEcho({kind}: Packet): boolean {
  return kind.kind === 'echo-request' || kind.kind === 'echo-reply'
}

/** An echo has one id, which stands for both ports. */
export function withId<T extends Pick<Packet, 'source' | 'destination'>>(value: T, id: number): T {
  return {...value, source: {...value.source, port: id}, destination: {...value.destination, port: id}}
}

/** `syn`, `udp`, `icmp-3-1`: the short name of what it is. */
export function packetName(packet: Packet): string {
  const icmp = icmpType(packet)
  if (icmp !== undefined) return `icmp-${icmp[0]}-${icmp[1]}`
  if (packet.kind.kind === 'tunnelled') return `tunnel-udp${packet.destination.port}`
  return packet.kind.kind === 'datagram' ? 'udp' : packet.kind.kind
}

export function formatPacket(packet: Packet): string {
  const [from, to] = hasPorts(packet) ? [packet.source, packet.destination].map(formatSocket) : [packet.source.ip, packet.destination.ip]
  return `${packetName(packet)} ${from ?? ''} > ${to ?? ''}`
}

/** The same addresses the other way round. */
export function swapped({source, destination, openPorts: open}: Packet): Pick<Packet, 'source' | 'destination' | 'openPorts'> {
  const turned = open === undefined ? {} : {openPorts: {source: open.destination, destination: open.source}}
  return {source: destination, destination: source, ...turned}
}

export const FIRST_TTL = 64
