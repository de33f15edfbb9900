import {captureTasks} from './capture-tasks.js'
import {checkLabel} from './kubectl-arguments.js'
import {openLiveDirectory, type LiveDirectory, type LiveDirectoryRequest} from './live-directory.js'
import type {ListedPod} from './proxy-pods.js'
import {ClusterError} from './kubectl-failure.js'
import {recordLists, type ListsToRecord} from './record.js'
import {RecordRun, type Recorded} from './record-run.js'
import {dumpTask, type Asking} from './record-tasks.js'
import type {RecordTask} from './recording.js'

export interface LiveRequest extends LiveDirectoryRequest, Omit<Asking, 'memory' | 'warn'> {
  readonly istioNamespace: string
  /** How many kubectls run at once. */
  readonly concurrency: number
  /** Told what is fetched. */
  readonly progress: (line: string) => void
}

/** What a question came to: pods as `namespace/pod`, and nodes for their ztunnels. */
export interface Wanted {
  readonly pods: ReadonlySet<string>
  readonly nodes: ReadonlySet<string>
}

interface LiveParts {
  readonly live: LiveDirectory
  readonly run: RecordRun
  readonly asking: Asking & Pick<LiveRequest, 'progress'>
  readonly pods: readonly ListedPod[]
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
    const live = await openLiveDirectory(request)
    const {recording, context} = live
    try {
      const run = new RecordRun(recording, {...request, progress: () => undefined})
      const asking = {...request, memory: new Map(), warn: request.progress}
      request.progress(`fetching the lists of ${context.name === undefined ? 'the cluster' : `context ${context.name}`}`)
      const pods = await listPods({recording, run, asking, istioNamespace: request.istioNamespace})
      return new LiveRecording({live, run, asking, pods})
    } catch (error) {
      await live.close()
      throw error
    }
  }

  /** A valid snapshot at all times. */
  get directory(): string {
    return this.parts.live.recording.directory
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

  /**
   * Fetches the packet rules of nodes, of their ztunnels, and of some of their pods; gives a line for each file that could not be had.
   * @throws ClusterError when none could.
   */
  async fetchCapture({pods, nodes}: Wanted): Promise<readonly string[]> {
    const {run, asking, live} = this.parts
    const scope = {isNodeWanted: (node: string) => nodes.has(node), isPodWanted: (pod: ListedPod) => pods.has(keyOf(pod))}
    const tasks = captureTasks(asking, {pods: this.parts.pods, scope})
    asking.progress(`fetching the packet rules of ${[...nodes, ...pods].join(', ')}`)
    try {
      await run.all(tasks)
    } finally {
      await live.recording.writeManifest()
    }
    const failures = tasks.flatMap(({file: {path}}) => [run.failures.get(path) ?? []].flat().map((error) => ({path, error})))
    const isThere = ({file: {path}}: RecordTask): boolean => live.recording.has(path) && !run.failures.has(path)
    if (!tasks.some(isThere)) throw failures[0]?.error ?? notInSight(nodes)
    return failures.map(({path, error}) => `${path}: ${error.message}`)
  }

  async close(): Promise<void> {
    await this.parts.live.close()
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
      await this.parts.live.recording.writeManifest()
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

function keyOf({namespace, name}: ListedPod): string {
  return `${namespace}/${name}`
}

function notInSight(nodes: ReadonlySet<string>): ClusterError {
  return new ClusterError({
    reason: 'no-pod',
    what: `No pod shows the packet rules of ${[...nodes].join(', ')}.`,
    command: ['kubectl', 'exec'],
    help: 'A running pod of istio-cni (or kube-proxy) is needed on the node; docs/snapshot.md lists what can be recorded by hand.',
  })
}
