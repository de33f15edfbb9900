import type {AssignmentContent} from './assignment-content.js'
import {isAmong, type Corroborate, type Expected} from './corroborate.js'
import {groupContents, groupFamilies, hasShape, type ContentClass, type Family, type Orphan} from './families.js'
import {solve, type Solution} from './solve.js'

/** The assignments a cluster may have lost. All of `assignments` have one content; several contents are ambiguous. */
export interface Candidates<T> {
  readonly contents: readonly {readonly content: AssignmentContent; readonly assignments: readonly T[]}[]
  /** False when the dump does not hold as many assignments as clusters: the right one may not be there. */
  readonly complete: boolean
}

interface Options<T> {
  readonly orphans: readonly Orphan[]
  readonly assignments: readonly {readonly content: AssignmentContent; readonly assignment: T}[]
  readonly corroborate: readonly Corroborate[]
}

export interface Rejoined<T> {
  /** By cluster name. */
  readonly candidates: ReadonlyMap<string, Candidates<T>>
  readonly warnings: readonly string[]
}

/** Gives nameless assignments back to their clusters, as far as the data allows; never a pick among several (envoy-2022 D8). */
export function rejoin<T>(options: Options<T>): Rejoined<T> {
  const families = groupFamilies(options.orphans)
  const complete = options.orphans.length === options.assignments.length
  const known = options.corroborate.map((corroborate) => expectations(families, corroborate))
  const solution = complete ? firstSolution(options, {families, known}) : undefined
  const warnings = solution?.warnings ?? [
    complete
      ? 'endpoints without a cluster name contradict the clusters: every assignment of the right shape stays a candidate'
      : `${options.assignments.length} endpoint assignments without a cluster name for ${options.orphans.length} clusters: some are missing`,
  ]
  const contents = solution?.contents ?? unconstrained(families, options.assignments)
  return {candidates: new Map(families.flatMap((family) => candidatesOf(family, {contents, complete}))), warnings}
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

interface Solved<T> {
  readonly contents: Solution<T>
  readonly warnings: readonly string[]
}

/** With all knowledge, else with none from outside, else (undefined) without the rules between families. */
function firstSolution<T>(
  {assignments}: Options<T>,
  {families, known}: {families: readonly Family[]; known: readonly Expectations[]},
): Solved<T> | undefined {
  const classes = groupContents(assignments)
  const fitting = known.map(
    (expected) => new Map([...expected].filter(([, answers]) => classes.some(({content}) => isAmong(content.addresses, answers)))),
  )
  const allowed = (family: Family, {content}: ContentClass<T>): boolean =>
    fitting.every((expected) => isAmong(content.addresses, expected.get(family) ?? [{addresses: content.addresses, complete: true}]))
  const withKnowledge = solve({families, classes, allowed})
  if (withKnowledge !== undefined) return {contents: withKnowledge, warnings: []}
  const alone = solve({families, classes: groupContents(assignments), allowed: () => true})
  return alone && {contents: alone, warnings: ['what is known from outside contradicts the endpoints of this dump and was left out']}
}

function unconstrained<T>(families: readonly Family[], assignments: Options<T>['assignments']): Solution<T> {
  const classes = groupContents(assignments)
  return new Map(families.map((family) => [family, new Set(classes.filter(({content}) => hasShape(family, content)))]))
}

function candidatesOf<T>(
  family: Family,
  {contents, complete}: {contents: Solution<T>; complete: boolean},
): (readonly [string, Candidates<T>])[] {
  return family.orphans.map(({cluster}) => {
    const own = [...(contents.get(family) ?? [])]
      .map(({content, assignments}) => ({
        content,
        assignments: assignments
          .filter(({identity}) => identity === undefined || cluster.source === undefined || identity === cluster.source)
          .map(({assignment}) => assignment),
      }))
      .filter(({assignments}) => assignments.length > 0)
    return [cluster.name, {contents: own, complete}]
  })
}
