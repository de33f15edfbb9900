import {LineCounter, parseAllDocuments, type Range} from 'yaml'
import {InputError, isExpectedError} from '../flow/errors.js'
import type {Inventory, Pod, RawObject} from '../flow/inventory.js'
import {admit, type Admission} from '../kernel/network-policy/admit.js'
import type {HopEnd, HopPod, NetworkPolicy} from '../kernel/network-policy/model.js'
import {readNetworkPolicies, type PolicyDocument} from '../kernel/network-policy/read.js'
import {readTextFile} from '../snapshot/text-file.js'
import type {CapturePlace} from './capture-shelf.js'

/**
 * NetworkPolicies of a YAML or JSON file: one or several documents, or Lists.
 * @throws InputError with file and line of what is no YAML, or no NetworkPolicy
 */
async function readPolicyFile(file: string): Promise<readonly NetworkPolicy[]> {
  return readNetworkPolicies(documentsOf(await readTextFile(file), file))
}

/** The policies of a file as an option; nothing where no file was given. */
export async function policiesFrom(file: string | undefined): Promise<{readonly policies?: readonly NetworkPolicy[]}> {
  return file === undefined ? {} : {policies: await readPolicyFile(file)}
}

function documentsOf(text: string, file: string): readonly PolicyDocument[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {lineCounter: lines})
  if (!Array.isArray(documents)) return []
  return documents.map((document): PolicyDocument => {
    const [problem] = document.errors
    if (problem !== undefined) {
      throw new InputError({
        what: 'The file is no YAML.',
        file,
        line: lines.linePos(problem.pos[0]).line,
        got: problem.message.split('\n')[0],
      })
    }
    const value: unknown = document.toJS({maxAliasCount: MAX_ALIASES})
    return {value, place: {file, line: lines.linePos(startOf(document.contents?.range)).line}}
  })
}

function startOf(range: Range | null | undefined): number {
  return range?.[0] ?? 0
}

/** A file of aliases upon aliases would otherwise grow without end. */
const MAX_ALIASES = 100

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

export interface PortAdmission extends Admission {
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

/** Judges single connections by the NetworkPolicies of an inventory; undefined where none were recorded. One that is malformed is passed over. */
export function admissionBy(inventory: Inventory): ((hop: NetworkHop) => Admission) | undefined {
  const {networkPolicies} = inventory
  if (networkPolicies === undefined) return undefined
  const policies = networkPolicies.flatMap(readable)
  return ({source, destination, port}) =>
    admit(policies, {source: endAt(source, inventory), destination: endAt(destination, inventory), port, protocol: 'TCP'})
}

/** A TCP connection by its addresses. */
interface NetworkHop {
  readonly source: string
  readonly destination: string
  readonly port: number
}

function readable({value, recorded}: RawObject): readonly NetworkPolicy[] {
  try {
    return readNetworkPolicies([{value, place: {file: recorded.file, line: 1}}])
  } catch (thrown) {
    if (isExpectedError(thrown)) return []
    throw thrown
  }
}

function endAt(ip: string, inventory: Inventory): HopEnd {
  const pod = inventory.pods?.find((one) => !one.hostNetwork && one.ips.includes(ip))
  const node = inventory.nodes?.find(({ips}) => ips.includes(ip))
  return {ip, ...(pod === undefined ? {} : {pod: hopPod(pod, inventory)}), ...(node === undefined ? {} : {hostOf: node.name})}
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
