import type {Step} from '../../flow/step.js'
import type {Tri} from '../../flow/tri.js'
import {policyKey, type Policy, type Workload} from '../config/model.js'
import {compareText} from '../../flow/compare-text.js'
import type {ZtunnelState} from '../state/state.js'
import type {AuthorizedConnection} from './connection.js'
import {explainPolicy} from './explain.js'
import {policyMatches} from './match.js'

/** What the policies of a workload say about a connection. */
export interface Authorization {
  readonly decision: 'allow' | 'deny' | 'undetermined'
  /** The text ztunnel gives as the reason. Several when the order inside a group of policies is random (ambient-ga I.14). */
  readonly reasons: readonly Reason[]
  readonly steps: readonly Step[]
}

export interface Reason {
  readonly text: string
  /** The policy that denied; absent when no ALLOW policy matched. */
  readonly policy?: string
}

interface Evaluated {
  readonly policy: Policy
  readonly matches: Tri
}

/** DENY policies first, then ALLOW policies if there are any (ambient-ga C.3). */
export function authorize(
  state: ZtunnelState,
  input: {readonly workload: Workload; readonly connection: AuthorizedConnection},
): Authorization {
  const groups = policyGroups(state, input.workload).map((group) => evaluate(group, input.connection))
  const all = groups.flat()
  const steps = all.map((one) => policyStep(state, {...one, connection: input.connection}))
  const enforced = groups.map((group) => group.filter(({policy}) => !(state.semantics.dryRun && policy.dryRun)))
  const denials = denyingPolicies(enforced)
  if (denials.length > 0) return {decision: 'deny', reasons: denials.map(denial), steps}
  return {...withoutDenial(enforced.flat()), steps}
}

function withoutDenial(enforced: readonly Evaluated[]): Pick<Authorization, 'decision' | 'reasons'> {
  const [deny, allow] = (['Deny', 'Allow'] as const).map((action) => enforced.filter(({policy}) => policy.action === action))
  const open = (group: readonly Evaluated[] = []): boolean => group.some(({matches}) => matches === 'undetermined')
  if (open(deny)) return {decision: 'undetermined', reasons: []}
  if (allow === undefined || allow.length === 0 || allow.some(({matches}) => matches === 'yes')) return {decision: 'allow', reasons: []}
  if (open(allow)) return {decision: 'undetermined', reasons: []}
  return {decision: 'deny', reasons: [{text: 'allow policies exist, but none allowed'}]}
}

/**
 * Policies of the namespace, of the mesh, and those the workload names, in this order. Inside the first two the order is that of a hash
 * set; the third is a list.
 */
function policyGroups({config, policies}: ZtunnelState, workload: Workload): readonly (readonly Policy[])[] {
  const sorted = config.policies.toSorted((a, b) => compareText(policyKey(a), policyKey(b)))
  const selected = workload.authorizationPolicies.flatMap((key) => policies.get(key) ?? [])
  return [
    sorted.filter(({scope, namespace}) => scope === 'Namespace' && namespace === workload.namespace),
    sorted.filter(({scope}) => scope === 'Global'),
    ...selected.map((policy) => [policy]),
  ]
}

function evaluate(policies: readonly Policy[], connection: AuthorizedConnection): readonly Evaluated[] {
  return policies.map((policy) => ({policy, matches: policyMatches(policy, connection)}))
}

/** The first group with a match decides; which policy of that group is named, may vary. */
function denyingPolicies(groups: readonly (readonly Evaluated[])[]): readonly Policy[] {
  const denying = groups.map((group) => group.filter(({policy, matches}) => policy.action === 'Deny' && matches === 'yes'))
  return (denying.find((group) => group.length > 0) ?? []).map(({policy}) => policy)
}

function denial(policy: Policy): Reason {
  return {text: `explicitly denied by: ${policyKey(policy)}`, policy: policyKey(policy)}
}

function policyStep(state: ZtunnelState, {policy, matches, connection}: Evaluated & {readonly connection: AuthorizedConnection}): Step {
  const decisive = explainPolicy(policy, connection)
  const action = policy.action === 'Deny' ? 'DENY' : 'ALLOW'
  return {
    kind: 'authorization',
    layer: 'l4',
    action,
    decision: decisionOf(action, matches),
    policy: policyKey(policy),
    ...(state.semantics.dryRun && policy.dryRun ? {shadow: true} : {}),
    ...(decisive.length === 0 ? {} : {clause: decisive.map(({text}) => text).join('; ')}),
    because: [
      `source ${connection.identity ?? 'without identity'} at ${connection.source.ip}`,
      `destination ${connection.destination.ip} port ${connection.destination.port}`,
    ],
    evidence: state.evidence(policy, ...decisive.map(({at}) => at)),
  }
}

function decisionOf(action: 'ALLOW' | 'DENY', matches: Tri): 'allow' | 'deny' | 'undetermined' {
  if (matches === 'undetermined') return matches
  return (action === 'DENY') === (matches === 'yes') ? 'deny' : 'allow'
}
