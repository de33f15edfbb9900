import type {BatchAnswer} from '../app/batch.js'
import type {Coverage} from '../app/coverage.js'
import {batchDocument} from './batch-line.js'
import {renderCoverage, renderCoverageLines, type CoverageResult} from './coverage.js'
import {jsonLine} from './json-line.js'
import type {TraceFormat} from './render-trace.js'

/** The coverage in the format of the answers; as JSON it is one line, behind those of the answers. */
export function renderCoverageAs(format: TraceFormat, result: CoverageResult): string {
  switch (format) {
    case 'json':
      return jsonLine(result.coverage)
    case 'minimal':
      return renderCoverageLines(result.coverage)
    case 'tree':
      return renderCoverage(result)
    default:
      return format satisfies never
  }
}

/** What `--json` prints: the trace of one question, the answers of a batch, and the coverage beside them. */
export function answersDocument(
  answers: readonly BatchAnswer[],
  {isBatch, coverage}: {readonly isBatch: boolean; readonly coverage: Coverage | undefined},
): object {
  const documents = answers.map(batchDocument)
  const [only] = documents
  if (!isBatch && coverage === undefined) return Object.fromEntries(Object.entries(only ?? {}))
  return {answers: documents, ...(coverage === undefined ? {} : {coverage})}
}
