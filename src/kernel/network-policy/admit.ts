import {isProbeSource} from '../../flow/probe-source.js'
import {allOf, anyOf, type Tri} from '../../flow/tri.js'
import {adviceFor, reasonsAgainst} from './advice.js'
import type {Direction, HopEnd, HopPod, NetworkPolicy, Policy, PolicyHop, UnreadPolicy} from './model.js'
import {admitsBy, ownEnd, type Asked} from './rule.js'
import {selects} from './selector.js'
import {mayMean, readOnes, unreadOnes, unreadText} from './unread.js'

/** What the policies of both ends say about one connection. */
export interface Admission {
  readonly admitted: Tri
  readonly directions: readonly DirectionAdmission[]
}

export interface DirectionAdmission {
  readonly direction: Direction
  readonly admitted: Tri
  /** Policies that isolate the pod in this direction; none: everything is admitted. */
  readonly isolatedBy: readonly NetworkPolicy[]
  /** Those of them with a rule that takes the connection, or may. */
  readonly admittedBy: readonly NetworkPolicy[]
  /** Policies that may have a say, and are not judged here: what others say is not sure then. */
  readonly unread: readonly UnreadPolicy[]
  readonly because: string
  /** What to add to which policy, where the connection is not admitted. */
  readonly advice?: string
}

/**
 * Whether policies admit a connection: out of the source and into the destination. A pod that no policy selects is open; one that
 * is selected takes only what some rule names. Source: kubernetes.io/docs/concepts/services-networking/network-policies.
 */
export function admit(policies: readonly Policy[], hop: PolicyHop): Admission {
  const directions = (['egress', 'ingress'] as const).map((direction) => admitOne(policies, {hop, direction}))
  return {admitted: allOf(directions.map(({admitted}) => admitted)), directions}
}

function admitOne(policies: readonly Policy[], asked: Asked): DirectionAdmission {
  const {direction} = asked
  const {pod, hostPods = [], unknown} = ownEnd(asked)
  const exempt = exemption(asked)
  if (exempt !== undefined) return open(direction, exempt)
  if (pod !== undefined) return ofPod(policies, {...asked, pod})
  if (unknown === true) return withoutPods(policies, asked)
  return ofNode(policies, {...asked, hostPods})
}

interface PodAsked extends Asked {
  readonly pod: HopPod
}

function ofPod(policies: readonly Policy[], {pod, ...asked}: PodAsked): DirectionAdmission {
  const {direction} = asked
  const isolatedBy = readOnes(policies).filter((policy) => isolates(policy, {pod, direction}))
  const unread = unreadOnes(policies, direction).filter((policy) => mayMean(policy, pod))
  if (unread.length > 0) return {direction, admitted: 'undetermined', isolatedBy, admittedBy: [], unread, because: unreadText(unread)}
  if (isolatedBy.length === 0) return open(direction, `no policy selects ${pod.namespace}/${pod.name} for ${direction}`)
  const answers = isolatedBy.map((policy) => ({policy, admits: admitsBy(policy, asked)}))
  const admittedBy = answers.flatMap(({policy, admits}) => (admits === 'no' ? [] : [policy]))
  return {...verdict(anyOf(answers.map(({admits}) => admits)), {...asked, isolatedBy}), direction, isolatedBy, admittedBy, unread}
}

interface Isolated extends Asked {
  readonly isolatedBy: readonly NetworkPolicy[]
}

function verdict(admitted: Tri, isolated: Isolated): Pick<DirectionAdmission, 'admitted' | 'because' | 'advice'> {
  const {hop, direction} = isolated
  const what = `${hop.protocol} ${hop.port} ${direction === 'egress' ? `to ${hop.destination.ip}` : `from ${hop.source.ip}`}`
  if (admitted === 'yes') return {admitted, because: `a rule admits ${what}`}
  if (admitted === 'undetermined') return {admitted, because: `it is not known whether a rule admits ${what}`}
  if (direction === 'ingress' && isProbeSource(hop.source.ip)) return probe(isolated)
  return {admitted, because: `no rule admits ${what}: ${reasonsAgainst(isolated)}`, ...adviceFor(isolated)}
}

