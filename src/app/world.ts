import type {Finding} from '../flow/finding.js'
import {capturedInPod, type CaptureSources} from '../mesh/capture-truth.js'
import {fullName, type Directory, type Enrolment, type Workload} from '../mesh/directory.js'
import type {CaptureFault} from '../mesh/node-rules.js'
import type {World} from '../mesh/world.js'
import type {Mesh} from './mesh.js'
import type {NodeQuery} from './ztunnel-shelf.js'

/** A cluster as the topology sees it. `directory` is the one in which the names of the question were found. */
export function worldOf(
  mesh: Mesh,
  {directory, override}: {readonly directory: Directory; readonly override: World['enrolmentOverride']},
): World {
  const {shelf, cluster, network, listensAt, generation, rulesOf, admission} = mesh
  return {
    directory,
    generation,
    forwarderOf: (workload) => shelf.forwarderOf(workload),
    rulesOf,
    ...(admission === undefined ? {} : {admission}),
    ...(generation === 'ga' ? inPodWorld(mesh, directory) : {}),
    ...(cluster === undefined ? {} : {cluster}),
    ...(network === undefined ? {} : {network}),
    ...(listensAt === undefined ? {} : {listensAt}),
    ...(override === undefined ? {} : {enrolmentOverride: override}),
  }
}

function inPodWorld({shelf}: Mesh, directory: Directory): Pick<World, 'ztunnelFor' | 'captureOf'> {
  return {
    ztunnelFor: (pod) => shelf.ztunnels.forwarderOf(nodeQuery(pod, directory)),
    captureOf: (workload) => capturedInPod(workload, shelf.ztunnels.sources(nodeQuery(workload, directory))),
  }
}

function nodeQuery({node = ''}: Workload, directory: Directory): NodeQuery {
  return {node, pod: directory.ztunnelOf(node), podAt: (ip) => namesOf(directory.podAt(ip))}
}

function namesOf(pod: Workload | undefined): ReturnType<NonNullable<NodeQuery['podAt']>> {
  const {name, namespace, serviceAccount} = pod ?? {}
  return name === undefined || namespace === undefined || serviceAccount === undefined ? undefined : {name, namespace, serviceAccount}
}

/** Whether a pod is really captured, after reading what tells so. */
export async function captureOf(
  mesh: Mesh,
  {workload, directory}: {readonly workload: Workload; readonly directory: Directory},
): Promise<Enrolment> {
  if (mesh.generation !== 'ga') return workload.enrolment
  const query = nodeQuery(workload, directory)
  await mesh.shelf.ztunnels.load(query)
  return capturedInPod(workload, mesh.shelf.ztunnels.sources(query))
}

/** What is known of the ztunnel of a node: its own dump, and for want of it that of another one. */
export async function ztunnelsAt(
  {shelf}: Mesh,
  {node, directory}: {readonly node: string; readonly directory: Directory},
): Promise<CaptureSources> {
  const query = {node, pod: directory.ztunnelOf(node)}
  await shelf.ztunnels.load(query)
  return shelf.ztunnels.sources(query)
}

/** What is known about the capture of pods that a trace met. */
export interface CaptureNotes {
  /** What explains where their packets go. */
  readonly findings: readonly Finding[]
  /** What was left out, or is wrong with other pods of their nodes. */
  readonly warnings: readonly string[]
}

export async function captureNotes(
  mesh: Mesh,
  {names, directory}: {readonly names: ReadonlySet<string>; readonly directory: Directory},
): Promise<CaptureNotes> {
  const met = directory.workloads.filter((workload) => workload.role === 'app' && names.has(fullName(workload)))
  const enrolments = await Promise.all(met.map((workload) => captureOf(mesh, {workload, directory})))
  const nodes = [...new Set(met.flatMap(({node}) => node ?? []))].flatMap((node) => mesh.rulesOf(node) ?? [])
  const faults = nodes.flatMap((node) => node.faults)
  const addresses = new Set(met.flatMap(({ips}) => ips))
  const concerns = ({address}: CaptureFault): boolean => address === undefined || addresses.has(address)
  return {
    findings: faults.filter(concerns).map(({finding}) => finding),
    warnings: [
      ...enrolments.flatMap(({finding}) => finding ?? []),
      ...nodes.flatMap(({gaps}) => gaps),
      ...faults.filter((fault) => !concerns(fault)).map(({finding: {text}}) => text),
    ],
  }
}
