import {describe, expect, test} from 'vitest'
import {decideByMatcher, decideByRules, type EngineDecision, type MatcherAnswer} from '../../../src/envoy/authorization/engine.js'
import {evaluateRbacFilter, type RbacFilterDecision} from '../../../src/envoy/authorization/filter.js'
import {rbacHeaderLines} from '../../../src/envoy/authorization/subject.js'
import {connectionOf, evidenceOf, semanticsFor, unknownVersion, view} from '../match/samples.js'
import {ANY, OPEN} from './judge.js'

const ALL = {permissions: [ANY], principals: [ANY]}
const byRules = (rules: object): EngineDecision =>
  decideByRules(view(rules, '/rules'), {subject: {connection: connectionOf()}, semantics: semanticsFor()})

// envoy-2022 D7: why, in words, and where in the dump.
describe('a decision by rules', () => {
  test('names the policy that matched and points to it', () => {
    const found = byRules({policies: {'ns/p': ALL, z: ALL}})
    expect(found).toMatchObject({
      decision: 'allow',
      policy: 'ns/p',
      clause: 'anything and anything',
      because: ['policy "ns/p" matches'],
      missing: [],
      rejected: [],
    })
    expect(found.source.pointer).toBe('/rules/policies/ns~1p')
  })

  test('without policies says so, and blames no policy', () => {
    const {source, ...found} = byRules({action: 'ALLOW'})
    expect(found).toEqual({
      action: 'ALLOW',
      decision: 'deny',
      policy: 'none',
      because: ['there are no policies'],
      missing: [],
      rejected: [],
    })
    expect(source.pointer).toBe('/rules')
    expect(byRules({policies: {}}).because).toEqual(['there are no policies'])
  })

  test('on a miss tells how near the nearest policy came', () => {
    const range = {destination_port_range: {start: 1, end: 100}}
    const near = {permissions: [{and_rules: {rules: [{destination_port: 80}, range]}}], principals: [{authenticated: {}}, {not_id: ANY}]}
    expect(byRules({policies: {near}}).rejected).toEqual([
      {candidate: 'near', because: 'fails: any TLS peer, not (anything); holds: destination port 80 and destination port in [1, 100)'},
    ])
    const condition = {const_expr: {bool_value: false}}
    expect(byRules({policies: {p: {...ALL, condition}}}).rejected).toEqual([
      {candidate: 'p', because: 'fails: CEL condition; holds: anything'},
    ])
    expect(byRules({policies: {p: {permissions: [{not_rule: ANY}]}}}).rejected).toEqual([
      {candidate: 'p', because: 'fails: not (anything)'},
    ])
  })

  test('on a miss tells the three nearest policies, nearest first', () => {
    const both = {permissions: [{destination_port: 1}], principals: [{not_id: ANY}]}
    const identity = {permissions: [{destination_port: 80}], principals: [{authenticated: {}}]}
    const port = {permissions: [{destination_port: 1}], principals: [ANY]}
    expect(byRules({policies: {a: both, b: identity, c: both, d: port}}).rejected).toEqual([
      {candidate: 'b', because: 'fails: any TLS peer; holds: destination port 80'},
      {candidate: 'd', because: 'fails: destination port 1; holds: anything'},
      {candidate: 'a', because: 'fails: destination port 1, not (anything)'},
    ])
  })

  test('left open names what is missing, except for LOG, which never denies', () => {
    const policies = {p: {permissions: [OPEN], principals: [ANY]}}
    const open = ['p: permission phase_of_moon']
    expect(byRules({policies})).toMatchObject({action: 'ALLOW', decision: 'undetermined', because: open, missing: open})
    expect(byRules({action: 'LOG', policies})).toMatchObject({action: 'LOG', decision: 'allow', because: open, missing: []})
    expect(byRules({policies}).policy).toBeUndefined()
  })

  test.each([
    {action: 'ALLOW', hit: 'allow', miss: 'deny', policy: 'none'},
    {action: undefined, hit: 'allow', miss: 'deny', policy: 'none'},
    {action: 'DENY', hit: 'deny', miss: 'allow', policy: undefined},
    {action: 'LOG', hit: 'allow', miss: 'allow', policy: undefined},
  ])('$action: $hit on a match, $miss without one', ({action, hit, miss, policy}) => {
    const rules = action === undefined ? {} : {action}
    expect(byRules({...rules, policies: {p: ALL}})).toMatchObject({action: action ?? 'ALLOW', decision: hit, policy: 'p'})
    const missed = byRules({...rules, policies: {p: {...ALL, principals: []}}})
    expect([missed.decision, missed.policy, missed.because]).toEqual([miss, policy, ['no policy matches']])
  })
})

