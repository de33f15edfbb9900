import type {Protocol} from '../../flow/inventory.js'
import {isProbeSource} from '../../flow/probe-source.js'
import {allOf, anyOf, tri, type Tri} from '../../flow/tri.js'
import {contains, parseIp} from '../config/ip.js'
import type {Direction, HopEnd, HopPod, NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule} from './model.js'
import {selects, selectsNamespace} from './selector.js'

/** A connection between two addresses, after NAT: what the network itself carries. */
export interface PolicyHop {
  readonly source: HopEnd
  readonly destination: HopEnd
  readonly port: number
  readonly protocol: Protocol
}

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
  readonly because: string
}

/**
 * Whether policies admit a connection: out of the source and into the destination. A pod that no policy selects is open; one that
 * is selected takes only what some rule names. Source: kubernetes.io/docs/concepts/services-networking/network-policies.
 */
export function admit(policies: readonly NetworkPolicy[], hop: PolicyHop): Admission {
  const directions = (['egress', 'ingress'] as const).map((direction) => admitOne(policies, {hop, direction}))
  return {admitted: allOf(directions.map(({admitted}) => admitted)), directions}
}

interface Asked {
  readonly hop: PolicyHop
  readonly direction: Direction
}

function admitOne(policies: readonly NetworkPolicy[], asked: Asked): DirectionAdmission {
  const {hop, direction} = asked
  const end = direction === 'egress' ? hop.source : hop.destination
  const {pod} = end
  const exempt = exemption(hop, direction)
  if (exempt !== undefined) return open(direction, exempt)
  if (pod === undefined) return withoutPod(policies, {...asked, end})
  const isolatedBy = policies.filter((policy) => isolates(policy, {pod, direction}))
  if (isolatedBy.length === 0) return open(direction, `no policy selects ${pod.namespace}/${pod.name} for ${direction}`)
  if (pod.hostNetwork) return {...verdict('undetermined', asked), isolatedBy, admittedBy: []}
  const answers = isolatedBy.map((policy) => ({policy, admits: admitsBy(policy, asked)}))
  const admitted = anyOf(answers.map(({admits}) => admits))
  if (admitted === 'no' && direction === 'ingress' && isProbeSource(hop.source.ip)) return probe({...asked, isolatedBy})
  const admittedBy = answers.flatMap(({policy, admits}) => (admits === 'no' ? [] : [policy]))
  return {...verdict(admitted, asked), isolatedBy, admittedBy}
}

/** Where pods were not recorded, each policy may be the one that isolates the pod with the address. */
function withoutPod(policies: readonly NetworkPolicy[], {end, ...asked}: Asked & {readonly end: HopEnd}): DirectionAdmission {
  const {direction} = asked
  if (end.unknown !== true) return open(direction, `the ${side(direction)} is no pod`)
  const isolatedBy = policies.filter((policy) => policy.types.includes(direction) && admitsBy(policy, asked) !== 'yes')
  if (isolatedBy.length === 0) return open(direction, 'no policy keeps this from a pod, whatever its labels')
  const because = `the labels of ${end.ip} decide, and no pods were recorded`
  return {direction, admitted: 'undetermined', isolatedBy, admittedBy: [], because}
}

function open(direction: Direction, because: string): DirectionAdmission {
  return {direction, admitted: 'yes', isolatedBy: [], admittedBy: [], because}
}

function verdict(admitted: Tri, {direction, hop}: Asked): Pick<DirectionAdmission, 'direction' | 'admitted' | 'because'> {
  const what = `${hop.protocol} ${hop.port} ${direction === 'egress' ? `to ${hop.destination.ip}` : `from ${hop.source.ip}`}`
  const because = {
    yes: `a rule admits ${what}`,
    no: `no rule admits ${what}`,
    undetermined: `it is not known whether a rule admits ${what}`,
  }[admitted]
  return {direction, admitted, because}
}

function side(direction: Direction): string {
  return direction === 'egress' ? 'source' : 'destination'
}

/** ambient-ga E: a node's own traffic is always let in, but here it does not have the node's address. Plugins differ. */
function probe({direction, hop, isolatedBy}: Asked & Pick<DirectionAdmission, 'isolatedBy'>): DirectionAdmission {
  const because = `no rule admits ${hop.source.ip}, the address that capture gives to probes; plugins differ in whether they know it`
  return {direction, admitted: 'undetermined', isolatedBy, admittedBy: [], because}
}

/** A pod cannot close itself to itself, nor to its node. */
function exemption({source, destination}: PolicyHop, direction: Direction): string | undefined {
  if (source.ip === destination.ip) return 'a pod always reaches itself'
  const fromNode = source.hostOf !== undefined && source.hostOf === destination.pod?.node
  return direction === 'ingress' && fromNode ? 'a node always reaches its own pods' : undefined
}

function isolates(policy: NetworkPolicy, {pod, direction}: {readonly pod: HopPod; readonly direction: Direction}): boolean {
  return policy.namespace === pod.namespace && policy.types.includes(direction) && selects(policy.podSelector, pod.labels)
}

function admitsBy(policy: NetworkPolicy, asked: Asked): Tri {
  return anyOf(policy[asked.direction].map((rule) => ruleAdmits(rule, {...asked, namespace: policy.namespace})))
}

interface Ruled extends Asked {
  readonly namespace: string
}

function ruleAdmits({peers, ports}: PolicyRule, ruled: Ruled): Tri {
  const other = ruled.direction === 'egress' ? ruled.hop.destination : ruled.hop.source
  const peer = peers.length === 0 ? 'yes' : anyOf(peers.map((one) => isPeer(one, {other, namespace: ruled.namespace})))
  const port = ports.length === 0 ? 'yes' : anyOf(ports.map((one) => isPort(one, ruled.hop)))
  return allOf([peer, port])
}

function isPeer(peer: PolicyPeer, {other, namespace}: {readonly other: HopEnd; readonly namespace: string}): Tri {
  if (peer.kind === 'block') return tri(inBlock(peer, other.ip))
  const {pod} = other
  if (pod === undefined) return other.unknown === true ? 'undetermined' : 'no'
  const inNamespace =
    peer.namespaceSelector === undefined ? tri(pod.namespace === namespace) : selectsNamespace(peer.namespaceSelector, pod)
  const selected = allOf([inNamespace, tri(selects(peer.podSelector ?? [], pod.labels))])
  // What a pod of the host network sends looks like its node; implementations differ.
  return pod.hostNetwork && selected === 'yes' ? 'undetermined' : selected
}

function inBlock({cidr, except}: Extract<PolicyPeer, {kind: 'block'}>, text: string): boolean {
  const ip = parseIp(text)
  return ip !== undefined && contains(cidr, ip) && !except.some((one) => contains(one, ip))
}

/** A name is looked up among the container ports of the destination; only a pod has such. */
function isPort({protocol, port, endPort}: PolicyPort, {destination, port: own, protocol: ownProtocol}: PolicyHop): Tri {
  if (protocol !== ownProtocol) return 'no'
  if (typeof port === 'string') {
    return destination.unknown === true ? 'undetermined' : tri(named(destination, {name: port, protocol}).includes(own))
  }
  if (port === undefined) return 'yes'
  return tri(endPort === undefined ? own === port : own >= port && own <= endPort)
}

function named({pod}: HopEnd, {name, protocol}: {readonly name: string; readonly protocol: Protocol}): readonly number[] {
  return (pod?.containerPorts ?? []).filter((one) => one.name === name && one.protocol === protocol).map(({port}) => port)
}
