import type {AssignmentContent} from './assignment-content.js'
import {isAmong, type Corroborate, type Expected} from './corroborate.js'
import {groupContents, groupFamilies, hasShape, type ContentClass, type Family, type Orphan} from './families.js'
import {solve, type Solution} from './solve.js'

interface Options<T> {
  readonly orphans: readonly Orphan[]
  /** Read once, in the order of the dump. */
  readonly assignments: Iterable<{readonly content: AssignmentContent; readonly assignment: T}>
  readonly corroborate: readonly Corroborate[]
}

export interface Rejoined<T> {
  /** False when the dump does not hold as many assignments as clusters: the right one may not be there. */
  readonly complete: boolean
  /** The assignments a cluster may have lost, grouped by content: one group is certain, several are ambiguous. */
  readonly candidates: (cluster: string) => readonly (readonly T[])[]
  readonly warnings: readonly string[]
}

/** Gives nameless assignments back to their clusters, as far as the data allows; never a pick among several (envoy-2022 D8). */
export function rejoin<T>({orphans, assignments, corroborate}: Options<T>): Rejoined<T> {
  const families = groupFamilies(orphans)
  const classes = groupContents(assignments)
  const count = classes.reduce((sum, one) => sum + [...one.assignments.values()].reduce((inner, list) => inner + list.length, 0), 0)
  const complete = orphans.length === count
  const known = corroborate.map((one) => expectations(families, one))
  const solved: Solved<T> = complete ? solveWith({families, classes, known}) : missing({assignments: count, clusters: orphans.length})
  const contents = solved.contents ?? unconstrained(families, classes)
  const places = new Map(families.flatMap((family) => family.orphans.map(({cluster}) => [cluster.name, {family, source: cluster.source}])))
  return {
    complete,
    warnings: solved.warnings,
    candidates: (cluster) => {
      const place = places.get(cluster)
      return place === undefined ? [] : [...(contents.get(place.family) ?? [])].flatMap((one) => takenFrom(one, place.source))
    },
  }
}

interface Solved<T> {
  /** Undefined: the rules between families do not apply. */
  readonly contents: Solution<T> | undefined
  readonly warnings: readonly string[]
}

type Expectations = ReadonlyMap<Family, readonly Expected[]>

/** One member of a family that is known tells for all. */
function expectations(families: readonly Family[], corroborate: Corroborate): Expectations {
  return new Map(
    families.flatMap((family) => {
      const expected = family.orphans.map(({cluster}) => corroborate(cluster) ?? []).find((answers) => answers.length > 0)
      return expected === undefined ? [] : [[family, expected] as const]
    }),
  )
}

interface Problem<T> {
  readonly families: readonly Family[]
  readonly classes: readonly ContentClass<T>[]
  readonly known: readonly Expectations[]
}

/** With all knowledge, else with none from outside, else without the rules between families. */
function solveWith<T>({families, classes, known}: Problem<T>): Solved<T> {
  const fitting = known.map((one) => withoutStale(one, classes))
  const allowed = (family: Family, {content}: ContentClass<T>): boolean =>
    fitting.every((one) => isAmong(content.addresses, one.get(family) ?? [{addresses: content.addresses, complete: true}]))
  const withKnowledge = solve({families, classes, allowed})
  if (withKnowledge !== undefined) return {contents: withKnowledge, warnings: []}
  const alone = solve({families, classes, allowed: () => true})
  if (alone === undefined) {
    return {
      contents: undefined,
      warnings: ['endpoints without a cluster name contradict the clusters: every assignment of the right shape stays a candidate'],
    }
  }
  return {contents: alone, warnings: ['what is known from outside contradicts the endpoints of this dump and was left out']}
}

/** Knowledge that fits no assignment is older or newer than the dump. */
function withoutStale<T>(known: Expectations, classes: readonly ContentClass<T>[]): Expectations {
  return new Map([...known].filter(([, answers]) => classes.some(({content}) => isAmong(content.addresses, answers))))
}

function missing({assignments, clusters}: {assignments: number; clusters: number}): Solved<never> {
  return {
    contents: undefined,
    warnings: [`${assignments} endpoint assignments without a cluster name for ${clusters} clusters: some are missing`],
  }
}

function unconstrained<T>(families: readonly Family[], classes: readonly ContentClass<T>[]): Solution<T> {
  return new Map(families.map((family) => [family, new Set(classes.filter(({content}) => hasShape(family, content)))]))
}

/** The assignments of a class that name this source, or none. */
function takenFrom<T>({assignments}: ContentClass<T>, source: string | undefined): (readonly T[])[] {
  const own = source === undefined ? [...assignments.values()].flat() : [...(assignments.get('') ?? []), ...(assignments.get(source) ?? [])]
  return own.length === 0 ? [] : [own]
}
