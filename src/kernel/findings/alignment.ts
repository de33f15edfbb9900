/** What has to change in a list to become the expected one. Positions count from 0. */
export interface Alignment {
  /** With the position in the actual list after which it belongs; -1 for the front. */
  readonly missing: readonly {readonly expected: number; readonly after: number}[]
  /** It is there, but in another place than its neighbours want it. */
  readonly moved: readonly {readonly expected: number; readonly actual: number}[]
  /** It is not expected. */
  readonly extra: readonly number[]
}

/** Compares two lists of keys by the longest sequence they have in common. */
export function align(expected: readonly string[], actual: readonly string[]): Alignment {
  const common = commonSequence(expected, actual)
  const [kept, found] = [new Set(common.map(([one]) => one)), new Set(common.map(([, other]) => other))]
  const absent = [...expected.keys()].filter((at) => !kept.has(at))
  const unused = new Set([...actual.keys()].filter((at) => !found.has(at)))
  const moved = absent.flatMap((at) => {
    const other = [...unused].find((one) => actual[one] === expected[at])
    if (other === undefined) return []
    unused.delete(other)
    return [{expected: at, actual: other}]
  })
  const missing = absent.filter((at) => moved.every((one) => one.expected !== at))
  return {missing: missing.map((at) => ({expected: at, after: placeBefore(common, at)})), moved, extra: [...unused]}
}

function placeBefore(common: readonly Pair[], at: number): number {
  return common.findLast(([expected]) => expected < at)?.[1] ?? -1
}

type Pair = readonly [number, number]

interface Best {
  readonly length: number
  readonly pairs: readonly Pair[]
}

const NONE: Best = {length: 0, pairs: []}

/** Row by row from the end: the best of what follows each pair of positions. */
function commonSequence(expected: readonly string[], actual: readonly string[]): readonly Pair[] {
  let below: readonly Best[] = Array.from({length: actual.length + 1}, () => NONE)
  for (const [at, key] of [...expected.entries()].toReversed()) below = rowAbove(below, {key, at, actual})
  return below[0]?.pairs ?? []
}

interface Row {
  readonly key: string
  readonly at: number
  readonly actual: readonly string[]
}

function rowAbove(below: readonly Best[], {key, at, actual}: Row): readonly Best[] {
  const row: Best[] = [NONE]
  for (const [index, other] of [...actual.entries()].toReversed()) {
    const [right = NONE, down = NONE, diagonal = NONE] = [row[0], below[index], below[index + 1]]
    const taken = key === other ? {length: diagonal.length + 1, pairs: [[at, index] as const, ...diagonal.pairs]} : NONE
    row.unshift([taken, down, right].reduce((best, one) => (one.length > best.length ? one : best)))
  }
  return row
}
