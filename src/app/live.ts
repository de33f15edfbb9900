import {ClusterError} from '../cluster/kubectl-failure.js'
import {LiveRecording, type LiveRequest, type Wanted} from '../cluster/live-recording.js'
import type {Recorded} from '../cluster/record-run.js'
import {isExpectedError} from '../flow/errors.js'
import type {Question, Trace} from '../flow/trace.js'
import {fullName} from '../mesh/directory.js'
import {resolveSource} from '../mesh/source-names.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import {orRecorded} from './live-failure.js'
import {openMesh, type Mesh, type MeshOptions} from './mesh.js'
import {traceQuestion, type TraceOptions} from './trace.js'
import type {TraceSource} from './trace-source.js'

export interface LiveOptions extends LiveRequest {
  readonly mesh: MeshOptions
  /** Whether packet rules are fetched too: those of the nodes and pods on the way. */
  readonly capture: boolean
  /** Told what the lists lack, and what could not be fetched. */
  readonly warn: (warning: string) => void
}

/**
 * A live cluster that answers questions. Lists are fetched at once, a proxy when a trace comes to it: the ztunnel of the source first, then
 * each next hop. An answer is what its recording alone would give: it is asked anew whenever something was added, until nothing is.
 * @throws ClusterError when the cluster cannot be asked.
 */
export async function openLive(options: LiveOptions): Promise<LiveCluster> {
  const recording = await orRecorded(() => LiveRecording.open(options))
  const live = new LiveCluster(recording, options)
  await live.refresh()
  return live
}

export class LiveCluster implements TraceSource {
  readonly #told = new Set<string>()
  /** Nodes, and pods as `namespace/pod`, whose packet rules were asked for. */
  readonly #looked = new Set<string>()
  #mesh: Mesh | undefined

  constructor(
    private readonly recording: LiveRecording,
    private readonly options: LiveOptions,
  ) {}

  async answer(question: Question, options: TraceOptions): Promise<Trace> {
    let mesh = await this.#beginAt(question, options)
    for (;;) {
      const trace = await this.#attempt(mesh, {question, options})
      if (trace !== undefined && !(await this.recording.fetch(absentIn(mesh))) && !(await this.#fetchRules(trace))) return trace
      mesh = await this.refresh()
    }
  }

  /** What was recorded so far. */
  get result(): Recorded {
    return this.recording.result
  }

  async close(): Promise<void> {
    this.#mesh?.snapshot.close()
    await this.recording.close()
  }

  /** Reads what is recorded now. */
  async refresh(): Promise<Mesh> {
    this.#mesh?.snapshot.close()
    const snapshot = await openSnapshot({paths: [this.recording.directory]})
    for (const warning of snapshot.warnings) {
      if (!this.#told.has(warning)) this.options.warn(warning)
      this.#told.add(warning)
    }
    this.#mesh = await openMesh(snapshot, this.options.mesh)
    return this.#mesh
  }

  /** False when there is nothing on the way that was not looked at before. What cannot be seen is told, and stays assumed. */
  async #fetchRules(trace: Trace): Promise<boolean> {
    if (!this.options.capture) return false
    const {nodes, pods} = placesOn(trace)
    const isNew = (place: string): boolean => !this.#looked.has(place)
    const wanted = {nodes: new Set([...nodes].filter(isNew)), pods: new Set([...pods].filter(isNew))}
    if (wanted.nodes.size + wanted.pods.size === 0) return false
    for (const place of [...nodes, ...pods]) this.#looked.add(place)
    try {
      for (const failure of await this.recording.fetchCapture(wanted)) this.options.warn(failure)
      return true
    } catch (error) {
      if (!(error instanceof ClusterError) || error.reason === 'stopped') throw error
      this.options.warn(`${error.message} ${error.help ?? ''}`.trim())
      return false
    }
  }

  /** Before anything else is known, what the source itself goes through. */
  async #beginAt({source}: Question, {namespace}: TraceOptions): Promise<Mesh> {
    const mesh = this.#mesh ?? (await this.refresh())
    const found = resolveSource(mesh.directory, {text: source, namespace: namespace ?? mesh.snapshot.namespace ?? 'default'})
    if (found.kind !== 'found' || found.value.kind !== 'workload') return mesh
    const {workload} = found.value
    const wanted = {pods: new Set([fullName(workload)]), nodes: new Set(workload.node ?? [])}
    return (await this.recording.fetch(wanted)) ? this.refresh() : mesh
  }

  /** Undefined when a name is unknown so far, and a ztunnel that may know it was fetched only now. */
  async #attempt(
    mesh: Mesh,
    {question, options}: {readonly question: Question; readonly options: TraceOptions},
  ): Promise<Trace | undefined> {
    try {
      return await traceQuestion(mesh, {...options, question})
    } catch (error) {
      if (isExpectedError(error) && error.family === 'usage' && (await this.recording.fetchOneZtunnel())) return undefined
      throw error
    }
  }
}

function absentIn({shelf}: Mesh): Wanted {
  return {pods: shelf.absent, nodes: shelf.ztunnels.absent}
}

function placesOn({hops, outcomes}: Trace): Wanted {
  const places = [...Object.values(hops), ...Object.values(outcomes)].map(({place}) => place)
  // ambient-ga E: a Rust ztunnel's own network takes no part; that of an Envoy one is looked at with its node.
  const pods = places.flatMap(({kind, name, namespace}) =>
    kind === 'node' || kind === 'ztunnel' || namespace === undefined ? [] : [`${namespace}/${name}`],
  )
  return {nodes: new Set(places.flatMap(({node}) => node ?? []).toSorted()), pods: new Set(pods.toSorted())}
}
