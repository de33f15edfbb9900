import {visible} from './visible.js'

/** What came of anonymizing a snapshot. */
export interface AnonymizedSummary {
  readonly directory: string
  readonly map: string
  readonly files: number
  readonly renamed: number
}

export function renderAnonymized({directory, map, files, renamed}: AnonymizedSummary): string {
  const lines = [`${directory}: ${files} files, ${renamed} names and addresses renamed`, `${map}: tells the old names, keep it to yourself`]
  return lines.map(visible).join('\n')
}
