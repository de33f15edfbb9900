import {LiveRecording, type LiveRequest, type Wanted} from '../cluster/live-recording.js'
import {UsageError} from '../flow/errors.js'
import {fullName, type Directory} from '../mesh/directory.js'
import {resolveSource} from '../mesh/source-names.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import {openCaptures, type CaptureShelf} from './capture-shelf.js'
import {orRecorded} from './live-failure.js'
import {openMesh} from './mesh.js'
import {unresolved} from './unresolved.js'

export interface LiveCaptureRequest extends LiveRequest {
  /** A node or pod, called as in `trace`. */
  readonly target: string | undefined
  /** Where the packet goes: a pod of the same node is looked at too. */
  readonly destination?: string | undefined
}

export interface LiveCapture {
  readonly shelf: CaptureShelf
  /** What the place is called on the shelf. */
  readonly target: string
}

/**
 * Fetches the packet rules around one place of a live cluster: of its node, the node's ztunnel, and the pods at both ends.
 * @throws UsageError without a place, and for a name that is unknown or ambiguous.
 * @throws ClusterError when the cluster cannot be asked, or shows no rules.
 */
export async function openLiveCapture({target, destination, ...request}: LiveCaptureRequest): Promise<LiveCapture> {
  if (target === undefined) throw new UsageError({what: 'PLACE is missing.', expected: 'a node or pod of the live cluster, or --snapshot'})
  const recording = await orRecorded(() => LiveRecording.open(request))
  try {
    const {directory, namespace} = await listed(recording)
    const place = placeOf(directory, {target, namespace})
    const failures = await recording.fetchCapture(withDestination(place, {directory, destination}))
    const shelf = await openCaptures({paths: [recording.directory]})
    return {target: place.name, shelf: {...shelf, warnings: [...failures, ...shelf.warnings]}}
  } finally {
    await recording.close()
  }
}

async function listed(recording: LiveRecording): Promise<{readonly directory: Directory; readonly namespace: string}> {
  const snapshot = await openSnapshot({paths: [recording.directory]})
  try {
    const {directory} = await openMesh(snapshot)
    return {directory, namespace: snapshot.namespace ?? 'default'}
  } finally {
    snapshot.close()
  }
}

interface Place {
  readonly name: string
  readonly node: string
  /** As `namespace/pod`, where it is one with a network of its own. */
  readonly pods: readonly string[]
}

/** @throws UsageError for a name that is unknown, ambiguous, or no place. */
function placeOf(directory: Directory, query: {readonly target: string; readonly namespace: string}): Place {
  const {target: text, namespace} = query
  if (directory.nodes.some(({name}) => name === text)) return {name: `node/${text}`, node: text, pods: []}
  const resolution = resolveSource(directory, {text, namespace})
  if (resolution.kind !== 'found') throw unresolved(resolution)
  const {value} = resolution
  if (value.kind === 'node') return {name: `node/${value.node.name}`, node: value.node.name, pods: []}
  if (value.kind === 'workload' && value.workload.node !== undefined) {
    const {workload} = value
    return {name: fullName(workload), node: value.workload.node, pods: workload.hostNetwork ? [] : [fullName(workload)]}
  }
  throw new UsageError({what: 'This is no place with packet rules of its own.', expected: 'a node, or a pod that is scheduled', got: text})
}

function withDestination(
  {node, pods}: Place,
  {directory, destination}: {readonly directory: Directory; readonly destination: string | undefined},
): Wanted {
  const there = directory.workloads.filter(({ips}) => destination !== undefined && ips.includes(destination)).map(fullName)
  return {nodes: new Set([node]), pods: new Set([...pods, ...there])}
}