// envoy-2022 D7: actions of the matcher itself, no match denies; I.4: so does data that Envoy lacks.
describe('a decision by matcher', () => {
  const MATCHER = view({}, '/matcher')
  const decided = (answer: MatcherAnswer | undefined): EngineDecision =>
    decideByMatcher(MATCHER, answer === undefined ? undefined : () => answer)
  const action = (typed_config?: object): MatcherAnswer => ({
    outcome: 'yes',
    action: view(typed_config === undefined ? {} : {typed_config}, '/action'),
  })

  test.each([
    {
      what: 'an ALLOW by default',
      answer: action({name: 'a'}),
      expected: {action: 'ALLOW', decision: 'allow', policy: 'a', because: ['matcher action "a"']},
    },
    {
      what: 'a DENY',
      answer: action({name: 'd', action: 'DENY'}),
      expected: {action: 'DENY', decision: 'deny', policy: 'd', because: ['matcher action "d"']},
    },
    {
      what: 'a LOG',
      answer: action({name: 'l', action: 'LOG'}),
      expected: {action: 'LOG', decision: 'allow', policy: 'l', because: ['matcher action "l"']},
    },
    {
      what: 'an action without a name',
      answer: action(),
      expected: {action: 'ALLOW', decision: 'allow', policy: '', because: ['matcher action ""']},
    },
  ])('$what', ({answer, expected}) => {
    const {source, ...found} = decided(answer)
    expect(found).toEqual({...expected, matched: expected.policy, missing: [], rejected: []})
    expect(source.pointer).toBe('/action')
  })

  test.each([
    {what: 'nothing matched', answer: {outcome: 'no', action: undefined}, because: 'the matcher found no action', matched: 'none'},
    {what: 'a match without action', answer: {outcome: 'yes', action: undefined}, because: 'the match has no action', matched: undefined},
  ] as const)('$what: denied by no policy', ({answer, because, matched}) => {
    const expected = {
      action: 'ALLOW',
      decision: 'deny',
      policy: 'none',
      matched,
      because: [because],
      missing: [],
      rejected: [],
      source: MATCHER,
    }
    expect(decided(answer)).toEqual(expected)
  })

  test.each([{answer: {outcome: 'undetermined', action: undefined} as const}, {answer: undefined}])(
    'open: the matcher is what is missing',
    ({answer}) => {
      expect(decided(answer)).toEqual({
        action: 'ALLOW',
        decision: 'undetermined',
        because: ['the matcher cannot be decided'],
        missing: ['the RBAC matcher'],
        rejected: [],
        source: MATCHER,
      })
    },
  )
})

