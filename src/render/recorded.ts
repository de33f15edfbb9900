import {visible} from './visible.js'

/** What came of a recording. */
export interface RecordedSummary {
  readonly directory: string
  readonly saved: number
  readonly kept: number
  readonly failed: readonly {readonly path: string; readonly error: string}[]
}

/** What failed, one line each, and the sum. */
export function renderRecorded({directory, saved, kept, failed}: RecordedSummary): string {
  const lines = failed.map(({path, error}) => `failed ${path}: ${error}`)
  return [...lines, `${directory}: ${saved} files, ${kept} of them kept, ${failed.length} failed`].map(visible).join('\n')
}
