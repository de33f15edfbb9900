import {setTimeout as delay} from 'node:timers/promises'
import {isExpectedError} from '../flow/errors.js'
import type {ManifestFile} from '../snapshot/manifest.js'
import {isTransient} from './fetch-dump.js'
import {inParallel} from './in-parallel.js'
import {ClusterError} from './kubectl-failure.js'
import type {Recording, RecordTask} from './recording.js'

export interface Recorded {
  /** Files that are there now. */
  readonly saved: number
  /** Of these, how many an earlier run had recorded. */
  readonly kept: number
  readonly failed: readonly {readonly path: string; readonly error: string; readonly command?: string}[]
  /** How many dumps came by which way into their pods (`port-forward`), of those fetched now. */
  readonly methods: Readonly<Record<string, number>>
}

/** Failures of the whole cluster: after one of them nothing else can be had. */
const FATAL: ReadonlySet<string> = new Set(['stopped', 'no-kubectl', 'kubeconfig', 'login'])
const RETRY_AFTER_MS = [500, 2000]

/** How far a recording has come. */
export interface RecordPlace {
  readonly done: number
  readonly total: number
  /** Whether the line is to stay in sight: something is missing. */
  readonly isFailure: boolean
}

/** Who is told, and how hard it is tried. */
export interface RunOptions {
  /** How many kubectls run at once. */
  readonly concurrency: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Told about each file as it comes. */
  readonly progress: (line: string, place: RecordPlace) => void
}

/** Fetches files into a recording. What fails is listed in its manifest and passed over, unless nothing else could be had either. */
export class RecordRun {
  readonly failures = new Map<string, Error>()
  readonly #methods = new Map<string, number>()
  #saved = 0
  #kept = 0
  #done = 0
  #total = 0

  constructor(
    private readonly recording: Recording,
    private readonly request: RunOptions,
  ) {}

  /** What came of it so far. */
  get result(): Recorded {
    const failed = [...this.failures].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, error]) => ({path, ...whyFailed(error)}))
    const methods = Object.fromEntries([...this.#methods].sort(([a], [b]) => (a < b ? -1 : 1)))
    return {saved: this.#saved, kept: this.#kept, failed, methods}
  }

  /** @throws ClusterError for a failure of the whole cluster, and when it is stopped. */
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
      this.#count(saved)
      this.#tell(`${file.path} ${saved.bytes ?? 0} bytes`)
    } catch (error) {
      if (!isExpectedError(error) || (error instanceof ClusterError && FATAL.has(error.reason))) throw error
      await this.#fail(task, error)
    }
  }

  #count({kind, method}: ManifestFile): void {
    if (kind === 'config-dump' && method !== undefined) this.#methods.set(method, (this.#methods.get(method) ?? 0) + 1)
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

  async #fail({file, mayLack}: RecordTask, error: Error): Promise<void> {
    if (mayLack !== undefined && error instanceof ClusterError && error.reason === mayLack) {
      this.#tell(`${file.path} left out: ${error.message}`)
      return
    }
    this.failures.set(file.path, error)
    await this.recording.list({...file, ...whyFailed(error)})
    this.#tell(`${file.path} failed: ${error.message}`, true)
  }

  #tell(text: string, isFailure = false): void {
    this.#done++
    this.request.progress(text, {done: this.#done, total: this.#total, isFailure})
  }
}

function whyFailed(error: Error): {readonly error: string; readonly command?: string} {
  const got = isExpectedError(error) && error.got !== undefined ? ` (${error.got})` : ''
  const command = isExpectedError(error) ? error.where : undefined
  return {error: `${error.message}${got}`, ...(command === undefined ? {} : {command})}
}
