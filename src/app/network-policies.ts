import {isExpectedError} from '../flow/errors.js'
import type {Inventory, Pod, RawObject} from '../flow/inventory.js'
import {admit, type Admission as PolicyAdmission, type DirectionAdmission} from '../kernel/network-policy/admit.js'
import {isEnforced} from '../kernel/network-policy/enforcer.js'
import type {HopEnd, HopPod, NetworkPolicy} from '../kernel/network-policy/model.js'
import {readNetworkPolicies} from '../kernel/network-policy/read.js'
import type {Admission, Admitted, Doubt} from '../mesh/admission.js'
import type {CapturePlace} from './capture-shelf.js'

/** One connection as it was asked for. */
export interface PolicyQuestion {
  readonly place: CapturePlace
  /** Absent: the address of the place. */
  readonly source: string | undefined
  readonly destination: {readonly ip: string; readonly port: number}
  readonly protocol: 'tcp' | 'udp' | 'icmp'
}

/** Ports beside the one that was asked for: HBONE, and plaintext of 2022, which reaches ztunnel's own. */
const CAPTURE_PORTS = [15_008, 15_006]

export interface PortAdmission extends PolicyAdmission {
  readonly port: number
}

/** What the policies say about the asked port, and about those that capture uses. Nothing for ICMP, which policies do not name. */
export function admissionsFor(
  {policies, inventory}: {readonly policies: readonly NetworkPolicy[]; readonly inventory: Inventory},
  {place, source, destination, protocol}: PolicyQuestion,
): readonly PortAdmission[] {
  if (protocol === 'icmp') return []
  const ends = {source: sourceEnd(place, {source, inventory}), destination: endAt(destination.ip, inventory)}
  const ports = protocol === 'tcp' ? new Set([destination.port, ...CAPTURE_PORTS]) : new Set([destination.port])
  return [...ports].map((port) => ({port, ...admit(policies, {...ends, port, protocol: protocol === 'tcp' ? 'TCP' : 'UDP'})}))
}

function sourceEnd(place: CapturePlace, {source, inventory}: {readonly source: string | undefined; readonly inventory: Inventory}): HopEnd {
  if (source !== undefined) return endAt(source, inventory)
  if (place.kind === 'node') return {ip: '', hostOf: place.name}
  const pod = inventory.pods?.find(({namespace, name}) => `${namespace}/${name}` === place.name)
  return pod === undefined ? {ip: ''} : {ip: pod.ips[0] ?? '', pod: hopPod(pod, inventory)}
}

/** Whose policies, and what is known of the pods they select. */
export interface PolicySource {
  readonly inventory: Inventory
  /** In the place of those of the inventory. */
  readonly policies?: readonly NetworkPolicy[]
}

/** The policies given, else the recorded ones; undefined where there are neither. A recorded one that is malformed is passed over. */
export function policiesOf({inventory, policies}: PolicySource): readonly NetworkPolicy[] | undefined {
  return policies ?? inventory.networkPolicies?.flatMap(readable)
}

/** Judges single TCP connections as traces and findings use it; undefined where no policies are known. */
export function admissionBy(source: PolicySource): Admission | undefined {
  const policies = policiesOf(source)
  if (policies === undefined) return undefined
  const {inventory} = source
  return ({source: from, destination, port}) => {
    const ends = {egress: endAt(from, inventory), ingress: endAt(destination, inventory)}
    const {directions} = admit(policies, {source: ends.egress, destination: ends.ingress, port, protocol: 'TCP'})
    return directions.map((one) => admittedBy(one, {end: ends[one.direction], inventory}))
  }
}

function admittedBy(
  {direction, admitted, because, isolatedBy}: DirectionAdmission,
  {end, inventory}: {readonly end: HopEnd; readonly inventory: Inventory},
): Admitted {
  const isSure = admitted !== 'no' || isEnforced(inventory.pods ?? [], end.pod?.node)
  return {
    direction,
    admitted,
    because,
    policies: isolatedBy.map(({namespace, name}) => `${namespace}/${name}`),
    evidence: isolatedBy.map(({place, pointer = `line ${place.line}`}) => ({dump: place.file, pointer, basis: 'recorded'})),
    ...(isSure ? {} : {doubt: enforcementOn(end.pod?.node)}),
  }
}

function enforcementOn(node: string | undefined): Doubt {
  const plugin = `the network plugin${node === undefined ? '' : ` of node ${node}`}`
  return {holds: `${plugin} enforces NetworkPolicies`, fails: `${plugin} enforces no NetworkPolicies`}
}

function readable({value, recorded}: RawObject): readonly NetworkPolicy[] {
  try {
    return readNetworkPolicies([{value, place: {file: recorded.file, line: 1}, pointer: recorded.pointer}])
  } catch (thrown) {
    if (isExpectedError(thrown)) return []
    throw thrown
  }
}

function endAt(ip: string, inventory: Inventory): HopEnd {
  const pod = inventory.pods?.find((one) => !one.hostNetwork && one.ips.includes(ip))
  const node = inventory.nodes?.find(({ips}) => ips.includes(ip))
  return {
    ip,
    ...(inventory.pods === undefined ? {unknown: true} : {}),
    ...(pod === undefined ? {} : {pod: hopPod(pod, inventory)}),
    ...(node === undefined ? {} : {hostOf: node.name}),
  }
}

function hopPod({name, namespace, labels, containerPorts, hostNetwork, node}: Pod, inventory: Inventory): HopPod {
  const namespaceLabels = inventory.namespaces?.find((one) => one.name === namespace)?.labels
  return {
    name,
    namespace,
    labels,
    containerPorts,
    hostNetwork,
    ...(node === undefined ? {} : {node}),
    ...(namespaceLabels === undefined ? {} : {namespaceLabels}),
  }
}
