import {isExpectedError} from '../flow/errors.js'
import {groupBy} from '../flow/group-by.js'
import type {ClusterNode, Inventory, Pod, RawObject} from '../flow/inventory.js'
import {admit, type DirectionAdmission} from '../kernel/network-policy/admit.js'
import {canonicalIp} from '../kernel/config/ip.js'
import {pluginOn} from '../kernel/network-policy/enforcer.js'
import type {HopEnd, HopPod, Policy} from '../kernel/network-policy/model.js'
import {readNetworkPolicies} from '../kernel/network-policy/read.js'
import {policyName} from '../kernel/network-policy/unread.js'
import type {Admission, Admitted, Doubt} from '../mesh/admission.js'

/** Whose policies, and what is known of the pods they select. */
export interface PolicySource {
  readonly inventory: Inventory
  /** In the place of those of the inventory. */
  readonly policies?: readonly Policy[]
}

/** The policies given, else the recorded ones; undefined where there are neither. A recorded one that cannot be read may have a say. */
export function policiesOf({inventory, policies}: PolicySource): readonly Policy[] | undefined {
  return policies ?? inventory.networkPolicies?.flatMap(readable)
}

/** Judges single TCP connections as traces and findings use it; undefined where no policies are known. */
export function admissionBy(source: PolicySource): Admission | undefined {
  const policies = policiesOf(source)
  if (policies === undefined) return undefined
  const endAt = endsOf(source.inventory)
  return ({source: from, destination, port}) => {
    const ends = {egress: endAt(from), ingress: endAt(destination)}
    const {directions} = admit(policies, {source: ends.egress, destination: ends.ingress, port, protocol: 'TCP'})
    return directions.map((one) => admittedBy(one, ends[one.direction]))
  }
}

function admittedBy(said: DirectionAdmission, end: HopEnd): Admitted {
  const {direction, admitted, because, advice, isolatedBy, unread} = said
  const named = [...isolatedBy, ...unread]
  const doubt = doubtOf(said, end)
  return {
    direction,
    admitted,
    because,
    policies: named.map(policyName),
    evidence: named.map(({place, pointer = `line ${place.line}`}) => ({dump: place.file, pointer, basis: 'recorded'})),
    ...(advice === undefined ? {} : {advice}),
    ...(doubt === undefined ? {} : {doubt}),
  }
}

/** What the `no` of one direction depends on; undefined where the plugin of the node is known to enforce policies. */
export function doubtOf({admitted}: Pick<DirectionAdmission, 'admitted'>, {pod, plugin}: HopEnd): Doubt | undefined {
  return admitted !== 'no' || plugin?.enforces === true ? undefined : enforcementOn(pod?.node)
}

function enforcementOn(node: string | undefined): Doubt {
  const plugin = `the network plugin${node === undefined ? '' : ` of node ${node}`}`
  return {holds: `${plugin} enforces NetworkPolicies`, fails: `${plugin} enforces no NetworkPolicies`}
}

/** What is recorded comes from an API server, which took it: what is not understood here has a meaning all the same. */
function readable({value, recorded, namespace, name}: RawObject): readonly Policy[] {
  const place = {file: recorded.file, line: 1}
  try {
    return readNetworkPolicies([{value, place, pointer: recorded.pointer}])
  } catch (thrown) {
    if (!isExpectedError(thrown)) throw thrown
    return [{unread: 'NetworkPolicy', name, namespace, place, pointer: recorded.pointer, types: ['ingress', 'egress']}]
  }
}

/** Who has an address, as the inventory tells. Pods that have ended keep theirs in their status: others may have it by now. */
export function endsOf(inventory: Inventory): (ip: string) => HopEnd {
  const {pods, nodes = []} = inventory
  const alive = (pods ?? []).filter(({phase}) => phase !== 'Succeeded' && phase !== 'Failed')
  const owners = groupBy(alive, canonicalIps)
  const hosts = groupBy(nodes, canonicalIps)
  return (text) => {
    const ip = canonicalIp(text)
    const {pod, ...host} = ownersOf({pods: owners.get(ip) ?? [], node: hosts.get(ip)?.[0]}, inventory)
    const plugin = pluginOn(pods ?? [], pod?.node ?? host.hostOf)
    return {ip, plugin, ...host, ...(pod === undefined ? {} : {pod}), ...(pods === undefined ? {unknown: true} : {})}
  }
}

function canonicalIps({ips}: {readonly ips: readonly string[]}): readonly string[] {
  return ips.map(canonicalIp)
}

function ownersOf(
  {pods, node}: {readonly pods: readonly Pod[]; readonly node: ClusterNode | undefined},
  inventory: Inventory,
): Pick<HopEnd, 'pod' | 'hostOf' | 'hostPods'> {
  const pod = pods.find(({hostNetwork}) => !hostNetwork)
  const onHost = pods.filter(({hostNetwork}) => hostNetwork)
  const hostOf = node?.name ?? onHost[0]?.node
  return {
    ...(pod === undefined ? {} : {pod: hopPod(pod, inventory)}),
    ...(hostOf === undefined ? {} : {hostOf}),
    ...(onHost.length === 0 ? {} : {hostPods: onHost.map((one) => hopPod(one, inventory))}),
  }
}

function hopPod({name, namespace, labels, containerPorts, node}: Pod, inventory: Inventory): HopPod {
  const namespaceLabels = inventory.namespaces?.find((one) => one.name === namespace)?.labels
  return {
    name,
    namespace,
    labels,
    containerPorts,
    ...(node === undefined ? {} : {node}),
    ...(namespaceLabels === undefined ? {} : {namespaceLabels}),
  }
}
