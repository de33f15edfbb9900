import {familyOf} from '../config/ip.js'
import type {Attachment, Listener} from '../config/model.js'
import {deviceNamed, IPVS_DEVICE, isConfigured, type NetworkNamespace} from '../config/namespace.js'
import {acceptedMark, replyMark} from '../config/settings.js'
import {sendError} from './errors.js'
import {FIRST_TTL, packetFamily, swapped, type IcmpError, type Packet} from './packet.js'
import type {Passing} from './pass.js'
import {receive, send, type ConnectedSocket} from './run.js'
import {connectedSocket, listeningSocket} from './sockets.js'
import type {Transit} from './transit.js'

/** A packet reaches the namespace itself: a tunnel, a socket, or the kernel's own answer. */
export function deliver(passing: Passing, transit: Transit): void {
  const {packet} = transit
  if (isVirtualService(passing.namespace, packet.destination.ip)) {
    passing.run.doubts.push(`which backend IPVS chooses for ${packet.destination.ip}`)
    return
  }
  switch (packet.kind.kind) {
    case 'tunnelled':
      unwrap(passing, {transit, id: packet.kind.id, inner: packet.kind.inner})
      return
    case 'error':
      heed(passing, {error: packet.kind.error, about: packet.kind.about})
      return
    case 'echo-request':
      answerEcho(passing, transit)
      return
    case 'echo-reply':
    case 'datagram':
      deliverDatagram(passing, transit)
      return
    default:
      deliverSegment(passing, transit)
  }
}

/** envoy-2022 C.3 walk 10: IPVS binds VIPs to a device of its own and takes their packets in INPUT; its table is in no recorded file. */
function isVirtualService(namespace: NetworkNamespace, ip: string): boolean {
  return deviceNamed(namespace, IPVS_DEVICE)?.addresses.some((address) => address.ip === ip) === true
}

interface Wrapped {
  readonly transit: Transit
  readonly id: number
  readonly inner: Packet
}

/** geneve takes what comes from its remote address alone (geneve_lookup), vxlan what comes from everywhere (vxlan_vs_find_vni). */
function hears({type, remote}: Extract<Attachment, {kind: 'tunnel'}>, {source}: Packet): boolean {
  return type === 'vxlan' || remote === source.ip
}

/** What is for no tunnel is a datagram like others, whose payload no server understands. */
function unwrap({run, namespace, pass}: Passing, {transit, id, inner}: Wrapped): void {
  const {kind, destination} = transit.packet
  if (kind.kind === 'tunnelled' && kind.spoilt === true) {
    pass.ended = 'its checksum is wrong'
    return
  }
  const {port} = destination
  const tunnels = namespace.devices.filter(({attachment}) => attachment.kind === 'tunnel' && attachment.port === port)
  const tunnel = tunnels.find(({attachment}) => attachment.kind === 'tunnel' && attachment.id === id && hears(attachment, transit.packet))
  const isHeard =
    transit.stolenBy !== undefined || listeningSocket(namespace, {protocol: 'udp', to: transit.packet.destination}) !== undefined
  if (tunnel !== undefined && transit.stolenBy === undefined) {
    receive(run, {namespace: namespace.name, device: tunnel.name, packet: inner, mark: transit.mark})
    return
  }
  pass.ended = `no tunnel with id ${id}`
  if (tunnels.length === 0 && !isHeard) refuseDatagram({run, namespace}, transit)
}

/** What connect() reports. Of IPv6 errors only the final ones end an attempt (icmpv6_err_convert). */
const ERRNO: Readonly<Record<4 | 6, Readonly<Partial<Record<IcmpError, string>>>>> = {
  4: {
    'net-unreachable': 'ENETUNREACH',
    'host-unreachable': 'EHOSTUNREACH',
    'protocol-unreachable': 'ENOPROTOOPT',
    'port-unreachable': 'ECONNREFUSED',
    'net-prohibited': 'ENETUNREACH',
    'host-prohibited': 'EHOSTUNREACH',
    prohibited: 'EHOSTUNREACH',
    'ttl-exceeded': 'EHOSTUNREACH',
  },
  6: {'port-unreachable': 'ECONNREFUSED', prohibited: 'EACCES', 'policy-failed': 'EACCES', 'route-rejected': 'EACCES'},
}

