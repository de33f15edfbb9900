import type {Taken, Answered} from './choices.js'

/**
 * Ways that end alike whatever one silent choice is become one way, of which that choice is no part.
 * `keyOf` tells how a way ends.
 */
export function mergeWays<Result>(ways: readonly Answered<Result>[], keyOf: (result: Result) => string): readonly Answered<Result>[] {
  if (!ways.some(({taken}) => taken.some(isSilent))) return ways
  const left = ways.map((way) => ({...way, key: keyOf(way.result)}))
  for (let pair = findPair(left); pair !== undefined; pair = findPair(left)) {
    const {first, second, choice} = pair
    left.splice(second, 1)
    const way = left[first]
    if (way !== undefined) left[first] = {...way, taken: way.taken.filter((_, at) => at !== choice)}
  }
  return left
}

function isSilent({choice}: Taken): boolean {
  return choice.silent === true
}

interface Pair {
  readonly first: number
  readonly second: number
  /** Where they differ. */
  readonly choice: number
}

function findPair(ways: readonly (Answered<unknown> & {readonly key: string})[]): Pair | undefined {
  for (const [first, one] of ways.entries()) {
    if (!one.taken.some(isSilent)) continue
    for (const [after, other] of ways.slice(first + 1).entries()) {
      const choice = one.key === other.key ? silentDifference(one.taken, other.taken) : undefined
      if (choice !== undefined) return {first, second: first + 1 + after, choice}
    }
  }
  return undefined
}

/** The index of the one choice that was answered differently, if it is a silent one. */
function silentDifference(a: readonly Taken[], b: readonly Taken[]): number | undefined {
  if (a.length !== b.length || a.some(({choice}, at) => choice.what !== b[at]?.choice.what)) return undefined
  const different = a.flatMap(({answer}, at) => (answer === b[at]?.answer ? [] : [at]))
  const [only = -1] = different
  return different.length === 1 && a[only] !== undefined && isSilent(a[only]) ? only : undefined
}
