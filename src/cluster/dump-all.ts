import type {PodRole} from '../flow/pod-role.js'
import {ClusterError} from './kubectl-failure.js'
import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'
import {listPods} from './proxy-pods.js'
import {RecordRun, type Recorded, type RunOptions} from './record-run.js'
import {dumpTask, type Asking} from './record-tasks.js'
import {Recording, type RecordingHead} from './recording.js'

export interface AllDumpsRequest extends Omit<Asking, 'memory'>, RunOptions {
  readonly role: PodRole
  /** A new or empty directory, or one to go on with. */
  readonly directory: string
  readonly head: RecordingHead
}

/**
 * The dumps of all proxies of a kind, of one namespace where the access names one. The directory is a snapshot without an inventory.
 * @throws UsageError for a directory that holds something else.
 * @throws ClusterError when pods cannot be listed, when there is no such proxy, and when it is stopped.
 */
export async function dumpAll({role, directory, head, ...request}: AllDumpsRequest): Promise<Recorded> {
  const {access} = request
  const namespaces = access.namespace === undefined ? 'all' : 'given'
  const proxies = (await listPods({...request, namespaces})).filter((pod) => pod.role === role && pod.isRunning)
  if (proxies.length === 0) throw nobody(role, access)
  const recording = await Recording.open(directory, {collectedAt: new Date().toISOString(), ...head})
  const run = new RecordRun(recording, request)
  const asking: Asking = {...request, memory: new Map()}
  try {
    await run.all(proxies.map((pod) => dumpTask(asking, pod)))
  } finally {
    await recording.writeManifest()
  }
  return run.result
}

function nobody(role: PodRole, access: ClusterAccess): ClusterError {
  const where = access.namespace === undefined ? 'the cluster' : `namespace ${access.namespace}`
  return new ClusterError({
    reason: 'no-pod',
    what: `No ${role} runs in ${where}.`,
    command: ['kubectl', ...accessArguments(access), 'get', 'pods', ...(access.namespace === undefined ? ['--all-namespaces'] : [])],
    help: 'Check --context and the namespace (-n).',
  })
}
