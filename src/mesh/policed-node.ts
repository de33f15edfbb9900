import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival, Departure} from '../flow/connection.js'
import type {Exit, Forwarder} from '../flow/forwarder.js'
import {multiplyShares, oneOf} from '../flow/share.js'
import type {Step} from '../flow/step.js'
import {policiesText, type Admission, type Admitted, type Doubt} from './admission.js'
import type {Directory, Workload} from './directory.js'
import {stopExit} from './forwardings.js'
import {isLoopback} from './ip.js'
import type {Generation} from './generation.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

interface Policed {
  readonly node: string
  readonly directory: Directory
  readonly generation: Generation
  readonly admission: Admission
}

/**
 * A node that lets through what NetworkPolicies admit: egress of its pods, and ingress to them. Capture comes first for what leaves,
 * and last for what comes in. What is not admitted is dropped in silence. Source: ambient-ga E; Kubernetes NetworkPolicy.
 */
export function createPolicedNode(forwarder: Forwarder, policed: Policed): Forwarder {
  return {
    place: forwarder.place,
    forward: (arrival) => {
      const {steps, exits} = forwarder.forward(arrival)
      return {steps, exits: exits.flatMap((exit) => judged(exit, {...policed, arrival}))}
    },
  }
}

interface Judging extends Policed {
  readonly arrival: Arrival
}

function judged(exit: Exit, judging: Judging): readonly Exit[] {
  const wire = exit.kind === 'depart' ? wireOf(exit.departure, judging) : undefined
  if (wire === undefined) return [exit]
  const denials = denialsOf(wire, judging)
  const certain = denials.find(({doubt}) => doubt === undefined)
  if (certain !== undefined) return [blocked(exit, {denial: certain.said, wire})]
  return denials.reduce<readonly Exit[]>((exits, denial) => exits.flatMap((one) => parted(one, {...denial, wire})), [exit])
}

interface Denial {
  readonly said: Admitted
  /** Absent where nothing lets the connection pass. */
  readonly doubt?: Doubt
}

/** What blocks the connection, or may; of those with the same doubt the first. */
function denialsOf(wire: Wire, {admission}: Judging): readonly Denial[] {
  const said = admission({source: wire.source, destination: wire.to.ip, port: wire.to.port})
  const against = said.filter(({direction, admitted}) => admitted !== 'yes' && wire.directions.includes(direction))
  const denials = against.map((one): Denial => {
    const doubt = one.admitted === 'undetermined' ? unsure(one) : (wire.doubt ?? one.doubt)
    return {said: one, ...(doubt === undefined ? {} : {doubt})}
  })
  return denials.filter(({doubt}, at) => denials.findIndex((other) => other.doubt?.holds === doubt?.holds) === at)
}

function unsure(said: Admitted): Doubt {
  const group = textOf(said)
  return {holds: `${group}: not admitted`, fails: `${group}: admitted`}
}

function textOf({policies, direction, because}: Admitted): string {
  return `${policiesText(policies)} (${direction}): ${because}`
}

/** A connection between pods, or between a pod and the rest of the network. */
interface Wire {
  readonly source: string
  readonly to: SocketAddress
  readonly directions: readonly Admitted['direction'][]
  /** Whether policies count here. */
  readonly doubt?: Doubt
}

function wireOf({to, source, originalDestination}: Departure, judging: Judging): Wire | undefined {
  if (to.kind !== 'socket' || source.kind !== 'kept') return undefined
  const {ip, port} = originalDestination ?? to
  const {directory, generation} = judging
  const redirected = {from: directory.podAt(source.address.ip), owner: directory.podAt(ip), to, originalDestination}
  const isTaken = isTakenAtSource(redirected, judging)
  if (isLoopback(to.ip) || (isTaken && generation === 'ga')) return undefined
  const directions = isTaken ? (['egress'] as const) : directionsOf(redirected, judging)
  if (directions.length === 0) return undefined
  return {source: source.address.ip, to: {ip, port}, directions, ...doubtOf(generation, originalDestination)}
}

/** envoy-2022 C.1: capture by the node leads packets from the device of one pod to that of another, ztunnel's, with the address they had. */
const LED_PAST: Doubt = {
  holds: 'the network plugin judges packets that the node captures by the address that was dialled',
  fails: 'the network plugin does not judge packets that the node captures',
}

function doubtOf(generation: Judging['generation'], originalDestination: SocketAddress | undefined): Pick<Wire, 'doubt'> {
  return generation === '2022' && originalDestination !== undefined ? {doubt: LED_PAST} : {}
}

interface Pods {
  readonly from: Workload | undefined
  readonly owner: Workload | undefined
}

/** Policies are enforced where the pod is; what a pod says to itself passes by them. */
function directionsOf({from, owner}: Pods, judging: Judging): Wire['directions'] {
  if (from !== undefined && from === owner) return []
  const leaves = from?.node === judging.node && sends(from, judging)
  return [...(leaves ? (['egress'] as const) : []), ...(owner?.node === judging.node ? (['ingress'] as const) : [])]
}

interface Redirected extends Pods {
  readonly to: SocketAddress
  readonly originalDestination: SocketAddress | undefined
}

/** Taken by the ztunnel of its own pod (GA), or of its node (2022): nothing has crossed the network yet. */
function isTakenAtSource({from, to, owner, originalDestination}: Redirected, {generation}: Judging): boolean {
  if (originalDestination === undefined) return false
  return generation === 'ga' ? from?.ips.includes(to.ip) === true : owner === undefined || to.port === ZTUNNEL_PORTS.outbound
}

/** envoy-2022 C.3 walk 3: what the ztunnel of the node sends with a pod's address does not come out of that pod. */
function sends(from: Workload, {generation, arrival}: Judging): boolean {
  return generation === 'ga' || arrival.ingress !== 'ztunnel' || from.role === 'ztunnel'
}

interface Blocked {
  readonly denial: Admitted
  readonly wire: Wire
}

function blocked({share, requires, steps}: Exit, {denial, wire}: Blocked): Exit {
  const verdict = {kind: 'dropped', reason: textOf(denial)} as const
  return stopExit({verdict, answer: {kind: 'timeout'}}, {share, requires, steps: [...steps, policyStep({denial, wire})]})
}

function policyStep({denial: {policies, direction, because, advice, evidence}, wire}: Blocked): Step {
  return {
    kind: 'rule',
    name: policiesText(policies),
    effect: `${direction} denied`,
    because: [`${wire.source} to ${formatSocket(wire.to)}`, because, ...(advice === undefined ? [] : [advice])],
    evidence,
  }
}

/** Both ways, where something that the data does not tell decides. */
function parted(exit: Exit, {said, doubt, wire}: Denial & Pick<Blocked, 'wire'>): readonly Exit[] {
  if (exit.kind === 'stop' || doubt === undefined) return [exit]
  const share = multiplyShares(exit.share, oneOf(2))
  const group = doubt.holds
  const under = (what: string): Exit => ({...exit, share, requires: [{what, group}, ...exit.requires]})
  return [under(doubt.fails), blocked(under(doubt.holds), {denial: said, wire})]
}