function heed({run, namespace}: Passing, {error, about}: {readonly error: IcmpError; readonly about: Packet}): void {
  const socket = connectedSocket(run, {namespace: namespace.name, packet: {...about, ...swapped(about)}})
  const errno = ERRNO[packetFamily(about)][error]
  // Sockets without a connection are not told (udp_err, ping_err).
  if (socket?.protocol === 'tcp' && socket.state === 'waiting' && errno !== undefined) socket.state = {error: errno}
}

function answerEcho({run, namespace}: Passing, {packet, mark}: Transit): void {
  send(run, {
    namespace: namespace.name,
    mark: replyMark(namespace, {family: packetFamily(packet), mark}),
    ownSocket: true,
    owner: 'kernel',
    packet: {...packet, ...swapped(packet), kind: {kind: 'echo-reply'}, ttl: FIRST_TTL},
  })
}

function deliverDatagram(passing: Passing, transit: Transit): void {
  const {run, namespace} = passing
  const {packet, stolenBy} = transit
  const stolen = stolenBy?.kind === 'listener' ? stolenBy.listener : undefined
  const socket = stolen === undefined ? connectedSocket(run, {namespace: namespace.name, packet}) : undefined
  if (socket !== undefined && socket.listener === undefined) {
    socket.state = 'answered'
    return
  }
  const listener = stolen ?? listeningSocket(namespace, {protocol: packet.protocol, to: packet.destination})
  if (listener !== undefined) serveDatagram(passing, {packet, listener})
  else if (packet.protocol === 'udp') refuseDatagram(passing, transit)
}

/** Of a datagram that nobody takes the connection is forgotten first: no rule of the raw table knows that of the error (udp_rcv: nf_reset_ct). */
function refuseDatagram({run, namespace}: Pick<Passing, 'run' | 'namespace'>, transit: Transit): void {
  const {packet, mark, ownSocket, route, inDevice} = transit
  const way = {...(route === undefined ? {} : {route}), ...(inDevice === undefined ? {} : {inDevice})}
  sendError(run, {namespace, transit: {packet, mark, ownSocket, ...way}, error: 'port-unreachable'})
}

/** An answer that went astray to a server ends there. */
function serveDatagram(passing: Passing, {packet, listener}: {readonly packet: Packet; readonly listener: Listener}): void {
  const {run, namespace} = passing
  if (packet.kind.kind === 'datagram' && packet.kind.answer === true) return
  run.sockets.push(acceptedSocket(packet, {namespace: namespace.name, listener, state: 'connected'}))
  // udp_sendmsg: the answer comes from the port of the socket, which behind TPROXY is not the one that was asked.
  const asked = {...packet, destination: {...packet.destination, port: listener.port}}
  if (mayAnswerFrom(namespace, {listener, packet})) answer(passing, {packet: asked, listener, kind: 'datagram'})
}

/** IPv6 lets only transparent sockets choose a source that is not configured (ip6_datagram_send_ctl). IPv4 asks when it looks for a route. */
function mayAnswerFrom(namespace: NetworkNamespace, {listener, packet}: {readonly listener: Listener; readonly packet: Packet}): boolean {
  const {ip} = packet.destination
  return familyOf(ip) === 4 || listener.transparent || namespace.answersAll === true || isConfigured(namespace, ip)
}

interface Accepting {
  readonly namespace: string
  readonly listener: Listener
  readonly state: 'half-open' | 'connected'
}

function acceptedSocket(packet: Packet, {namespace, listener, state}: Accepting): ConnectedSocket {
  const {protocol, source, destination, openPorts} = packet
  const {mark, transparent} = listener
  const drawn = openPorts?.source === undefined ? {} : {drawnPeer: true as const}
  return {namespace, protocol, local: destination, remote: source, mark, transparent, listener, state, ...drawn}
}

function answer(
  {run, namespace}: Passing,
  {packet, listener, kind}: {packet: Packet; listener: Listener; kind: 'datagram' | 'syn-ack' | 'rst'},
): void {
  send(run, {
    namespace: namespace.name,
    mark: listener.mark,
    ownSocket: true,
    // A socket has its own type of service; what refuses a segment repeats that of the segment (tcp_v4_send_reset).
    packet: {
      ...packet,
      ...swapped(packet),
      kind: kind === 'datagram' ? {kind, answer: true} : {kind},
      ttl: FIRST_TTL,
      tos: kind === 'rst' ? (packet.tos ?? 0) : 0,
    },
    ...(listener.transparent ? {anySource: true} : {}),
    ...(listener.owner === undefined ? {} : {owner: listener.owner}),
  })
}

