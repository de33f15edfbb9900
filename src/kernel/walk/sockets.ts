import type {SocketAddress} from '../../flow/address.js'
import {familyOf} from '../config/ip.js'
import type {Listener} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import {anyListener} from '../config/outside.js'
import {sameSocket} from './conntrack.js'
import {hasPorts, packetFamily, swapped, type Packet} from './packet.js'
import type {ConnectedSocket, Run} from './run.js'
import type {FoundSocket, Transit, TransparentAnswer} from './transit.js'

/** The socket of a connection that takes a packet. */
export function connectedSocket(
  {sockets}: Run,
  {namespace, packet}: {readonly namespace: string; readonly packet: Packet},
): ConnectedSocket | undefined {
  return sockets.find((socket) => socket.namespace === namespace && socket.protocol === packet.protocol && takes(socket, packet))
}

function takes(socket: ConnectedSocket, packet: Packet): boolean {
  const {local, remote, state, listener} = socket
  if (state === 'reset' || typeof state === 'object' || isStandIn(socket, packet)) return false
  // A UDP or ICMP client hears whoever answers to its port.
  return (
    sameSocket(local, packet.destination) && (sameSocket(remote, packet.source) || (packet.protocol !== 'tcp' && listener === undefined))
  )
}

/** A drawn port is not the one of the socket, though the same number stands for it. */
function isStandIn({drawnPeer}: ConnectedSocket, {openPorts}: Packet): boolean {
  return openPorts?.destination !== undefined || (drawnPeer === true && openPorts?.source === undefined)
}

/** The listening socket for an address; one bound to the address goes before one for all. */
export function listeningSocket(
  namespace: NetworkNamespace,
  {protocol, to}: {readonly protocol: string; readonly to: SocketAddress},
): Listener | undefined {
  const {listeners, answersAll} = namespace
  const family = familyOf(to.ip)
  const fitting = listeners.filter(
    (one) => one.protocol === protocol && one.port === to.port && (one.family === family || (one.dual && family === 4)),
  )
  const recorded = fitting.find(({ip}) => ip === to.ip) ?? fitting.find(({ip}) => ip === undefined)
  if (recorded !== undefined || answersAll !== true || (protocol !== 'tcp' && protocol !== 'udp')) return recorded
  return anyListener({protocol, family, port: to.port}, namespace)
}

/** What `-m socket` finds: a socket of the connection, else a listener. Source: nf_sk_lookup_slow_v4, nf_socket_get_sock_v4. */
export function socketOf(
  run: Run,
  {namespace, transit}: {readonly namespace: NetworkNamespace; readonly transit: Transit},
): FoundSocket | undefined {
  const packet = soughtPacket(transit)
  if (packet === undefined) return undefined
  const connected = connectedSocket(run, {namespace: namespace.name, packet})
  if (connected !== undefined) return {transparent: connected.transparent, wildcard: isWildcard(connected)}
  const listener = listeningSocket(namespace, {protocol: packet.protocol, to: packet.destination})
  return listener === undefined ? undefined : {transparent: listener.transparent, wildcard: listener.ip === undefined}
}

/** A socket of datagrams that is bound to no address is one for all, whoever it talks to (socket_match: inet_rcv_saddr). */
function isWildcard({protocol, unbound, listener}: ConnectedSocket): boolean {
  if (protocol === 'tcp') return false
  return listener === undefined ? unbound === true : listener.ip === undefined
}

/** Of an error the packet it is about counts, turned round; an answer to a source that was translated is looked up under the old one. */
function soughtPacket({packet, tracked}: Transit): Packet | undefined {
  if (packet.kind.kind === 'error') return hasPorts(packet.kind.about) ? {...packet.kind.about, ...swapped(packet.kind.about)} : undefined
  if (!hasPorts(packet)) return undefined
  const isAnswer = tracked?.state === 'established' && tracked.direction === 'reply'
  return isAnswer ? {...packet, destination: tracked.connection.original.source} : packet
}

/**
 * The socket TPROXY hands a packet to: that of its connection, else the listener on the given address; it must be transparent.
 * Source: nf_tproxy_get_sock_v4, nft_tproxy; envoy-2022 H.3.8.
 */
export function transparentSocket(
  run: Run,
  namespace: NetworkNamespace,
): (transit: Transit, to: {readonly ip?: string; readonly port: number}) => TransparentAnswer {
  return ({packet, inDevice}, {ip, port}) => {
    // Senders of datagrams are not connected.
    const connected = packet.protocol === 'tcp' ? connectedSocket(run, {namespace: namespace.name, packet}) : undefined
    if (connected !== undefined) {
      return connected.transparent
        ? {kind: 'found', socket: {kind: 'connected'}}
        : {kind: 'none', why: 'TPROXY finds a socket of the connection that is not transparent'}
    }
    const address = ip ?? arrivalAddress(namespace, {device: inDevice ?? '', family: packetFamily(packet)})
    const listener = address === undefined ? undefined : listeningSocket(namespace, {protocol: packet.protocol, to: {ip: address, port}})
    if (listener === undefined) return {kind: 'none', why: `TPROXY finds no socket on port ${port}`}
    return listener.transparent
      ? {kind: 'found', socket: {kind: 'listener', listener}}
      : {kind: 'none', why: `the socket on port ${port} is not transparent`}
  }
}

function arrivalAddress(
  namespace: NetworkNamespace,
  {device, family}: {readonly device: string; readonly family: 4 | 6},
): string | undefined {
  return deviceNamed(namespace, device)?.addresses.find(({ip}) => familyOf(ip) === family)?.ip
}
