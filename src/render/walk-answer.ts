import type {BatchAnswer} from '../app/batch.js'
import {renderBatchLine} from './batch-line.js'
import {renderTrace, type RenderOptions} from './render-trace.js'

export interface WalkLook extends RenderOptions {
  readonly isBatch: boolean
  /** The coverage follows: a batch then prints its answers only as JSON. */
  readonly isCovered: boolean
}

/** One answer of `walk`: a line of a batch, or a trace; undefined where only the coverage is printed. */
export async function renderWalkAnswer(answer: BatchAnswer, {isBatch, isCovered, ...options}: WalkLook): Promise<string | undefined> {
  const {format} = options
  if (isBatch) return isCovered && format !== 'json' ? undefined : renderBatchLine(answer)
  if (answer.kind === 'failure' || (isCovered && format === 'json')) return renderBatchLine(answer)
  const text = await renderTrace(answer.trace, options)
  return isCovered && format === 'tree' ? `${text}\n\n` : text
}
