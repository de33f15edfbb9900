import {packRecording} from '../cluster/recording.js'
import {openLive} from './live.js'
import {questionFrom} from './question-input.js'
import {resultOf, type RecordQuestion, type RecordResult} from './record.js'

export interface RecordForQuestion extends Omit<RecordQuestion, 'sidecars' | 'istiod' | 'progress'> {
  /** Told what is fetched. */
  readonly progress: (line: string) => void
  readonly source: string
  readonly destination: string
  /** Where names without a namespace are looked up, if not where the context says. */
  readonly namespace?: string | undefined
}

/**
 * Records what a trace from a source to a destination needs: the inventory, and the proxies on the way.
 * @throws UsageError for a name that is unknown or ambiguous, and for a directory that was recorded before.
 * @throws ClusterError when the cluster cannot be asked, or it is stopped.
 */
export async function recordFor({archive, version, source, destination, ...request}: RecordForQuestion): Promise<RecordResult> {
  const question = questionFrom({source, destination})
  const live = await openLive({...request, tool: {name: 'ambientctl', version}, mesh: {}})
  try {
    await live.answer(question, {namespace: request.namespace})
  } finally {
    await live.close()
  }
  if (archive !== undefined) await packRecording(request.directory, archive)
  return resultOf({directory: archive ?? request.directory}, live.result)
}
