import type {Evidence, Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {Semantics} from '../semantics.js'
import {decideByMatcher, decideByRules, type EngineDecision, type MatcherAnswer} from './engine.js'
import type {Subject} from './subject.js'

export interface RbacQuestion {
  /** An RBAC filter message, network or HTTP. */
  readonly filter: View
  readonly subject: Subject
  readonly semantics: Semantics
  readonly layer: 'l4' | 'l7'
  readonly evidence: (view: View) => Evidence
  readonly evaluateMatcher?: (matcher: View) => MatcherAnswer
}

export interface RbacFilterDecision {
  readonly decision: 'allow' | 'deny' | 'undetermined'
  /** The policy that decided; `none` when an ALLOW filter found no match. */
  readonly policy?: string
  /** On denial, what Envoy writes as response code details or termination details. */
  readonly details?: string
  readonly missing: readonly string[]
  /** The enforced engine first, then the shadow engine. */
  readonly steps: readonly Step[]
  /** Fields of dynamic metadata that the shadow engine leaves behind; a result of `null` cannot be decided. */
  readonly shadowMetadata: Readonly<Record<string, string | null>>
}

/**
 * What an RBAC filter does with a connection or request: `rules` or `matcher` are enforced, the shadow forms only show up as steps;
 * without any of them nothing is enforced. Source: envoy-2022 D7, I.3, I.4, I.9.
 */
export function evaluateRbacFilter(question: RbacQuestion): RbacFilterDecision {
  const enforced = runEngine(question, {rules: 'rules', matcher: 'matcher'})
  const shadow = runEngine(question, {rules: 'shadow_rules', matcher: 'shadow_matcher'})
  const steps = [
    ...(enforced === undefined ? [] : [stepOf(enforced, question)]),
    ...(shadow === undefined ? [] : [{...stepOf(shadow, question), shadow: true}]),
  ]
  const shadowMetadata = shadow === undefined ? {} : metadataOf(shadow, question.filter.str('shadow_rules_stat_prefix') ?? '')
  if (enforced === undefined) return {decision: 'allow', missing: [], steps, shadowMetadata}
  const {decision, policy, missing} = enforced
  return {
    decision,
    missing,
    steps,
    shadowMetadata,
    ...(policy === undefined ? {} : {policy}),
    ...(decision === 'deny' && policy !== undefined ? {details: `rbac_access_denied_matched_policy[${policy}]`} : {}),
  }
}

/** The RBAC message in force for a route: RBACPerRoute replaces the filter's; an empty one switches enforcement off. Source: envoy-2022 D5. */
export function effectiveRbac(filter: View, perRoute: View | undefined): View | undefined {
  return perRoute === undefined ? filter : perRoute.message().get('rbac')
}

/** The policy is only there if one matched. Source: rbac_filter.cc decodeHeaders (shadowEffectivePolicyIdField, shadowEngineResultField). */
function metadataOf({decision, matched}: EngineDecision, prefix: string): Readonly<Record<string, string | null>> {
  const result = decision === 'undetermined' ? null : decision === 'deny' ? 'denied' : 'allowed'
  return {
    ...(matched === undefined ? {} : {[`${prefix}shadow_effective_policy_id`]: matched}),
    [`${prefix}shadow_engine_result`]: result,
  }
}

/** When both forms are configured, the matcher wins (rbac utility.h createEngine). */
function runEngine(question: RbacQuestion, fields: {rules: string; matcher: string}): EngineDecision | undefined {
  const matcher = question.filter.get(fields.matcher)
  if (matcher !== undefined) return decideByMatcher(matcher, question.evaluateMatcher)
  const rules = question.filter.get(fields.rules)
  return rules === undefined ? undefined : decideByRules(rules, question)
}

function stepOf(decision: EngineDecision, {layer, evidence}: RbacQuestion): Step {
  const {action, policy, clause, source, rejected} = decision
  return {
    kind: 'authorization',
    layer,
    action,
    decision: action === 'LOG' && decision.decision === 'allow' ? 'log' : decision.decision,
    ...(policy === undefined ? {} : {policy}),
    ...(clause === undefined ? {} : {clause}),
    because: decision.because,
    evidence: [evidence(source)],
    ...(rejected.length === 0 ? {} : {rejected}),
  }
}
