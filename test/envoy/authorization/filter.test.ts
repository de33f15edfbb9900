import {describe, expect, test} from 'vitest'
import {effectiveRbac, evaluateRbacFilter, type RbacFilterDecision} from '../../../src/envoy/authorization/filter.js'
import type {MatcherAnswer} from '../../../src/envoy/authorization/engine.js'
import {connectionOf, evidenceOf, semanticsFor, view} from '../match/samples.js'

const ANY = {any: true}
const HIT = {p: {permissions: [ANY], principals: [ANY]}}
const MISS = {p: {permissions: [{destination_port: 1}], principals: [ANY]}}
const OPEN = {p: {permissions: [ANY], principals: [ANY], condition: {}}}

function decide(filter: object, answer?: MatcherAnswer): RbacFilterDecision {
  return evaluateRbacFilter({
    filter: view(filter, '/filter'),
    subject: {connection: connectionOf()},
    semantics: semanticsFor(),
    layer: 'l4',
    evidence: evidenceOf,
    ...(answer === undefined ? {} : {evaluateMatcher: () => answer}),
  })
}

describe('enforced rules', () => {
  test.each([
    {name: 'ALLOW matched', rules: {policies: HIT}, decision: 'allow', policy: 'p'},
    {name: 'ALLOW missed', rules: {policies: MISS}, decision: 'deny', policy: 'none'},
    {name: 'ALLOW without policies denies everything', rules: {}, decision: 'deny', policy: 'none'},
    {name: 'DENY matched', rules: {action: 'DENY', policies: HIT}, decision: 'deny', policy: 'p'},
    {name: 'DENY missed', rules: {action: 'DENY', policies: MISS}, decision: 'allow', policy: undefined},
    {name: 'DENY without policies', rules: {action: 'DENY'}, decision: 'allow', policy: undefined},
    {name: 'LOG matched', rules: {action: 'LOG', policies: HIT}, decision: 'allow', policy: 'p'},
    {name: 'LOG missed', rules: {action: 'LOG', policies: MISS}, decision: 'allow', policy: undefined},
    {name: 'LOG never waits for a condition', rules: {action: 'LOG', policies: OPEN}, decision: 'allow', policy: undefined},
    {name: 'ALLOW open', rules: {policies: OPEN}, decision: 'undetermined', policy: undefined},
    {name: 'DENY open', rules: {action: 'DENY', policies: OPEN}, decision: 'undetermined', policy: undefined},
  ])('$name', ({rules, decision, policy}) => {
    const result = decide({rules})
    expect(result.decision).toBe(decision)
    expect(result.policy).toBe(policy)
    expect(result.details).toBe(decision === 'deny' ? `rbac_access_denied_matched_policy[${policy}]` : undefined)
    expect(result.missing).toEqual(decision === 'undetermined' ? ['p: CEL condition'] : [])
  })

  test('no rules enforce nothing and leave no step', () => {
    expect(decide({})).toEqual({decision: 'allow', missing: [], steps: [], shadowMetadata: {}})
  })

  test('the step names policy, clause and evidence', () => {
    expect(decide({rules: {action: 'DENY', policies: HIT}}).steps).toEqual([
      {
        kind: 'authorization',
        layer: 'l4',
        action: 'DENY',
        decision: 'deny',
        policy: 'p',
        clause: 'anything and anything',
        because: ['policy "p" matches'],
        evidence: [{dump: 'sample', pointer: '/filter/rules/policies/p', basis: 'recorded'}],
      },
    ])
  })

  test('the step of a miss tells how near a policy came', () => {
    expect(decide({rules: {policies: MISS}}).steps[0]).toMatchObject({
      decision: 'deny',
      because: ['no policy matches'],
      rejected: [{candidate: 'p', because: 'fails: destination port 1; holds: anything'}],
      evidence: [{pointer: '/filter/rules'}],
    })
  })

  test('a LOG step says log', () => {
    expect(decide({rules: {action: 'LOG', policies: HIT}}).steps[0]).toMatchObject({action: 'LOG', decision: 'log'})
  })
})

describe('shadow rules', () => {
  test('show up as a step and decide nothing', () => {
    const result = decide({shadow_rules: {action: 'DENY', policies: HIT}})
    expect(result).toMatchObject({decision: 'allow', missing: []})
    expect(result.steps).toMatchObject([{shadow: true, decision: 'deny', policy: 'p'}])
  })

  test.each([
    {
      what: 'a DENY that matches',
      shadow_rules: {action: 'DENY', policies: HIT},
      left: {shadow_effective_policy_id: 'p', shadow_engine_result: 'denied'},
    },
    {what: 'a DENY that misses', shadow_rules: {action: 'DENY', policies: MISS}, left: {shadow_engine_result: 'allowed'}},
    {what: 'an ALLOW that misses', shadow_rules: {policies: MISS}, left: {shadow_engine_result: 'denied'}},
  ])('$what leaves its result in dynamic metadata', ({shadow_rules, left}) => {
    expect(decide({shadow_rules}).shadowMetadata).toEqual(left)
    const prefixed = Object.fromEntries(Object.entries(left).map(([field, value]) => [`x_${field}`, value]))
    expect(decide({shadow_rules, shadow_rules_stat_prefix: 'x_'}).shadowMetadata).toEqual(prefixed)
  })

  test('come after the enforced ones', () => {
    const {decision, steps} = decide({rules: {policies: HIT}, shadow_rules: {policies: MISS}})
    expect(decision).toBe('allow')
    expect(steps.map((step) => (step.kind === 'authorization' ? (step.shadow ?? false) : undefined))).toEqual([false, true])
  })
})

describe('matcher', () => {
  const action = (config: object): MatcherAnswer => ({outcome: 'yes', action: view({name: 'label', typed_config: config}, '/action')})

  test.each([
    {name: 'ALLOW', answer: action({name: 'admin'}), decision: 'allow', policy: 'admin'},
    {name: 'DENY', answer: action({name: 'private', action: 'DENY'}), decision: 'deny', policy: 'private'},
    {name: 'LOG', answer: action({name: 'logged', action: 'LOG'}), decision: 'allow', policy: 'logged'},
    {name: 'no match denies', answer: {outcome: 'no', action: undefined} as const, decision: 'deny', policy: 'none'},
    {name: 'open', answer: {outcome: 'undetermined', action: undefined} as const, decision: 'undetermined', policy: undefined},
    {name: 'nobody evaluates it', answer: undefined, decision: 'undetermined', policy: undefined},
  ])('$name', ({answer, decision, policy}) => {
    const result = decide({matcher: {matcher_list: {}}}, answer)
    expect(result).toMatchObject({decision, ...(decision === 'deny' ? {details: `rbac_access_denied_matched_policy[${policy}]`} : {})})
    expect(result.policy).toBe(policy)
  })
})

describe('effectiveRbac', () => {
  const filter = view({rules: {policies: HIT}})

  test('the filter itself, what RBACPerRoute holds, or nothing', () => {
    const own = view({'@type': 'x/envoy.extensions.filters.http.rbac.v3.RBACPerRoute', rbac: {rules: {}}})
    const empty = view({'@type': 'x/envoy.extensions.filters.http.rbac.v3.RBACPerRoute'})
    expect(effectiveRbac(filter, undefined)).toBe(filter)
    expect(effectiveRbac(filter, own)?.value).toEqual({rules: {}})
    expect(effectiveRbac(filter, empty)).toBeUndefined()
  })
})