/** TCP: a socket of the connection, the socket TPROXY chose, a listener, or a RST. Source: tcp_v4_rcv, tcp_rcv_state_process. */
function deliverSegment(passing: Passing, transit: Transit): void {
  const {run, namespace} = passing
  const {packet, mark, stolenBy} = transit
  const socket = stolenBy?.kind === 'listener' ? undefined : connectedSocket(run, {namespace: namespace.name, packet})
  if (socket !== undefined) {
    takeSegment(passing, {socket, packet})
    return
  }
  const listener = stolenBy?.kind === 'listener' ? stolenBy.listener : listeningSocket(namespace, {protocol: 'tcp', to: packet.destination})
  if (listener !== undefined && packet.kind.kind === 'syn') {
    const marked = {...listener, mark: acceptedMark(namespace, {own: listener.mark, mark})}
    run.sockets.push(acceptedSocket(packet, {namespace: namespace.name, listener: marked, state: 'half-open'}))
    answer(passing, {packet, listener: marked, kind: 'syn-ack'})
  } else if (namespace.outside === true) doubtWayBack(passing, packet)
  else if (packet.kind.kind !== 'rst') refuse(passing, {transit, listener})
}

/**
 * An answer that leaves elsewhere than the request came in may still find its way where nothing was recorded. Not so to whoever asked from a
 * recorded place under an address that the place does not have: nobody leads it there.
 */
function doubtWayBack({run, namespace}: Passing, {kind, destination}: Packet): void {
  const asker = run.sockets.find(
    ({listener, local}) => listener === undefined && local.ip === destination.ip && local.port === destination.port,
  )
  const place = run.network.namespaces.get(asker?.namespace ?? '')
  const isLost = place !== undefined && place.outside !== true && !isConfigured(place, destination.ip)
  if (kind.kind === 'syn-ack' && !isLost) run.doubts.push(`whether what is ${namespace.name} leads back to ${destination.ip}`)
}

/** A RST carries the mark of the listener that heard the segment (envoy-2022 H.3.4). */
function refuse(passing: Passing, {transit, listener}: {transit: Transit; listener: Listener | undefined}): void {
  const {packet} = transit
  const {run, namespace} = passing
  const mark = replyMark(namespace, {family: packetFamily(packet), mark: transit.mark})
  if (listener !== undefined) {
    answer(passing, {packet, listener: mark === 0 ? listener : {...listener, mark}, kind: 'rst'})
    return
  }
  send(run, {
    namespace: namespace.name,
    mark,
    // The one of IPv6 is sent without a socket (tcp_v6_send_response).
    ...(packetFamily(packet) === 4 ? {ownSocket: true, owner: 'kernel'} : {}),
    packet: {...packet, ...swapped(packet), kind: {kind: 'rst'}, ttl: FIRST_TTL},
  })
}

function takeSegment(passing: Passing, {socket, packet}: {readonly socket: ConnectedSocket; readonly packet: Packet}): void {
  const {kind} = packet.kind
  if (kind === 'rst') {
    socket.state = socket.state === 'waiting' ? {error: 'ECONNREFUSED'} : socket.listener === undefined ? socket.state : 'reset'
  }
  if (kind === 'ack' && socket.state === 'half-open') socket.state = 'connected'
  if (kind === 'syn-ack' && socket.state === 'waiting') {
    socket.state = 'connected'
    acknowledge(passing, {socket, packet})
  }
}

function acknowledge({run, namespace}: Passing, {socket, packet}: {readonly socket: ConnectedSocket; readonly packet: Packet}): void {
  send(run, {
    namespace: namespace.name,
    mark: socket.mark,
    ownSocket: true,
    packet: {...packet, ...swapped(packet), kind: {kind: 'ack'}, ttl: FIRST_TTL, tos: 0},
    ...(socket.transparent ? {anySource: true} : {}),
    ...(socket.keepsRoute === undefined ? {} : {sourceFromRoute: socket.keepsRoute}),
    ...(socket.owner === undefined ? {} : {owner: socket.owner}),
  })
}
