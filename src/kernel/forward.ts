import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival, Departure} from '../flow/connection.js'
import type {Answer, Condition, Exit, Forwarder, Forwarding, Place} from '../flow/forwarder.js'
import {WHOLE} from '../flow/share.js'
import type {Missing} from '../flow/verdict.js'
import {canonicalIp} from './config/ip.js'
import type {NetworkNamespace} from './config/namespace.js'
import type {Network} from './config/network.js'
import {endOf, missingOf} from './end.js'
import {ownAddress} from './own-address.js'
import {holderOf, sideOf, type Sides} from './sides.js'
import {stepsOfWalk} from './steps.js'
import {walkAttempt, type Attempt, type Branch, type Outcome, type Owner} from './walk/connect.js'

export interface KernelForwarderInput {
  readonly place: Place
  /** The namespaces of one node, those of its pods, and what lies beyond. */
  readonly network: Network
  readonly sides: Sides
}

/**
 * The packet rules of one node and its pods as a Forwarder: from the connect() of an application or a proxy to the socket that accepts.
 * A departure goes to the address that socket has, with the original destination it learns. Random rules give one exit per draw.
 * Source: envoy-2022 C and H.3, ambient-ga E and H.
 */
export function createKernelForwarder(input: KernelForwarderInput): Forwarder {
  return {place: input.place, forward: (arrival) => forwardOne(input, arrival)}
}

function forwardOne(input: KernelForwarderInput, arrival: Arrival): Forwarding {
  if (arrival.entry.kind !== 'socket') return unknown({what: 'how the node routes something that is no IP packet'})
  const attempt = attemptOf(input, {arrival, to: arrival.entry})
  if ('what' in attempt) return unknown(attempt)
  const branches = walkAttempt(input.network, attempt)
  if (branches === undefined) return unknown({what: `which of too many random rules decide about ${formatSocket(attempt.destination)}`})
  return {steps: [], exits: branches.map((branch) => exitOf(branch, {network: input.network, arrival, attempt}))}
}

/** Packets that keep a foreign source carry the mark of original_src (envoy-2022 C.2). */
const ORIGINAL_SOURCE_MARK = 0x4d2
/** Everything ztunnel sends from an enrolled pod (ambient-ga E). */
const ZTUNNEL_MARK = 0x539
const ANY_PORT = 40_000

interface Question {
  readonly arrival: Arrival
  readonly to: SocketAddress
}

function attemptOf(input: KernelForwarderInput, {arrival, to}: Question): Attempt | Missing {
  const source = arrival.source === undefined ? undefined : canonicalIp(arrival.source.ip)
  const namespace = sideOf(input, {ingress: arrival.ingress ?? 'workload', source, destination: canonicalIp(to.ip)})
  if (namespace === undefined) {
    return {what: `the network namespace that ${source ?? 'the connection'} comes from`, collect: 'ambientctl record'}
  }
  const foreign = source !== undefined && holderOf(input.network, source) !== namespace.name
  return {
    namespace: namespace.name,
    protocol: 'tcp',
    ...(source === undefined ? {} : {source}),
    sourcePort: portOf(arrival.source),
    destination: {ip: canonicalIp(to.ip), port: to.port},
    mark: arrival.ingress === 'ztunnel' ? ztunnelMark(namespace, foreign) : 0,
    transparent: foreign,
  }
}

function ztunnelMark({ztunnel}: NetworkNamespace, foreign: boolean): number {
  if (ztunnel === 'in-pod') return ZTUNNEL_MARK
  return foreign ? ORIGINAL_SOURCE_MARK : 0
}

/** Port 0 stands for any ephemeral one. */
function portOf(source: SocketAddress | undefined): number {
  return source === undefined || source.port === 0 ? ANY_PORT : source.port
}

interface Asked {
  readonly network: Network
  readonly arrival: Arrival
  readonly attempt: Attempt
}

function exitOf({outcome, share, assumed}: Branch, asked: Asked): Exit {
  const terms = {
    share,
    requires: assumed.map((one): Condition => ({what: `${one.what}: ${one.holds ? 'yes' : 'no'}`, group: one.what})),
    steps: stepsOfWalk(outcome, asked),
  }
  const end = endOf(outcome, asked)
  if (end.kind === 'undetermined') {
    return {...terms, kind: 'stop', verdict: {kind: 'undetermined', missing: missingOf(outcome)}, answer: {kind: 'unknown'}}
  }
  if (outcome.owner === undefined) {
    return {...terms, kind: 'stop', verdict: {kind: 'dropped', reason: `${outcome.result}: ${end.reason}`}, answer: answerOf(outcome)}
  }
  return {...terms, kind: 'depart', departure: departureOf(outcome.owner, asked)}
}

/** A captured connection is accepted on a port of its own; the dialled address is its original destination. */
function departureOf(owner: Owner, {network, arrival}: Asked): Departure {
  const {peer, originalDestination} = owner
  const to = {ip: ownAddress(network, owner), port: owner.port}
  return {
    to: {kind: 'socket', ...to},
    source: {kind: 'kept', address: (arrival.source?.port ?? 0) === 0 && peer.port === ANY_PORT ? {...peer, port: 0} : peer},
    payload: arrival.payload,
    ...(formatSocket(to) === formatSocket(originalDestination) ? {} : {originalDestination}),
  }
}

function answerOf({result}: Outcome): Answer {
  return result === 'timeout' ? {kind: 'timeout'} : {kind: 'closed', accepted: false}
}

function unknown(missing: Missing): Forwarding {
  return {
    steps: [],
    exits: [
      {share: WHOLE, requires: [], steps: [], kind: 'stop', verdict: {kind: 'undetermined', missing: [missing]}, answer: {kind: 'unknown'}},
    ],
  }
}
