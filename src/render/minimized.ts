import {visible} from './visible.js'

/** What came of minimizing a snapshot. */
export interface MinimizedSummary {
  readonly output: string
  readonly files: number
  readonly bytes: number
  readonly elements: {readonly kept: number; readonly of: number}
  readonly flows: readonly {readonly source: string; readonly destination: string; readonly verdict: string}[]
}

export function renderMinimized({output, files, bytes, elements, flows}: MinimizedSummary): string {
  const lines = [
    `${output}: ${files} files, ${bytes} bytes, ${elements.kept} of ${elements.of} elements`,
    ...flows.map(({source, destination, verdict}) => `${source} → ${destination}: ${verdict}, as before`),
  ]
  return lines.map(visible).join('\n')
}
