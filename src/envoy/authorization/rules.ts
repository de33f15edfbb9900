import type {View} from '../../json/view.js'
import {matchCel} from '../match/cel/evaluate.js'
import type {Semantics} from '../semantics.js'
import {allClauses, anyClause, leaf, type Clause} from './clause.js'
import {PERMISSION} from './permission.js'
import {PRINCIPAL} from './principal.js'
import {evaluateRule} from './rule-tree.js'
import type {RuleContext, Subject} from './subject.js'

/** Longer lists of rules are cut; the last entry then says how many are left out. */
const MAX_LISTED_RULES = 12
/** Policies that nearly matched; the others are no help. */
const MAX_NEAR_MISSES = 3

/** A policy that did not match, with what spoke for it and against it. */
export interface NearMiss {
  readonly policy: string
  readonly held: readonly string[]
  readonly failed: readonly string[]
}

export type RbacDecision =
  /** The policy that matched, the first in lexicographic order, with the permission and the principal that made it match. */
  | {readonly matched: 'yes'; readonly policy: string; readonly clause: string}
  /** The policies with the most parts that held, nearest first; empty when there is no policy. */
  | {readonly matched: 'no'; readonly nearMisses: readonly NearMiss[]}
  /** What kept a policy from being decided, where it matters. */
  | {readonly matched: 'undetermined'; readonly undetermined: readonly string[]}

/**
 * Evaluates the policies of an envoy.config.rbac.v3.RBAC; the action is the caller's business. A policy matches when one permission, one
 * principal and its condition hold; policies are tried in lexicographic order. Source: envoy-2022 D7 (engine_impl.cc).
 */
export function evaluateRules({rules, subject, semantics}: {rules: View; subject: Subject; semantics: Semantics}): RbacDecision {
  const policies = (rules.get('policies')?.entries() ?? []).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const judged = policies.map(([name, policy]) => ({name, ...judge(policy, {subject, semantics})}))
  const match = judged.find(({whole}) => whole.outcome === 'yes')
  if (match !== undefined) return {matched: 'yes', policy: match.name, clause: match.whole.describe()}
  const open = judged.filter(({whole}) => whole.outcome === 'undetermined')
  if (open.length > 0) {
    return {matched: 'undetermined', undetermined: open.flatMap(({name, whole}) => whole.unknown().map((what) => `${name}: ${what}`))}
  }
  return {matched: 'no', nearMisses: nearestOf(judged)}
}

interface JudgedPolicy {
  readonly whole: Clause
  readonly parts: readonly Clause[]
}

function judge(policy: View, context: RuleContext): JudgedPolicy {
  const permission = anyClause(policy.list('permissions').map((rule) => evaluateRule(rule, {grammar: PERMISSION, context})))
  const principal = anyClause(policy.list('principals').map((rule) => evaluateRule(rule, {grammar: PRINCIPAL, context})))
  const parts = [permission, principal, ...conditionOf(policy, context)]
  return {whole: allClauses(parts), parts}
}

/** Envoy evaluates `condition`; whether it reads a `checked_condition` that stands alone is not known. */
function conditionOf(policy: View, {subject}: RuleContext): Clause[] {
  const condition = policy.get('condition')
  if (condition !== undefined) return [leaf(matchCel(condition, subject), () => 'CEL condition')]
  return policy.get('checked_condition') === undefined ? [] : [leaf('undetermined', () => 'CEL checked_condition')]
}

/** Those of which fewer parts failed first. */
function nearestOf(judged: readonly (JudgedPolicy & {name: string})[]): readonly NearMiss[] {
  const ranked = judged.map((policy) => ({policy, failing: policy.parts.filter(({outcome}) => outcome === 'no').length}))
  const nearest = ranked.toSorted((a, b) => a.failing - b.failing)
  return nearest.slice(0, MAX_NEAR_MISSES).map(({policy}) => nearMiss(policy))
}

function nearMiss({name, parts}: JudgedPolicy & {name: string}): NearMiss {
  return {
    policy: name,
    held: cut(parts.filter(({outcome}) => outcome === 'yes').map((part) => part.describe())),
    failed: cut(parts.filter(({outcome}) => outcome === 'no').flatMap((part) => part.failed())),
  }
}

/** Each once: generators write the same rule twice. */
function cut(all: readonly string[]): readonly string[] {
  const texts = [...new Set(all)]
  const left = texts.length - MAX_LISTED_RULES
  return left <= 0 ? texts : [...texts.slice(0, MAX_LISTED_RULES), `and ${left} more`]
}
