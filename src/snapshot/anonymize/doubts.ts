import type {Names} from './names.js'
import type {Rewriter} from './rewrite.js'

const SHOWN = 12

export interface DoubtSources {
  readonly names: Names
  readonly rewriter: Rewriter
  /** Files that were not taken over. */
  readonly skipped: readonly string[]
}

/** What whoever shares the snapshot should look at first. */
export function doubtsOf({names, rewriter, skipped}: DoubtSources): readonly string[] {
  const fields = [...rewriter.unsure].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...skipped.map((file) => `left out, because it is no whole JSON: ${file}`),
    ...listed('names that are words of the formats stay', names.kept),
    ...listed('words of names stay in names of extensions and settings', rewriter.left),
    ...listed('redacted where it may decide what matches', rewriter.lost),
    ...fields.flatMap(([field, texts]) => listed(`words that stay in "${field}", look whether they may be shared`, texts)),
  ]
}

function listed(what: string, texts: ReadonlySet<string>): readonly string[] {
  if (texts.size === 0) return []
  const sorted = [...texts].sort()
  const rest = sorted.length > SHOWN ? ` and ${sorted.length - SHOWN} more` : ''
  return [`${what}: ${sorted.slice(0, SHOWN).join(', ')}${rest}`]
}
