import {UsageError} from '../flow/errors.js'
import type {Question, Trace} from '../flow/trace.js'
import type {SnapshotSources} from '../snapshot/snapshot.js'
import type {MeshOptions} from './mesh.js'
import {isSourceGiven, openSources} from './open.js'
import {traceQuestion, type TraceOptions} from './trace.js'

/** Something that questions can be asked. */
export interface TraceSource {
  answer(question: Question, options: TraceOptions): Promise<Trace>
  close(): Promise<void>
}

export interface TraceSources {
  readonly sources: SnapshotSources
  readonly mesh: MeshOptions
  /** Flags that only a live cluster understands, where some were given. */
  readonly liveOnly: readonly string[]
  readonly warn: (warning: string) => void
  /** Opens the live cluster, which is asked where nothing recorded is given. */
  readonly openLive: () => Promise<TraceSource>
}

/**
 * What was recorded, or else the live cluster.
 * @throws UsageError when flags of a live cluster stand beside something recorded.
 */
export async function openTraceSource({sources, mesh: options, liveOnly, warn, openLive}: TraceSources): Promise<TraceSource> {
  if (isLiveMeant({sources, liveOnly})) return openLive()
  const mesh = await openSources(sources, options)
  for (const warning of mesh.snapshot.warnings) warn(warning)
  return {
    answer: (question, asked) => traceQuestion(mesh, {...asked, question}),
    close: () => {
      mesh.snapshot.close()
      return Promise.resolve()
    },
  }
}

/**
 * Whether the live cluster is to be asked: where nothing recorded is named.
 * @throws UsageError when flags of a live cluster stand beside something recorded.
 */
export function isLiveMeant({sources, liveOnly}: Pick<TraceSources, 'sources' | 'liveOnly'>): boolean {
  // A flag says more than a variable that stands there for every command.
  const environment = liveOnly.length === 0 ? (sources.environment ?? {}) : {}
  if (!isSourceGiven({...sources, environment})) return true
  const [flag] = liveOnly
  if (flag === undefined) return false
  throw new UsageError({
    what: 'This flag is for a live cluster.',
    where: flag,
    help: 'Leave out either it or --snapshot, --file and --demo.',
  })
}
