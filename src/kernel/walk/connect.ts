import type {SocketAddress} from '../../flow/address.js'
import type {Share} from '../../flow/share.js'
import type {SocketOwner} from '../config/model.js'
import {familyOf, parseIp, type Family, type Ip} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import type {Network} from '../config/network.js'
import {cutOff, outsideName} from '../config/outside.js'
import {isLocalAddress} from '../route/output.js'
import {chooseSource} from './chosen-source.js'
import {explore, wayOf, type Answered, type Choices, type Way} from './choices.js'
import {originalDestination} from './conntrack.js'
import {mergeWays} from './merge-ways.js'
import {FIRST_TTL, type Packet} from './packet.js'
import {receivePacket} from './receive-packet.js'
import {connectionsOf, namespaceOf, newRun, receive, send, type ConnectedSocket, type Pass, type Run} from './run.js'
import {sendPacket} from './send-packet.js'

/** What an application does: connect(), sendto() or ping. */
export interface Attempt {
  readonly namespace: string
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  /** The address given to bind(); the kernel chooses one if absent. */
  readonly source?: string
  readonly sourcePort: number
  readonly destination: SocketAddress
  readonly mark: number
  /** IP_TRANSPARENT: the source need not be a local address. */
  readonly transparent: boolean
  /** The packet is not sent here but comes in on this device, from whoever is behind it. */
  readonly inDevice?: string
  /** Who opened the socket; what rules ask of it is open when absent. */
  readonly owner?: SocketOwner
  /** Rules that do not take a packet are listed too. */
  readonly explain?: true
}

export interface Owner {
  readonly namespace: string
  readonly port: number
  /** As the accepting socket learns it: SO_ORIGINAL_DST, or its own address. */
  readonly originalDestination: SocketAddress
  /** The addresses of the accepted socket: what is left of the dialled ones after NAT. */
  readonly local: SocketAddress
  readonly peer: SocketAddress
  /** The port of the peer is one that the kernel draws: another one is as likely. */
  readonly drawnPeer?: true
}

/** How one attempt ends. */
export interface Outcome {
  /** `connected`, `timeout` or the errno of connect(); for datagrams `ok` or the errno of sending. */
  readonly result: string
  /** The socket that accepted it. */
  readonly owner?: Owner
  /** A socket took the first packet, but the connection came to nothing. */
  readonly reached?: {readonly namespace: string; readonly port: number}
  /** An answer came back to the sender. */
  readonly answered: boolean
  /** Every pass of a packet through a namespace, in order. */
  readonly passes: readonly Pass[]
  /** Needed and not known: the result is open. */
  readonly doubts: readonly string[]
}

export interface Branch {
  readonly outcome: Outcome
  readonly share: Share
  readonly assumed: Way<Outcome>['assumed']
}

/** Ways that are followed before a walk is given up as undetermined. */
const MAX_WAYS = 256
/** Packets of one attempt: a loop ends with the time to live, echoes of it here. */
const MAX_EVENTS = 600

/**
 * Walks one attempt and everything it causes: SYN, SYN-ACK and ACK, errors and resets, through all namespaces of the network.
 * Random rules give one branch per draw. Undefined when there are more than {@link MAX_WAYS}.
 * Source: envoy-2022 C.3, C.4, H.3; ambient-ga E, H.
 */
export function walkAttempt(network: Network, attempt: Attempt): readonly Branch[] | undefined {
  const ways = explore((choices) => runOnce(network, {attempt, choices}), {limit: MAX_WAYS})
  return ways === undefined ? undefined : mergeWays(ways, endKey).map(branchOf)
}

/** The same with each order of rules that no output tells, also where it ends alike. */
export function walkEachOrder(network: Network, attempt: Attempt): readonly Branch[] | undefined {
  return explore((choices) => runOnce(network, {attempt, choices}), {limit: MAX_WAYS})?.map(branchOf)
}

function branchOf(way: Answered<Outcome>): Branch {
  const {result, share, assumed} = wayOf(way)
  return {outcome: result, share, assumed}
}

/** How an attempt ends, without the way it took. */
function endKey({result, owner, reached, answered, doubts}: Outcome): string {
  return JSON.stringify({result, owner, reached, answered, doubts})
}

function runOnce(network: Network, {attempt, choices}: {readonly attempt: Attempt; readonly choices: Choices}): Outcome {
  const explain = attempt.explain === true
  if (attempt.inDevice !== undefined) return runArrival(network, {attempt: {...attempt, inDevice: attempt.inDevice}, choices, explain})
  const run = newRun(network, {choices, explain})
  const socket = openSocket(run, attempt)
  if (typeof socket === 'string') return outcomeOf(run, {attempt, result: socket})
  run.sockets.push(socket)
  send(run, {
    namespace: attempt.namespace,
    mark: attempt.mark,
    ownSocket: true,
    socket,
    packet: firstPacket(attempt, socket),
    ...(attempt.transparent ? {anySource: true} : {}),
    ...(attempt.owner === undefined ? {} : {owner: attempt.owner}),
    ...(asksOnce(attempt) ? {sourceFromRoute: true} : {}),
  })
  drain(run)
  return outcomeOf(run, {attempt, socket, result: resultOf(attempt, socket)})
}

