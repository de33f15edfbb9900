import {isIPv6} from 'node:net'
import type {Arrival, Departure} from '../flow/connection.js'
import type {Exit, Forwarder, Forwarding} from '../flow/forwarder.js'
import {isProbeSource} from '../flow/probe-source.js'
import {multiplyShares} from '../flow/share.js'
import {nodePlace, type NodeCapture} from './crossing.js'
import {fullName, type Workload} from './directory.js'
import type {NodeRules} from './node-rules.js'
import {knownEnd, untranslated, type RuledNode} from './recorded-capture-end.js'

export interface RecordedCapture extends NodeCapture, RuledNode {
  /** Takes over where nothing was recorded. */
  readonly assumed: Forwarder
  /** The question says against the data whether a pod is captured. */
  readonly isOverridden: (workload: Workload) => boolean
}

/**
 * A node whose packet rules were recorded, all or in part: rules decide where they are known, the agent's defaults elsewhere.
 * Source: envoy-2022 C; ambient-ga E.
 */
export function createRecordedCapture(capture: RecordedCapture): Forwarder {
  return {
    place: nodePlace(capture),
    forward: (arrival) => {
      const {forwarder, arrival: entering} = startOf(capture, arrival)
      if (forwarder === capture.assumed) return forwarder.forward(arrival)
      return settleAll(forwarder.forward(entering), {capture, arrival})
    },
  }
}

/** The recorded rules of a pod whose node was not recorded, for what reaches the pod. */
export function recordedEntry(capture: Omit<RecordedCapture, 'assumed'>): NonNullable<NodeCapture['into']> {
  return (target, crossing) => {
    const rules = capture.rules.node === undefined ? capture.rules.pod(fullName(target)) : undefined
    if (rules === undefined || !isWalkable(crossing.arrival, capture.rules)) return undefined
    const arrival: Arrival = {...crossing.arrival, entry: {kind: 'socket', ...crossing.to}, ingress: 'network'}
    const {steps, exits} = rules.forwarder.forward(arrival)
    return {steps, exits: exits.map((exit) => knownEnd(exit, capture))}
  }
}

interface Start {
  readonly forwarder: Forwarder
  readonly arrival: Arrival
}

/** Which rules the connection meets first. */
function startOf(capture: RecordedCapture, arrival: Arrival): Start {
  const {rules, assumed} = capture
  const unknown = {forwarder: assumed, arrival}
  const source = sourceOf(capture, arrival)
  if (!isWalkable(arrival, rules) || (source !== undefined && isUnfit(capture, source))) return unknown
  switch (arrival.ingress) {
    // A process that does not bind leaves its address to the kernel.
    case 'host':
      return rules.node === undefined ? unknown : {forwarder: rules.node, arrival: unbound(arrival)}
    case 'workload':
    case 'ztunnel':
      return {forwarder: rulesOfPod(capture, {source, arrival}) ?? assumed, arrival}
    default:
      return {forwarder: rules.node ?? assumed, arrival}
  }
}

/** Rules compare addresses: without one they cannot be walked. */
function isWalkable({entry, source}: Arrival, {ipv6}: NodeRules): boolean {
  return entry.kind === 'socket' && (ipv6 || !isIPv6(entry.ip)) && source !== undefined && !UNSPECIFIED.has(source.ip)
}

const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** What a sidecar sends meets rules about its user id, which no question tells. */
function isUnfit({isOverridden}: RecordedCapture, source: Workload): boolean {
  return source.role === 'sidecar' || isOverridden(source)
}

function sourceOf({directory}: NodeCapture, {source}: Arrival): Workload | undefined {
  return source === undefined ? undefined : directory.podAt(source.ip)
}

function unbound({entry, ingress, payload}: Arrival): Arrival {
  return {entry, payload, ...(ingress === undefined ? {} : {ingress})}
}

interface Sender {
  readonly source: Workload | undefined
  readonly arrival: Arrival
}

function rulesOfPod(capture: RecordedCapture, {source, arrival}: Sender): Forwarder | undefined {
  const {rules, generation, enrolmentOf} = capture
  if (generation === '2022') return rules.node
  const own = source === undefined ? undefined : rules.pod(fullName(source))
  if (own !== undefined) return rules.node ?? own.forwarder
  // ambient-ga E: what captures is inside the pod, and of this one nothing was recorded.
  const mayCapture = arrival.ingress === 'workload' && source !== undefined && enrolmentOf(source).captured !== 'no'
  return mayCapture ? undefined : rules.node
}

interface Asked {
  readonly capture: RecordedCapture
  readonly arrival: Arrival
}

function settleAll({steps, exits}: Forwarding, asked: Asked): Forwarding {
  return {steps, exits: exits.flatMap((exit) => settle(exit, asked))}
}

/** What leaves the recorded rules of a pod goes on over the node, and what leaves those of a node may enter a pod. */
function settle(exit: Exit, asked: Asked): readonly Exit[] {
  const {capture} = asked
  const settled = knownEnd(exit, capture)
  if (settled.kind !== 'depart' || settled.departure.originalDestination !== undefined) return [settled]
  const ingress = nextIngress(settled.departure, asked)
  return ingress === undefined ? [untranslated(settled, capture) ?? settled] : goOn(settled, {...asked, ingress})
}

/** Where the agent's defaults go on; undefined where the connection has come to its end here. */
function nextIngress(departure: Departure, asked: Asked): Arrival['ingress'] {
  const {rules, generation} = asked.capture
  if (generation === '2022' || departure.to.kind !== 'socket' || isSelfCall(departure.to.ip, asked)) return undefined
  if (rules.node === undefined) return 'ztunnel'
  return entersUnrecorded(departure.to.ip, asked) && !isProbe(departure) ? 'network' : undefined
}

function isSelfCall(ip: string, {capture, arrival}: Asked): boolean {
  return capture.directory.podAt(ip)?.ips.includes(arrival.source?.ip ?? '') === true
}

/** A pod of this node whose own rules were not recorded. */
function entersUnrecorded(ip: string, {capture: {directory, node, rules}}: Asked): boolean {
  const target = directory.podAt(ip)
  return target?.node === node && rules.pod(fullName(target)) === undefined
}

function isProbe({source}: Departure): boolean {
  return source.kind === 'kept' && isProbeSource(source.address.ip)
}

function goOn(
  exit: Exit & {readonly kind: 'depart'},
  {capture, arrival, ingress}: Asked & {readonly ingress: Arrival['ingress']},
): readonly Exit[] {
  const {to, source, payload} = exit.departure
  const next: Arrival = {
    entry: to,
    ...(source.kind === 'kept' ? {source: source.address} : arrival.source === undefined ? {} : {source: arrival.source}),
    payload,
    ...(ingress === undefined ? {} : {ingress}),
  }
  const {steps, exits} = capture.assumed.forward(next)
  return exits.map(
    (one): Exit => ({
      ...one,
      share: multiplyShares(exit.share, one.share),
      requires: [...exit.requires, ...one.requires],
      steps: [...exit.steps, ...steps, ...one.steps],
    }),
  )
}
