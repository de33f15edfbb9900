import {findProxyPod} from './find-proxy-pod.js'
import {openLiveDirectory, type LiveDirectory, type LiveDirectoryRequest} from './live-directory.js'
import {dumpTask, type Asking} from './record-tasks.js'
import {parseWanted} from './wanted-pod.js'

export interface LiveProxiesRequest extends LiveDirectoryRequest, Omit<Asking, 'memory' | 'warn'> {
  /** Told what is fetched. */
  readonly progress: (line: string) => void
}

/** Proxies of a live cluster, each fetched when it is first asked for. */
export class LiveProxies {
  /** By what they were called. */
  readonly #fetched = new Map<string, Promise<string>>()

  private constructor(
    private readonly live: LiveDirectory,
    private readonly request: LiveProxiesRequest,
  ) {}

  /** @throws ClusterError when the kubeconfig cannot be used. @throws UsageError for a directory that holds something else. */
  static async open(request: LiveProxiesRequest): Promise<LiveProxies> {
    return new LiveProxies(await openLiveDirectory(request), request)
  }

  /** A valid snapshot whenever nothing is being fetched. */
  get directory(): string {
    return this.live.recording.directory
  }

  /**
   * Fetches the dump of `POD`, `NAMESPACE/POD` or `deploy/NAME`, an application for the ztunnel of its node; gives its `namespace/pod`.
   * @throws UsageError for a name that is none, or ambiguous. @throws ClusterError when it cannot be had whole.
   */
  fetch(name: string): Promise<string> {
    const known = this.#fetched.get(name) ?? this.#fetch(name)
    this.#fetched.set(name, known)
    return known
  }

  async close(): Promise<void> {
    await this.live.close()
  }

  async #fetch(name: string): Promise<string> {
    const {access, namespace, progress: note} = this.request
    const {kind, namespace: own} = parseWanted({pod: name, access: {}})
    const within = kind === 'pod' && own !== undefined ? undefined : namespace
    const target = await findProxyPod({...this.request, access: {...access, namespace: within}, pod: name, note})
    const pod = {...target, name: target.pod, namespace: target.namespace ?? namespace ?? this.live.context.namespace ?? 'default'}
    const full = `${pod.namespace}/${pod.name}`
    note(`fetching proxy ${full}`)
    const {recording} = this.live
    const task = dumpTask({...this.request, memory: new Map(), warn: note}, pod)
    if (!recording.has(task.file.path)) await recording.save(task)
    await recording.writeManifest()
    return full
  }
}