/** Who is bound asks with its source; for TCP over IPv4 ip_route_connect asks a second time, with the source the first answer gave. */
function asksOnce({source, protocol, destination}: Attempt): boolean {
  return source === undefined && (protocol !== 'tcp' || familyOf(destination.ip) === 6)
}

interface ComingIn extends Pick<Run, 'choices' | 'explain'> {
  readonly attempt: Attempt & {readonly inDevice: string}
}

/** The socket that waits for the answer is behind the device. */
function runArrival(network: Network, {attempt, choices, explain}: ComingIn): Outcome {
  const {namespace, inDevice: device, source = '0.0.0.0', mark} = attempt
  const run = newRun(cutOff(network, {namespace, device}), {choices, explain})
  const sender = outsideName({namespace, device})
  const socket = waitingSocket({...attempt, namespace: sender}, {ip: source, family: familyOf(source)})
  run.sockets.push(socket)
  receive(run, {namespace, device, mark, packet: firstPacket(attempt, socket)})
  drain(run)
  return outcomeOf(run, {attempt, socket, result: resultOf(attempt, socket)})
}

function drain(run: Run): void {
  for (let count = 0; run.events.length > 0; count += 1) {
    const event = run.events.shift()
    if (event === undefined || count >= MAX_EVENTS) {
      run.doubts.push(`more than ${MAX_EVENTS} packets`)
      return
    }
    if (event.kind === 'send') sendPacket(run, event.sending)
    else receivePacket(run, event.arriving)
  }
}

/** The socket with its source address, or the errno. Where the route is asked for again, the chosen source must be usable. */
function openSocket(run: Run, attempt: Attempt): ConnectedSocket | string {
  const namespace = namespaceOf(run, attempt.namespace)
  const destination = parseIp(attempt.destination.ip)
  if (namespace === undefined || destination === undefined) return 'EINVAL'
  const chosen = attempt.source === undefined ? chooseSource(run, {attempt, namespace, destination}) : {ip: attempt.source}
  if ('error' in chosen) return chosen.error
  const source = parseIp(chosen.ip)
  if (source === undefined) return 'EINVAL'
  return isUsable(source, {attempt, namespace}) ? waitingSocket(attempt, {ip: chosen.ip, family: source.family}) : 'ENETUNREACH'
}

function isUsable(source: Ip, {attempt, namespace}: {readonly attempt: Attempt; readonly namespace: NetworkNamespace}): boolean {
  return source.family === 6 || asksOnce(attempt) || attempt.transparent || isLocalAddress(namespace, source)
}

/** Pings have an id instead of ports. */
function waitingSocket(attempt: Attempt, {ip, family}: {readonly ip: string; readonly family: Family}): ConnectedSocket {
  const {namespace, protocol, destination, mark, transparent, sourcePort} = attempt
  const ping = protocol === 'icmp'
  return {
    namespace,
    protocol: ping && family === 6 ? 'icmpv6' : protocol,
    local: {ip, port: ping ? 0 : sourcePort},
    remote: {ip: destination.ip, port: ping ? 0 : destination.port},
    mark,
    transparent,
    ...(attempt.owner === undefined ? {} : {owner: attempt.owner}),
    ...(asksOnce(attempt) ? {keepsRoute: true as const} : {}),
    ...(protocol === 'tcp' || attempt.source !== undefined ? {} : {unbound: true as const}),
    state: 'waiting',
  }
}

function firstPacket({protocol}: Attempt, {local, remote, protocol: kind}: ConnectedSocket): Packet {
  const first = protocol === 'tcp' ? 'syn' : protocol === 'udp' ? 'datagram' : 'echo-request'
  return {protocol: kind, kind: {kind: first}, source: local, destination: remote, ttl: FIRST_TTL}
}

function resultOf({protocol}: Attempt, {state}: ConnectedSocket): string {
  if (typeof state === 'object') return state.error
  if (protocol !== 'tcp') return 'ok'
  return state === 'waiting' ? 'timeout' : 'connected'
}

interface End {
  readonly attempt: Attempt
  readonly result: string
  readonly socket?: ConnectedSocket
}

function outcomeOf(run: Run, {attempt, result, socket}: End): Outcome {
  const accepted = run.sockets.find(({listener, state}) => listener !== undefined && state === 'connected')
  return {
    result,
    answered: attempt.protocol === 'tcp' ? accepted !== undefined && result === 'connected' : socket?.state === 'answered',
    ...(accepted === undefined ? reachedBy(run) : {owner: ownerOf(run, accepted)}),
    passes: run.passes,
    doubts: run.doubts,
  }
}

function reachedBy({sockets}: Run): Pick<Outcome, 'reached'> {
  const socket = sockets.find(({listener}) => listener !== undefined)
  return socket === undefined ? {} : {reached: {namespace: socket.namespace, port: socket.listener?.port ?? 0}}
}

/** SO_ORIGINAL_DST of TCP; a datagram tells the address it came to. */
function ownerOf(run: Run, {namespace, protocol, local, remote, listener, drawnPeer}: ConnectedSocket): Owner {
  const tuple = {protocol, source: local, destination: remote}
  const original = protocol === 'tcp' ? originalDestination(connectionsOf(run, namespace), tuple) : undefined
  const drawn = drawnPeer === undefined ? {} : {drawnPeer}
  return {namespace, port: listener?.port ?? 0, originalDestination: original ?? local, local, peer: remote, ...drawn}
}
