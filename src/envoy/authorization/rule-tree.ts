import type {View} from '../../json/view.js'
import {allClauses, anyClause, leaf, notClause, type Clause} from './clause.js'
import type {RuleContext} from './subject.js'

/** Rules nested deeper than this are not evaluated: no generator writes them. */
const MAX_NESTING = 64

export type RuleKind = (value: View, context: RuleContext) => Clause

/** The shape that permissions and principals share: groups over leaves, under different field names. */
export interface RuleGrammar {
  /** `permission` or `principal`. */
  readonly noun: string
  readonly all: string
  readonly any: string
  readonly not: string
  /** The field of a group that lists its members. */
  readonly members: string
  readonly leaves: ReadonlyMap<string, RuleKind>
}

/** Evaluates one Permission or Principal. A kind the tool does not know is undetermined and named. Source: envoy-2022 D7 (matchers.cc). */
export function evaluateRule(rule: View, {grammar, context}: {grammar: RuleGrammar; context: RuleContext}): Clause {
  return evaluate(rule, {grammar, context, depth: 0})
}

interface Walk {
  readonly grammar: RuleGrammar
  readonly context: RuleContext
  readonly depth: number
}

function evaluate(rule: View, walk: Walk): Clause {
  const {grammar} = walk
  if (walk.depth > MAX_NESTING) return leaf('undetermined', () => `a ${grammar.noun} nested deeper than ${MAX_NESTING} levels`)
  const all = rule.get(grammar.all)
  if (all !== undefined) return allClauses(members(all, walk))
  const any = rule.get(grammar.any)
  if (any !== undefined) return anyClause(members(any, walk))
  const negated = rule.get(grammar.not)
  return negated === undefined ? evaluateLeaf(rule, walk) : notClause(evaluate(negated, deeper(walk)))
}

function evaluateLeaf(rule: View, {grammar, context}: Walk): Clause {
  for (const [field, kind] of grammar.leaves) {
    const value = rule.get(field)
    if (value !== undefined) return kind(value, context)
  }
  const [name] = rule.entries()[0] ?? ['of no kind']
  return leaf('undetermined', () => `${grammar.noun} ${name}`)
}

function members(group: View, walk: Walk): Clause[] {
  return group.list(walk.grammar.members).map((member) => evaluate(member, deeper(walk)))
}

function deeper(walk: Walk): Walk {
  return {...walk, depth: walk.depth + 1}
}
