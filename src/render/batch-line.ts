import type {BatchAnswer} from '../app/batch.js'
import {jsonLine} from './json-line.js'
import {traceDocument} from './trace-json.js'

/** One answer of a batch as one line of NDJSON: a trace, or `{"line": …, "error": …}`. */
export function renderBatchLine(answer: BatchAnswer): string {
  return jsonLine(batchDocument(answer))
}

/** The same as a value. */
export function batchDocument(answer: BatchAnswer): unknown {
  return answer.kind === 'trace' ? traceDocument(answer.trace) : {line: answer.line, error: answer.failure}
}
