import {visible} from './visible.js'

/** What came of a recording. */
export interface RecordedSummary {
  readonly directory: string
  readonly saved: number
  readonly kept: number
  readonly failed: readonly {readonly path: string; readonly error: string}[]
  readonly methods: Readonly<Record<string, number>>
}

/** What failed, one line each, and the sum; with the ways that led into the pods, unless it was the first one for all. */
export function renderRecorded({directory, saved, kept, failed, methods}: RecordedSummary): string {
  const lines = failed.map(({path, error}) => `failed ${path}: ${error}`)
  const ways = Object.entries(methods).map(([method, count]) => `${count} by ${method}`)
  const dumps = Object.keys(methods).every((method) => method === 'exec-curl') ? [] : [`proxies asked: ${ways.join(', ')}`]
  return [...lines, `${directory}: ${saved} files, ${kept} of them kept, ${failed.length} failed`, ...dumps].map(visible).join('\n')
}
