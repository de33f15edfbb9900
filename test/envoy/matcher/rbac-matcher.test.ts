import {describe, expect, test} from 'vitest'
import type {EngineContext} from '../../../src/envoy/context.js'
import {rbacMatcher} from '../../../src/envoy/matcher/rbac-matcher.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {dump, toChain} from '../engine/dump.js'
import {evidenceOf, view} from '../match/samples.js'
import {connectionTo, exact, is, list, NEWER, undecidedPredicate, unknownPredicate} from './trees.js'

const CONTEXT: EngineContext = {
  config: readEnvoyConfig(memoryStore({name: 'test.json', document: dump({})})),
  semantics: NEWER,
  place: {kind: 'envoy', name: 'test'},
  evidence: evidenceOf,
}

// envoy-2022 D7, I.4: no match and missing data deny, so both answer `no`; what this tool cannot tell stays open.
describe('a matcher with one answer', () => {
  const held = is('DestinationIPInput', {prefix: '10.'})

  test.each([
    {
      what: 'an action',
      matcher: list([{when: held, on: toChain('allow')}]),
      outcome: 'yes',
      action: '/m/matcher_list/matchers/0/on_match/action',
    },
    {what: 'no action', matcher: list([]), outcome: 'no', action: undefined},
    {what: 'data that Envoy lacks', matcher: list([{when: undecidedPredicate(), on: toChain('x')}]), outcome: 'no', action: undefined},
    {what: 'a tree nobody knows', matcher: {matcher_tree: {}}, outcome: 'undetermined', action: undefined},
    {
      what: 'several possible outcomes',
      matcher: list([{when: unknownPredicate(), on: toChain('x')}]),
      outcome: 'undetermined',
      action: undefined,
    },
    {what: 'an unknown input', matcher: exact('MoonInput', {a: toChain('x')}), outcome: 'undetermined', action: undefined},
  ])('$what: $outcome', ({matcher, outcome, action}) => {
    const answer = rbacMatcher(CONTEXT, {connection: connectionTo('10.0.0.1:80')})(view(matcher, '/m'))
    expect([answer.outcome, answer.action?.pointer]).toEqual([outcome, action])
  })

  test('the version of the proxy decides what a nested miss does', () => {
    const matcher = exact('DestinationPortInput', {80: {matcher: {}}}, toChain('else'))
    const answers = (['resume', 'final', 'undetermined'] as const).map((rule) => {
      const semantics = {...NEWER, nestedMiss: rule, prefixMiss: rule}
      return rbacMatcher({...CONTEXT, semantics}, {connection: connectionTo('10.0.0.1:80')})(view(matcher)).outcome
    })
    expect(answers).toEqual(['yes', 'no', 'undetermined'])
  })
})
