import {mkdtemp, rm} from 'node:fs/promises'
import {existsSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {UsageError} from '../flow/errors.js'
import {readContext, type ClusterContext} from './context.js'
import {checkLabel} from './kubectl-arguments.js'
import type {ListedPod} from './proxy-pods.js'
import {recordLists, type ListsToRecord} from './record.js'
import {RecordRun, type Recorded} from './record-run.js'
import {dumpTask, type Asking} from './record-tasks.js'
import {Recording, type RecordingHead} from './recording.js'

export interface LiveRequest extends Omit<Asking, 'memory' | 'warn'> {
  /** Where what is fetched is kept: a new or empty directory. Without one it is forgotten at the end. */
  readonly directory?: string | undefined
  readonly tool: RecordingHead['tool']
  readonly istioNamespace: string
  /** Where names without a namespace are looked up, if not where the context says. */
  readonly namespace?: string | undefined
  /** How many kubectls run at once. */
  readonly concurrency: number
  /** Told what is fetched. */
  readonly progress: (line: string) => void
}

/** Proxies that a question came to: pods as `namespace/pod`, and nodes for their ztunnels. */
export interface Wanted {
  readonly pods: ReadonlySet<string>
  readonly nodes: ReadonlySet<string>
}

interface LiveParts {
  readonly recording: Recording
  readonly run: RecordRun
  readonly asking: Asking & Pick<LiveRequest, 'progress'>
  readonly pods: readonly ListedPod[]
  readonly isKept: boolean
}

/** A live cluster: its lists, and of its proxies those that were asked for. Each is fetched once. */
export class LiveRecording {
  readonly #tried = new Set<string>()

  private constructor(private readonly parts: LiveParts) {}

  /**
   * Fetches the lists.
   * @throws UsageError for a directory that holds something else.
   * @throws ClusterError when the cluster cannot be asked, or pods cannot be listed.
   */
  static async open(request: LiveRequest): Promise<LiveRecording> {
    checkLabel(request.istioNamespace, '--istio-namespace')
    refuseOld(request.directory)
    const context = await readContext(request)
    const isKept = request.directory !== undefined
    const directory = request.directory ?? (await mkdtemp(join(tmpdir(), 'ambientctl-live-')))
    try {
      const recording = await Recording.open(directory, headOf(request, context))
      const run = new RecordRun(recording, {...request, progress: () => undefined})
      const asking = {...request, memory: new Map(), warn: request.progress}
      request.progress(`fetching the lists of ${context.name === undefined ? 'the cluster' : `context ${context.name}`}`)
      const pods = await listPods({recording, run, asking, istioNamespace: request.istioNamespace})
      return new LiveRecording({recording, run, asking, pods, isKept})
    } catch (error) {
      if (!isKept) await rm(directory, {recursive: true, force: true})
      throw error
    }
  }

  /** A valid snapshot at all times. */
  get directory(): string {
    return this.parts.recording.directory
  }

  get result(): Recorded {
    return this.parts.run.result
  }

  /** Fetches those that were not yet asked for; false when there is none. @throws ClusterError when nothing else can be had either. */
  fetch({pods, nodes}: Wanted): Promise<boolean> {
    const isWanted = (pod: ListedPod): boolean =>
      (pod.role !== 'app' && pods.has(keyOf(pod))) || (pod.role === 'ztunnel' && nodes.has(pod.node ?? ''))
    return this.#fetchAll(this.parts.pods.filter((pod) => pod.isRunning && isWanted(pod)))
  }

  /** One ztunnel, which knows the same names as all the others; false when one was asked before, or there is none. */
  fetchOneZtunnel(): Promise<boolean> {
    const ztunnels = this.parts.pods.filter(({role, isRunning}) => role === 'ztunnel' && isRunning)
    return ztunnels.some((pod) => this.#tried.has(keyOf(pod))) ? Promise.resolve(false) : this.#fetchAll(ztunnels.slice(0, 1))
  }

  async close(): Promise<void> {
    await this.parts.recording.writeManifest()
    if (!this.parts.isKept) await rm(this.directory, {recursive: true, force: true})
  }

  async #fetchAll(pods: readonly ListedPod[]): Promise<boolean> {
    const fresh = pods.filter((pod) => !this.#tried.has(keyOf(pod)))
    for (const pod of fresh) {
      this.#tried.add(keyOf(pod))
      this.parts.asking.progress(`fetching ${pod.role} ${keyOf(pod)}`)
    }
    try {
      await this.parts.run.all(fresh.map((pod) => dumpTask(this.parts.asking, pod)))
    } finally {
      await this.parts.recording.writeManifest()
    }
    return fresh.length > 0
  }
}

/** Whatever comes of it, the directory is a valid snapshot. */
async function listPods(lists: ListsToRecord): Promise<readonly ListedPod[]> {
  try {
    return await recordLists(lists)
  } finally {
    await lists.recording.writeManifest()
  }
}

function headOf({tool, namespace, access}: LiveRequest, context: ClusterContext): RecordingHead {
  const cluster = context.name ?? access.context
  return {
    collectedAt: new Date().toISOString(),
    namespace: namespace ?? context.namespace ?? 'default',
    ...(tool === undefined ? {} : {tool}),
    ...(cluster === undefined ? {} : {cluster}),
  }
}

/** What an earlier run found would be told as the state of now. */
function refuseOld(directory: string | undefined): void {
  if (directory === undefined || !existsSync(join(directory, 'snapshot.json'))) return
  throw new UsageError({
    what: 'There is an older recording in this directory.',
    expected: 'a new or empty directory',
    got: directory,
    help: `Ask the recording itself with --snapshot ${directory}.`,
  })
}

function keyOf({namespace, name}: ListedPod): string {
  return `${namespace}/${name}`
}
