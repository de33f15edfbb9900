import type {Rejected} from '../../flow/step.js'
import type {Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import type {Semantics} from '../semantics.js'
import {evaluateRules, type NearMiss, type RbacDecision} from './rules.js'
import type {Subject} from './subject.js'

/** What a unified matcher says. `no` is also Envoy's answer for data it does not have (envoy-2022 I.4). */
export interface MatcherAnswer {
  /** The action of the match: a TypedExtensionConfig. */
  readonly action: View | undefined
  readonly outcome: Tri
}

export type RbacAction = 'ALLOW' | 'DENY' | 'LOG'

/** What one engine (enforced or shadow) decides, and why. */
export interface EngineDecision {
  readonly action: RbacAction
  readonly decision: 'allow' | 'deny' | 'undetermined'
  readonly policy?: string
  /** The policy, or the action of a matcher, that was found: dynamic metadata names it. */
  readonly matched?: string
  readonly clause?: string
  readonly because: readonly string[]
  readonly missing: readonly string[]
  readonly rejected: readonly Rejected[]
  /** The part of the config that decided. */
  readonly source: View
}

/** ALLOW needs a match, DENY needs none, LOG never denies; present rules without policies deny everything. Source: envoy-2022 D7. */
export function decideByRules(rules: View, {subject, semantics}: {subject: Subject; semantics: Semantics}): EngineDecision {
  const action = actionOf(rules.str('action'))
  const open = {action, missing: [], rejected: [], source: rules} as const
  const found = evaluateRules({rules, subject, semantics})
  switch (found.matched) {
    case 'yes':
      return {...open, decision: action === 'DENY' ? 'deny' : 'allow', ...matchOf(rules, found)}
    case 'no':
      return {...open, decision: action === 'ALLOW' ? 'deny' : 'allow', ...missOf(action, found.nearMisses)}
    case 'undetermined':
      return action === 'LOG'
        ? {...open, decision: 'allow', because: found.undetermined}
        : {...open, decision: 'undetermined', because: found.undetermined, missing: found.undetermined}
    default:
      return found satisfies never
  }
}

/** The action of a unified matcher; no match denies. Source: envoy-2022 D7 (RoleBasedAccessControlMatcherEngine), I.4. */
export function decideByMatcher(matcher: View, evaluate: ((matcher: View) => MatcherAnswer) | undefined): EngineDecision {
  const answer: MatcherAnswer = evaluate?.(matcher) ?? {action: undefined, outcome: 'undetermined'}
  const open = {action: 'ALLOW', missing: [], rejected: [], source: matcher} as const
  switch (answer.outcome) {
    case 'undetermined':
      return {...open, decision: 'undetermined', because: ['the matcher cannot be decided'], missing: ['the RBAC matcher']}
    case 'no':
      return {...open, decision: 'deny', policy: 'none', matched: 'none', because: ['the matcher found no action']}
    case 'yes':
      return answer.action === undefined
        ? {...open, decision: 'deny', policy: 'none', because: ['the match has no action']}
        : byAction(answer.action)
    default:
      return answer.outcome satisfies never
  }
}

/** An envoy.config.rbac.v3.Action: its own name is the policy that Envoy reports. */
function byAction(config: View): EngineDecision {
  const message = config.get('typed_config')?.message()
  const action = actionOf(message?.str('action'))
  const policy = message?.str('name') ?? ''
  const because = [`matcher action "${policy}"`]
  return {
    action,
    decision: action === 'DENY' ? 'deny' : 'allow',
    policy,
    matched: policy,
    because,
    missing: [],
    rejected: [],
    source: config,
  }
}

type Match = Extract<RbacDecision, {matched: 'yes'}>

function matchOf(rules: View, {policy, clause}: Match): Pick<EngineDecision, 'policy' | 'matched' | 'clause' | 'because' | 'source'> {
  return {policy, matched: policy, clause, because: [`policy "${policy}" matches`], source: rules.get('policies')?.own(policy) ?? rules}
}

/** Without a match an ALLOW filter reports the policy `none`. */
function missOf(action: RbacAction, misses: readonly NearMiss[]): Pick<EngineDecision, 'policy' | 'because' | 'rejected'> {
  return {
    ...(action === 'ALLOW' ? {policy: 'none'} : {}),
    because: [misses.length === 0 ? 'there are no policies' : 'no policy matches'],
    rejected: misses.map(rejectedPolicy),
  }
}

function rejectedPolicy({policy, held, failed}: NearMiss): Rejected {
  return {
    candidate: policy,
    because: [`fails: ${failed.join(', ')}`, ...(held.length === 0 ? [] : [`holds: ${held.join(', ')}`])].join('; '),
  }
}

/** Proto default: ALLOW. */
function actionOf(text: string | undefined): RbacAction {
  return text === 'DENY' || text === 'LOG' ? text : 'ALLOW'
}
