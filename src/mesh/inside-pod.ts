import {isIPv6} from 'node:net'
import type {Ingress} from '../flow/connection.js'
import type {Exit, Forwarder} from '../flow/forwarder.js'
import {nodePlace} from './crossing.js'
import {fullName, type Directory, type Workload} from './directory.js'
import {isLoopback} from './ip.js'
import type {NodeRules} from './node-rules.js'
import {arrivalOf, type Packet} from './packet.js'
import {knownEnd} from './recorded-capture-end.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

/** What a process of a pod, or the ztunnel in it, sends to the pod itself (GA). */
export interface OwnPacket {
  readonly pod: Workload
  readonly packet: Packet
  readonly ingress: Extract<Ingress, 'workload' | 'ztunnel'>
}

interface Ruled {
  readonly directory: Directory
  readonly rules: NodeRules | undefined
}

/**
 * The recorded rules inside a pod, where they do anything else than to let such a packet pass: undefined where they do not, where none were
 * recorded, and for loopback addresses, which no rule of capture takes. Source: ambient-ga E, H.1.
 */
export function rulesOnOwnPackets({pod, packet, ingress}: OwnPacket, {directory, rules}: Ruled): Forwarder | undefined {
  const own = rules?.pod(fullName(pod))
  const {node = ''} = pod
  if (rules === undefined || own?.holdsZtunnel !== true || !isWalkable(packet, rules)) return undefined
  const {steps, exits} = own.forwarder.forward({...arrivalOf(packet), ingress})
  const known = exits.map((exit) => knownEnd(exit, {directory, node, rules, generation: 'ga'}))
  if (known.every((exit) => isLetPass(exit, packet))) return undefined
  return {place: nodePlace({node}), forward: () => ({steps, exits: known})}
}

/** Rules compare addresses: without a source they cannot be walked. */
function isWalkable({to, source}: Packet, {ipv6}: NodeRules): boolean {
  return !isLoopback(to.ip) && source.ip !== '0.0.0.0' && (ipv6 || !isIPv6(to.ip))
}

/** Where nobody listens the application refuses, whom no rule keeps it from. */
function isLetPass(exit: Exit, {to}: Packet): boolean {
  if (exit.kind === 'stop') return exit.verdict.kind === 'dropped' && exit.answer.kind === 'closed'
  if (exit.kind !== 'depart' || exit.departure.originalDestination !== undefined) return false
  const {to: reached} = exit.departure
  return reached.kind === 'socket' && reached.ip === to.ip && reached.port === to.port
}

const DNS_PORT = 53

/** ambient-ga H.1: with DNS capture, which is a setting of the node agent, TCP to port 53 of the pod itself is captured too. */
export function mayBeDns({pod, packet, ingress}: OwnPacket, rules: NodeRules | undefined): boolean {
  const isRuled = rules?.pod(fullName(pod))?.holdsZtunnel === true
  return ingress === 'workload' && packet.to.port === DNS_PORT && !isLoopback(packet.to.ip) && !isRuled
}

const DIRECT_PORTS: ReadonlySet<number> = new Set([ZTUNNEL_PORTS.outbound, ZTUNNEL_PORTS.inboundPlaintext, ZTUNNEL_PORTS.inbound])

/** ambient-ga E: no rule takes what already goes to a socket of ztunnel's over lo, or as a probe does. */
export function isSocketOfZtunnel(port: number): boolean {
  return DIRECT_PORTS.has(port)
}
