import {isExpectedError} from '../flow/errors.js'
import type {Inventory, Pod, RawObject} from '../flow/inventory.js'
import {admit, type Admission as PolicyAdmission, type DirectionAdmission} from '../kernel/network-policy/admit.js'
import {canonicalIp, familyOf} from '../kernel/config/ip.js'
import {pluginOn} from '../kernel/network-policy/enforcer.js'
import type {HopEnd, HopPod, Policy} from '../kernel/network-policy/model.js'
import {readNetworkPolicies} from '../kernel/network-policy/read.js'
import {policyName} from '../kernel/network-policy/unread.js'
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
  {policies, inventory}: {readonly policies: readonly Policy[]; readonly inventory: Inventory},
  {place, source, destination, protocol}: PolicyQuestion,
): readonly PortAdmission[] {
  if (protocol === 'icmp') return []
  const ends = {source: sourceEnd(place, {source, destination, inventory}), destination: endAt(destination.ip, inventory)}
  const ports = protocol === 'tcp' ? new Set([destination.port, ...CAPTURE_PORTS]) : new Set([destination.port])
  return [...ports].map((port) => ({port, ...admit(policies, {...ends, port, protocol: protocol === 'tcp' ? 'TCP' : 'UDP'})}))
}

interface SourceAsked extends Pick<PolicyQuestion, 'source' | 'destination'> {
  readonly inventory: Inventory
}

function sourceEnd(place: CapturePlace, {source, destination, inventory}: SourceAsked): HopEnd {
  if (source !== undefined) return endAt(source, inventory)
  if (place.kind === 'node') return {ip: '', hostOf: place.name, plugin: pluginOn(inventory.pods ?? [], place.name)}
  const pod = inventory.pods?.find(({namespace, name}) => `${namespace}/${name}` === place.name)
  const ip = pod?.ips.find((one) => familyOf(one) === familyOf(destination.ip)) ?? pod?.ips[0]
  return ip === undefined ? {ip: '', unknown: true} : endAt(ip, inventory)
}

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
  const {inventory} = source
  return ({source: from, destination, port}) => {
    const ends = {egress: endAt(from, inventory), ingress: endAt(destination, inventory)}
    const {directions} = admit(policies, {source: ends.egress, destination: ends.ingress, port, protocol: 'TCP'})
    return directions.map((one) => admittedBy(one, ends[one.direction]))
  }
}

function admittedBy({direction, admitted, because, advice, isolatedBy, unread}: DirectionAdmission, {pod, plugin}: HopEnd): Admitted {
  const named = [...isolatedBy, ...unread]
  const isSure = admitted !== 'no' || plugin?.enforces === true
  return {
    direction,
    admitted,
    because,
    policies: named.map(policyName),
    evidence: named.map(({place, pointer = `line ${place.line}`}) => ({dump: place.file, pointer, basis: 'recorded'})),
    ...(advice === undefined ? {} : {advice}),
    ...(isSure ? {} : {doubt: enforcementOn(pod?.node)}),
  }
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

function endAt(text: string, inventory: Inventory): HopEnd {
  const ip = canonicalIp(text)
  const {pods} = inventory
  const owners = (pods ?? []).filter((one) => isAlive(one) && has(one, ip))
  const pod = owners.find(({hostNetwork}) => !hostNetwork)
  const host = nodeAt(ip, {inventory, owners})
  return {
    ip,
    ...host,
    plugin: pluginOn(pods ?? [], pod?.node ?? host.hostOf),
    ...(pods === undefined ? {unknown: true} : {}),
    ...(pod === undefined ? {} : {pod: hopPod(pod, inventory)}),
  }
}

function nodeAt(
  ip: string,
  {inventory, owners}: {readonly inventory: Inventory; readonly owners: readonly Pod[]},
): Pick<HopEnd, 'hostOf' | 'hostPods'> {
  const onHost = owners.filter(({hostNetwork}) => hostNetwork)
  const hostOf = inventory.nodes?.find((one) => has(one, ip))?.name ?? onHost[0]?.node
  const hostPods = onHost.map((one) => hopPod(one, inventory))
  return {...(hostOf === undefined ? {} : {hostOf}), ...(hostPods.length === 0 ? {} : {hostPods})}
}

function has({ips}: {readonly ips: readonly string[]}, ip: string): boolean {
  return ips.some((own) => canonicalIp(own) === ip)
}

/** Pods that have ended keep their address in their status, and others may have it by now. */
function isAlive({phase}: Pod): boolean {
  return phase !== 'Succeeded' && phase !== 'Failed'
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
