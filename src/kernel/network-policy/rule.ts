import type {Protocol} from '../../flow/inventory.js'
import {allOf, anyOf, tri, type Tri} from '../../flow/tri.js'
import {contains, parseIp} from '../config/ip.js'
import type {Direction, HopEnd, HopPod, NetworkPolicy, PolicyHop, PolicyPeer, PolicyPort, PolicyRule} from './model.js'
import {selects, selectsNamespace} from './selector.js'

/** A connection, and from which of its ends it is looked at. */
export interface Asked {
  readonly hop: PolicyHop
  readonly direction: Direction
}

/** Why a rule takes a connection, or does not: both must hold. */
export interface RuleJudgement {
  readonly peer: Tri
  readonly port: Tri
}

/** Rules of a policy add up: one that takes the connection is enough. */
export function admitsBy(policy: NetworkPolicy, asked: Asked): Tri {
  return anyOf(policy[asked.direction].map((rule) => ruleAdmits(rule, {...asked, namespace: policy.namespace})))
}

function ruleAdmits(rule: PolicyRule, ruled: Ruled): Tri {
  const {peer, port} = judgeRule(rule, ruled)
  return allOf([peer, port])
}

export interface Ruled extends Asked {
  /** Of the policy. */
  readonly namespace: string
}

/** Whom and which port a rule takes. Source: NetworkPolicyIngressRule and NetworkPolicyEgressRule of networking.k8s.io/v1. */
export function judgeRule({peers, ports}: PolicyRule, ruled: Ruled): RuleJudgement {
  return {
    peer: peers.length === 0 ? 'yes' : anyOf(peers.map((one) => isPeer(one, ruled))),
    port: ports.length === 0 ? 'yes' : anyOf(ports.map((one) => isPort(one, ruled.hop))),
  }
}

/** The end whose policies are asked. */
export function ownEnd({hop, direction}: Asked): HopEnd {
  return direction === 'egress' ? hop.source : hop.destination
}

export function otherEnd({hop, direction}: Asked): HopEnd {
  return direction === 'egress' ? hop.destination : hop.source
}

function isPeer(peer: PolicyPeer, ruled: Ruled): Tri {
  const other = otherEnd(ruled)
  if (peer.kind === 'block') return inBlock(peer, other.ip) ? meantByBlock(other, ownEnd(ruled)) : 'no'
  if (other.unknown === true) return 'undetermined'
  const {namespace} = ruled
  if (other.pod !== undefined) return selectedBy(peer, {pod: other.pod, namespace})
  // What a pod of the host network sends looks like its node; plugins differ in whether they tell them apart.
  const maybe = (other.hostPods ?? []).some((pod) => selectedBy(peer, {pod, namespace}) !== 'no')
  return maybe ? 'undetermined' : 'no'
}

function selectedBy(
  {namespaceSelector, podSelector = []}: Extract<PolicyPeer, {kind: 'pods'}>,
  {pod, namespace}: {readonly pod: HopPod; readonly namespace: string},
): Tri {
  const inNamespace = namespaceSelector === undefined ? tri(pod.namespace === namespace) : selectsNamespace(namespaceSelector, pod)
  return allOf([inNamespace, tri(selects(podSelector, pod.labels))])
}

/** Blocks are for addresses outside the cluster; plugins differ in whether they mean pods too, and nodes. */
function meantByBlock({pod, unknown, hostOf}: HopEnd, {plugin}: HopEnd): Tri {
  const meansPods = plugin?.blocksMeanPods ?? 'undetermined'
  if (hostOf !== undefined) return meansPods === 'no' ? 'undetermined' : 'yes'
  if (unknown === true) return meansPods === 'yes' ? 'yes' : 'undetermined'
  return pod === undefined ? 'yes' : meansPods
}

function inBlock({cidr, except}: Extract<PolicyPeer, {kind: 'block'}>, text: string): boolean {
  const ip = parseIp(text)
  return ip !== undefined && contains(cidr, ip) && !except.some((one) => contains(one, ip))
}

/** A name is looked up among the container ports of the destination, also for egress; only a pod has such. */
function isPort({protocol, port, endPort}: PolicyPort, {destination, port: own, protocol: ownProtocol}: PolicyHop): Tri {
  if (protocol !== ownProtocol) return 'no'
  if (typeof port === 'string') return isNamed(destination, {name: port, port: own, protocol})
  if (port === undefined) return 'yes'
  return tri(endPort === undefined ? own === port : own >= port && own <= endPort)
}

interface NamedPort {
  readonly name: string
  readonly port: number
  readonly protocol: Protocol
}

function isNamed({pod, unknown, hostPods = []}: HopEnd, named: NamedPort): Tri {
  if (unknown === true) return 'undetermined'
  if (pod !== undefined) return tri(declares(pod, named))
  return hostPods.some((one) => declares(one, named)) ? 'undetermined' : 'no'
}

function declares({containerPorts}: HopPod, {name, port, protocol}: NamedPort): boolean {
  return containerPorts.some((one) => one.name === name && one.port === port && one.protocol === protocol)
}
