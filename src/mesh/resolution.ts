/** What a typed name means. A name that fits several things, or none, is an expected failure and comes back as data. */
export type Resolution<T> =
  | {readonly kind: 'found'; readonly value: T; readonly notes: readonly string[]}
  | {
      readonly kind: 'ambiguous'
      readonly text: string
      /** What it could mean, spelled so that each can be typed instead. */
      readonly candidates: readonly string[]
    }
  | {readonly kind: 'unknown'; readonly text: string; readonly why: string; readonly suggestions: readonly string[]}

export function found<T>(value: T, notes: readonly string[] = []): Resolution<T> {
  return {kind: 'found', value, notes}
}

/** Continues with what was found; the notes of both add up. */
export function whenFound<A, B>(resolution: Resolution<A>, next: (value: A) => Resolution<B>): Resolution<B> {
  if (resolution.kind !== 'found') return resolution
  const second = next(resolution.value)
  return second.kind === 'found' ? {...second, notes: [...resolution.notes, ...second.notes]} : second
}