describe('the steps of a filter', () => {
  const run = (filter: object, answer?: MatcherAnswer): RbacFilterDecision =>
    evaluateRbacFilter({
      filter: view(filter, '/filter'),
      subject: {connection: connectionOf()},
      semantics: semanticsFor(),
      layer: 'l7',
      evidence: evidenceOf,
      ...(answer === undefined ? {} : {evaluateMatcher: () => answer}),
    })
  const DENY: MatcherAnswer = {outcome: 'yes', action: view({typed_config: {name: 'd', action: 'DENY'}}, '/filter/action')}

  // Recorded: shadow-deny, shadow-miss of matchers-rbac-network; log-shadow of matchers-rbac-http.
  test('a shadow matcher is a step that decides nothing', () => {
    const {decision, steps, ...rest} = run({shadow_matcher: {}}, DENY)
    const shadowMetadata = {shadow_effective_policy_id: 'd', shadow_engine_result: 'denied'}
    expect([decision, rest]).toEqual(['allow', {missing: [], shadowMetadata}])
    expect(steps).toEqual([
      {
        kind: 'authorization',
        layer: 'l7',
        action: 'DENY',
        decision: 'deny',
        policy: 'd',
        shadow: true,
        because: ['matcher action "d"'],
        evidence: [{dump: 'sample', pointer: '/filter/action', basis: 'recorded'}],
      },
    ])
  })

  test('a matcher wins over rules beside it, enforced and shadow', () => {
    const rules = {policies: {p: ALL}}
    expect(run({rules, matcher: {}}, DENY)).toMatchObject({decision: 'deny', policy: 'd', details: 'rbac_access_denied_matched_policy[d]'})
    expect(run({shadow_rules: rules, shadow_matcher: {}}, DENY).steps).toMatchObject([{policy: 'd', shadow: true}])
  })

  test('shadow rules that are open or would deny leave the enforced decision alone', () => {
    const enforced = {rules: {policies: {p: ALL}}}
    expect(run({...enforced, shadow_rules: {policies: {p: {permissions: [OPEN], principals: [ANY]}}}})).toMatchObject({
      decision: 'allow',
      policy: 'p',
      missing: [],
    })
    expect(run({...enforced, shadow_rules: {}})).toMatchObject({
      decision: 'allow',
      steps: [{decision: 'allow'}, {decision: 'deny', shadow: true}],
    })
  })

  test('a step leaves out what there is not', () => {
    const because = ['p: permission phase_of_moon']
    expect(run({rules: {policies: {p: {permissions: [OPEN], principals: [ANY]}}}}).steps).toStrictEqual([
      {
        kind: 'authorization',
        layer: 'l7',
        action: 'ALLOW',
        decision: 'undetermined',
        because,
        evidence: [evidenceOf(view({}, '/filter/rules'))],
      },
    ])
    expect(run({rules: {action: 'DENY'}})).toStrictEqual({
      decision: 'allow',
      missing: [],
      shadowMetadata: {},
      steps: [
        {
          kind: 'authorization',
          layer: 'l7',
          action: 'DENY',
          decision: 'allow',
          because: ['there are no policies'],
          evidence: [evidenceOf(view({}, '/filter/rules'))],
        },
      ],
    })
  })

  test.each([
    {action: 'LOG', decision: 'log'},
    {action: 'ALLOW', decision: 'allow'},
    {action: 'DENY', decision: 'deny'},
  ])('the step of a matching $action says $decision', ({action, decision}) => {
    expect(run({rules: {action, policies: {p: ALL}}}).steps).toMatchObject([{action, decision}])
  })
})

// envoy-2022 I.6; advisory GHSA-ghc4-35x6-crw5: RBAC changed with patch releases of 1.34 to 1.37.
describe('how RBAC reads repeated header lines', () => {
  const of = (minor: number, headerLines: 'joined' | 'single'): string =>
    rbacHeaderLines(semanticsFor({version: {major: 1, minor}, headerLines}))

  test.each([
    {minor: 33, reads: 'joined'},
    {minor: 34, reads: 'undetermined'},
    {minor: 37, reads: 'undetermined'},
    {minor: 38, reads: 'single'},
  ])('1.$minor: $reads', ({minor, reads}) => {
    expect(of(minor, 'joined')).toBe(reads)
    expect(of(minor, 'single')).toBe('single')
  })

  test('without a version it is what routes do, as far as that is known', () => {
    expect(rbacHeaderLines(unknownVersion())).toBe('undetermined')
    expect(rbacHeaderLines({...unknownVersion(), headerLines: 'joined'})).toBe('joined')
  })
})
