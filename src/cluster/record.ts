import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {isExpectedError} from '../flow/errors.js'
import type {PodRole} from '../flow/pod-role.js'
import type {ManifestFile} from '../snapshot/manifest.js'
import {openDump} from '../snapshot/open-dump.js'
import {isTransient} from './fetch-dump.js'
import {inParallel} from './in-parallel.js'
import {ClusterError} from './kubectl-failure.js'
import {checkLabel} from './kubectl-arguments.js'
import {readPods, type ListedPod} from './proxy-pods.js'
import {captureTasks, dumpTask, inventoryTasks, type Asking} from './record-tasks.js'
import {Recording, type RecordingHead, type RecordTask} from './recording.js'

export interface RecordRequest extends Omit<Asking, 'memory'> {
  readonly directory: string
  readonly head: RecordingHead
  readonly istioNamespace: string
  /** Whose dumps are fetched. */
  readonly roles: ReadonlySet<PodRole>
  /** Whether the packet rules of the nodes are recorded too. */
  readonly capture: boolean
  /** How many kubectls run at once. */
  readonly concurrency: number
  /** Told about each file as it comes. */
  readonly progress: (line: string) => void
}

export interface Recorded {
  /** Files that are there now. */
  readonly saved: number
  /** Of these, how many an earlier run had recorded. */
  readonly kept: number
  readonly failed: readonly {readonly path: string; readonly error: string; readonly command?: string}[]
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
    await run.all(inventoryTasks(asking, request.istioNamespace))
    const pods = await recordedPods(recording, run)
    const proxies = pods.filter(({role, isRunning}) => isRunning && request.roles.has(role))
    await run.all([...proxies.map((pod) => dumpTask(asking, pod)), ...(request.capture ? captureTasks(asking, pods) : [])])
  } finally {
    await recording.writeManifest()
  }
  return run.result
}

const PODS = 'inventory/pods.json'

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

/** Failures of the whole cluster: after one of them nothing else can be had. */
const FATAL: ReadonlySet<string> = new Set(['stopped', 'no-kubectl', 'kubeconfig', 'login'])
const RETRY_AFTER_MS = [500, 2000]

class RecordRun {
  readonly failures = new Map<string, Error>()
  #saved = 0
  #kept = 0
  #done = 0
  #total = 0

  constructor(
    private readonly recording: Recording,
    private readonly request: RecordRequest,
  ) {}

  get result(): Recorded {
    const failed = [...this.failures].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, error]) => ({path, ...whyFailed(error)}))
    return {saved: this.#saved, kept: this.#kept, failed}
  }

  async all(tasks: readonly RecordTask[]): Promise<void> {
    this.#total += tasks.length
    await inParallel(tasks, {limit: this.request.concurrency, work: (task) => this.#one(task)})
  }

  async #one(task: RecordTask): Promise<void> {
    const {file} = task
    if (this.recording.has(file.path)) {
      this.#saved++
      this.#kept++
      this.#tell(`${file.path} kept`)
      return
    }
    try {
      const saved = await this.#persist(task)
      this.#saved++
      this.#tell(`${file.path} ${saved.bytes ?? 0} bytes`)
    } catch (error) {
      if (!isExpectedError(error) || (error instanceof ClusterError && FATAL.has(error.reason))) throw error
      await this.#fail(task, error)
    }
  }

  /** A file can be begun again, whatever came of it before. */
  async #persist(task: RecordTask): Promise<ManifestFile> {
    const dated = {...task, file: {...task.file, collectedAt: new Date().toISOString()}}
    for (const pause of RETRY_AFTER_MS) {
      try {
        return await this.recording.save(dated)
      } catch (error) {
        if (!isTransient(error)) throw error
        const {cancelSignal} = this.request
        await delay(pause, undefined, cancelSignal === undefined ? {} : {signal: cancelSignal}).catch(() => undefined)
      }
    }
    return this.recording.save(dated)
  }

  async #fail({file, isOptional = false}: RecordTask, error: Error): Promise<void> {
    if (isOptional && error instanceof ClusterError && error.reason === 'no-kind') {
      this.#tell(`${file.path} left out: the cluster has no such kind`)
      return
    }
    this.failures.set(file.path, error)
    await this.recording.list({...file, ...whyFailed(error)})
    this.#tell(`${file.path} failed: ${error.message}`)
  }

  #tell(text: string): void {
    this.#done++
    this.request.progress(`${this.#done}/${this.#total} ${text}`)
  }
}

function whyFailed(error: Error): {readonly error: string; readonly command?: string} {
  const got = isExpectedError(error) && error.got !== undefined ? ` (${error.got})` : ''
  const command = isExpectedError(error) ? error.where : undefined
  return {error: `${error.message}${got}`, ...(command === undefined ? {} : {command})}
}