/** ambient-ga E: a node's own traffic is always let in, but here it does not have the node's address. Plugins differ. */
function probe({hop}: Isolated): Pick<DirectionAdmission, 'admitted' | 'because' | 'advice'> {
  const {ip} = hop.source
  const because = `no rule admits ${ip}, the address that capture gives to probes`
  const isUnknown = hop.destination.plugin?.knowsProbes === 'no'
  if (!isUnknown) return {admitted: 'undetermined', because: `${because}; plugins differ in whether they know it`}
  return {
    admitted: 'no',
    because: `${because}, and Cilium does not know it`,
    advice: `admit it with a CiliumClusterwideNetworkPolicy: fromCIDR ${ip}/${ip.includes(':') ? 128 : 32}`,
  }
}

/** Where pods were not recorded, each policy may be the one that isolates the pod with the address. */
function withoutPods(policies: readonly Policy[], asked: Asked): DirectionAdmission {
  const {direction} = asked
  const unread = unreadOnes(policies, direction)
  const isolatedBy = readOnes(policies).filter((policy) => policy.types.includes(direction) && admitsBy(policy, asked) !== 'yes')
  if (isolatedBy.length + unread.length === 0) return open(direction, 'no policy keeps this from a pod, whatever its labels')
  const because = `the labels of ${ownEnd(asked).ip} decide, and no pods were recorded`
  return {direction, admitted: 'undetermined', isolatedBy, admittedBy: [], unread, because}
}

/** Whether policies count for pods of the host network is up to the network plugin; most let them be. */
function ofNode(policies: readonly Policy[], {hostPods, ...asked}: Asked & {readonly hostPods: readonly HopPod[]}): DirectionAdmission {
  const {direction} = asked
  const answers = hostPods.filter((pod) => mayBeMeant(pod, asked)).map((pod) => ({pod, ...ofPod(policies, {...asked, pod})}))
  const against = answers.find(({admitted}) => admitted !== 'yes')
  if (against === undefined) return open(direction, `the ${side(direction)} is no pod`)
  const {pod, isolatedBy, unread} = against
  const because = `${pod.namespace}/${pod.name} has the address of its node; plugins differ in whether policies count for it`
  return {direction, admitted: 'undetermined', isolatedBy, admittedBy: [], unread, because}
}

/** Who listens on a node is told by the ports that containers declare. */
function mayBeMeant({containerPorts}: HopPod, {hop, direction}: Asked): boolean {
  return direction === 'egress' || containerPorts.length === 0 || containerPorts.some(({port}) => port === hop.port)
}

function open(direction: Direction, because: string): DirectionAdmission {
  return {direction, admitted: 'yes', isolatedBy: [], admittedBy: [], unread: [], because}
}

function side(direction: Direction): string {
  return direction === 'egress' ? 'source' : 'destination'
}

/** A pod cannot close itself to itself, nor to its node. */
function exemption({hop: {source, destination}, direction}: Asked): string | undefined {
  if (source.ip === destination.ip || isSame(source, destination)) return 'a pod always reaches itself'
  const fromNode = source.hostOf !== undefined && source.hostOf === destination.pod?.node
  return direction === 'ingress' && fromNode ? 'a node always reaches its own pods' : undefined
}

function isSame({pod: one}: HopEnd, {pod: other}: HopEnd): boolean {
  return one !== undefined && one.name === other?.name && one.namespace === other.namespace
}

function isolates(policy: NetworkPolicy, {pod, direction}: {readonly pod: HopPod; readonly direction: Direction}): boolean {
  return policy.namespace === pod.namespace && policy.types.includes(direction) && selects(policy.podSelector, pod.labels)
}
