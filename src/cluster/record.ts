import {join} from 'node:path'
import type {PodRole} from '../flow/pod-role.js'
import {openDump} from '../snapshot/open-dump.js'
import {checkLabel} from './kubectl-arguments.js'
import {readPods, type ListedPod} from './proxy-pods.js'
import {captureTasks, WHOLE_CAPTURE} from './capture-tasks.js'
import {dumpTask, inventoryTasks, istiodTasks, type Asking} from './record-tasks.js'
import {RecordRun, type Recorded, type RunOptions} from './record-run.js'
import {Recording, type RecordingHead} from './recording.js'

export interface RecordRequest extends Omit<Asking, 'memory'>, RunOptions {
  readonly directory: string
  readonly head: RecordingHead
  readonly istioNamespace: string
  /** Whose dumps are fetched. */
  readonly roles: ReadonlySet<PodRole>
  /** Whether the packet rules of nodes and captured pods are recorded too. */
  readonly capture: boolean
  /** Whether istiod is asked too what it knows. */
  readonly istiod: boolean
}

/**
 * Records a cluster into a directory, and never writes to the cluster. What fails is listed in the manifest and passed over; after an
 * interruption the manifest lists what came before.
 * @throws UsageError for a directory that holds something else.
 * @throws ClusterError when pods cannot be listed, so that nobody knows whom to ask, and when it is stopped.
 */
export async function recordCluster(request: RecordRequest): Promise<Recorded> {
  checkLabel(request.istioNamespace, '--istio-namespace')
  const recording = await Recording.open(request.directory, {collectedAt: new Date().toISOString(), ...request.head})
  const run = new RecordRun(recording, request)
  const asking: Asking = {...request, memory: new Map()}
  try {
    const pods = await recordLists({recording, run, asking, istioNamespace: request.istioNamespace})
    const proxies = pods.filter(({role, isRunning}) => isRunning && request.roles.has(role))
    const surroundings = [
      ...(request.capture ? captureTasks(asking, {pods, scope: WHOLE_CAPTURE}) : []),
      ...(request.istiod ? istiodTasks(asking, pods) : []),
    ]
    await run.all([...proxies.map((pod) => dumpTask(asking, pod)), ...surroundings])
  } finally {
    await recording.writeManifest()
  }
  return run.result
}

export interface ListsToRecord {
  readonly recording: Recording
  readonly run: RecordRun
  readonly asking: Asking
  readonly istioNamespace: string
}

const PODS = 'inventory/pods.json'

/** Records the inventory. Pods come first: without them nothing else is of use. @throws ClusterError when they cannot be had. */
export async function recordLists({recording, run, asking, istioNamespace}: ListsToRecord): Promise<readonly ListedPod[]> {
  const tasks = inventoryTasks(asking, istioNamespace)
  await run.all(tasks.filter(({file}) => file.path === PODS))
  const pods = await recordedPods(recording, run)
  await run.all(tasks.filter(({file}) => file.path !== PODS))
  return pods
}

async function recordedPods({directory}: Recording, {failures}: RecordRun): Promise<readonly ListedPod[]> {
  const failure = failures.get(PODS)
  if (failure !== undefined) throw failure
  const opened = await openDump({name: PODS, from: join(directory, PODS)})
  try {
    return readPods(opened.store)
  } finally {
    opened.close()
  }
}
