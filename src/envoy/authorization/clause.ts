import {allOf, anyOf, not, type Tri} from '../../flow/tri.js'

/** One rule of a policy, or a group of them, with its outcome. Texts are made only when somebody reads them. */
export interface Clause {
  readonly outcome: Tri
  /** The rule in words; of a group that holds, what made it hold. */
  readonly describe: () => string
  /** Rules that did not hold, for telling how near a policy came. */
  readonly failed: () => readonly string[]
  /** What could not be decided. */
  readonly unknown: () => readonly string[]
}

export function leaf(outcome: Tri, describe: () => string): Clause {
  const when = (wanted: Tri) => (): readonly string[] => (outcome === wanted ? [describe()] : [])
  return {outcome, describe, failed: when('no'), unknown: when('undetermined')}
}

export function allClauses(clauses: readonly Clause[]): Clause {
  return group(clauses, {outcome: allOf(clauses.map((clause) => clause.outcome)), describe: () => joined(clauses, ' and ')})
}

export function anyClause(clauses: readonly Clause[]): Clause {
  const hit = clauses.find((clause) => clause.outcome === 'yes')
  const describe = (): string => (hit === undefined ? joined(clauses, ' or ') : hit.describe())
  return group(clauses, {outcome: anyOf(clauses.map((clause) => clause.outcome)), describe})
}

export function notClause(clause: Clause): Clause {
  const negated = leaf(not(clause.outcome), () => `not (${clause.describe()})`)
  return {...negated, unknown: clause.unknown}
}

function group(clauses: readonly Clause[], {outcome, describe}: Pick<Clause, 'outcome' | 'describe'>): Clause {
  return {
    outcome,
    describe,
    failed: () => clauses.flatMap((clause) => clause.failed()),
    unknown: () => (outcome === 'undetermined' ? clauses.flatMap((clause) => clause.unknown()) : []),
  }
}

function joined(clauses: readonly Clause[], word: string): string {
  return clauses.length === 0 ? 'nothing' : clauses.map((clause) => clause.describe()).join(word)
}
