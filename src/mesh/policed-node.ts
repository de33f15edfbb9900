import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival, Departure} from '../flow/connection.js'
import type {Exit, Forwarder} from '../flow/forwarder.js'
import {multiplyShares, oneOf} from '../flow/share.js'
import type {Evidence} from '../flow/step.js'
import type {Tri} from '../flow/tri.js'
import type {Directory, Workload} from './directory.js'
import {stopExit} from './forwardings.js'
import type {Generation} from './generation.js'
import {ZTUNNEL_PORTS} from './ztunnel-ports.js'

/** What NetworkPolicies say about a TCP connection between two addresses, in one direction. */
export interface Admitted {
  readonly direction: 'egress' | 'ingress'
  readonly admitted: Tri
  /** `namespace/name` of the policies that isolate the pod. */
  readonly policies: readonly string[]
  readonly because: string
  readonly evidence: readonly Evidence[]
}

/** Judges a connection as the network carries it: after NAT, before what pods do inside. */
export type Admission = (hop: {readonly source: string; readonly destination: string; readonly port: number}) => readonly Admitted[]

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
  const said = judging.admission({source: wire.source, destination: wire.to.ip, port: wire.to.port})
  const counting = said.filter(({direction}) => wire.directions.includes(direction))
  const denial = counting.find(({admitted}) => admitted === 'no')
  if (denial !== undefined) return [denied(exit, {denial, wire})]
  return counting.filter(({admitted}) => admitted === 'undetermined').reduce(parted, [exit])
}

/** A connection between pods, or between a pod and the rest of the network. */
interface Wire {
  readonly source: string
  readonly to: SocketAddress
  readonly directions: readonly Admitted['direction'][]
}

function wireOf({to, source, originalDestination}: Departure, judging: Judging): Wire | undefined {
  if (to.kind !== 'socket' || source.kind !== 'kept') return undefined
  const {directory} = judging
  const target = originalDestination ?? to
  const from = directory.podAt(source.address.ip)
  const owner = directory.podAt(target.ip)
  if (isTakenAtSource({from, to, owner, originalDestination}, judging)) return undefined
  const directions = directionsOf({from, owner}, judging)
  return directions.length === 0 ? undefined : {source: source.address.ip, to: {ip: target.ip, port: target.port}, directions}
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

interface Denial {
  readonly denial: Admitted
  readonly wire: Wire
}

function denied({share, requires, steps}: Exit, {denial, wire}: Denial): Exit {
  const reason = `NetworkPolicy ${denial.policies.join(', ')} (${denial.direction}): ${denial.because}`
  const step = {
    kind: 'rule' as const,
    name: `NetworkPolicy ${denial.policies.join(', ')}`,
    effect: `${denial.direction} denied`,
    because: [`${wire.source} to ${formatSocket(wire.to)}`, denial.because],
    evidence: denial.evidence,
  }
  return stopExit({verdict: {kind: 'dropped', reason}, answer: {kind: 'timeout'}}, {share, requires, steps: [...steps, step]})
}

/** Both ways, where the data does not tell whether a policy admits. */
function parted(exits: readonly Exit[], {policies, because, direction}: Admitted): readonly Exit[] {
  const group = `NetworkPolicy ${policies.join(', ')} (${direction}): ${because}`
  const reason = `${group}; the connection is not admitted`
  return exits.flatMap((exit): readonly Exit[] => {
    const share = multiplyShares(exit.share, oneOf(2))
    const {steps} = exit
    const no = [{what: `${group}: not admitted`, group}, ...exit.requires]
    return [
      {...exit, share, requires: [{what: `${group}: admitted`, group}, ...exit.requires]},
      stopExit({verdict: {kind: 'dropped', reason}, answer: {kind: 'timeout'}}, {share, requires: no, steps}),
    ]
  })
}
