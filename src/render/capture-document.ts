import type {LineAnswer} from '../app/answer-lines.js'
import type {CaptureAnswer} from '../app/capture.js'
import type {CaptureCheckup} from '../app/capture-findings.js'
import {jsonLine} from './json-line.js'
import {toDocument} from './trace-json.js'

/** The answer as plain JSON (`ambientctl.capture/1`). */
export function captureDocument(answer: CaptureAnswer | CaptureCheckup): object {
  return Object.fromEntries(Object.entries(toDocument(answer) ?? {}))
}

/** One answer of a batch as one line of NDJSON: an answer, or `{"line": …, "error": …}`. */
export function renderCaptureLine(answer: LineAnswer<CaptureAnswer>): string {
  return jsonLine(captureLineDocument(answer))
}

/** The same as a value. */
export function captureLineDocument(answer: LineAnswer<CaptureAnswer>): object {
  return answer.kind === 'answer' ? captureDocument(answer.answer) : {line: answer.line, error: answer.failure}
}
