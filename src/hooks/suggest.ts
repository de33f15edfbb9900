import {closest, distance} from 'fastest-levenshtein'

/** The candidate a mistyped word most probably meant; undefined when none is near enough to be worth saying. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined
  const nearest = closest(word, candidates.toSorted())
  return distance(word, nearest) <= tolerance(word) ? nearest : undefined
}

/** Two typing mistakes in a short word, more in a longer one. */
function tolerance(word: string): number {
  return Math.max(2, Math.floor(word.length / 3))
}
