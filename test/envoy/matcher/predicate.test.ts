import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {evaluatePredicate, type PredicateResult} from '../../../src/envoy/matcher/predicate.js'
import {input, toChain} from '../engine/dump.js'
import {requestOf, streamOf, view} from '../match/samples.js'
import {branches, connectionTo, is, list, outcomes, pathOf, undecidedPredicate, unknownPredicate} from './trees.js'

type Message = Readonly<Record<string, unknown>>

const CONNECTION = connectionTo('10.0.8.1:80')
const PORT = 'DestinationPortInput'
const evaluate = (predicate: Message): PredicateResult => evaluatePredicate(view(predicate), {connection: CONNECTION})

const YES = is(PORT, {exact: '80'})
const NO = is(PORT, {exact: '81'})
const UNKNOWN = unknownPredicate()
const UNDECIDED = undecidedPredicate()
const and = (...predicate: readonly Message[]): Message => ({and_matcher: {predicate}})
const or = (...predicate: readonly Message[]): Message => ({or_matcher: {predicate}})
const not = (predicate: Message): Message => ({not_matcher: predicate})

// Recorded: list-* of matchers-matcher-predicates; envoy-2022 D2.
describe('a single predicate', () => {
  test.each([
    {what: 'exact', value: {exact: '10.0.8.1'}, holds: 'yes'},
    {what: 'exact, other', value: {exact: '10.0.8.2'}, holds: 'no'},
    {what: 'prefix', value: {prefix: '10.0.'}, holds: 'yes'},
    {what: 'suffix (list-suffix)', value: {suffix: '.8.1'}, holds: 'yes'},
    {what: 'contains (list-contains)', value: {contains: '.8.'}, holds: 'yes'},
    {what: 'regex matches the whole text', value: {safe_regex: {regex: '10\\.0\\.8'}}, holds: 'no'},
    {what: 'regex', value: {safe_regex: {regex: '10\\..*'}}, holds: 'yes'},
    {what: 'a regex RE2 refuses', value: {safe_regex: {regex: '('}}, holds: 'undetermined'},
  ])('$what', ({value, holds}) => {
    expect(evaluate(is('DestinationIPInput', value)).holds).toBe(holds)
  })

  test('tells what it looked at, and what it took', () => {
    const port = {input: PORT, value: '80'}
    expect(evaluate(YES)).toEqual({holds: 'yes', why: [], inputs: [{...port, matched: '80'}]})
    expect(evaluate(NO)).toEqual({holds: 'no', why: [], inputs: [{...port, matched: undefined}]})
    const broken = evaluate(is(PORT, {safe_regex: {regex: '('}}))
    expect(broken).toEqual({holds: 'undetermined', why: [`string matcher on ${PORT}`], inputs: [{...port, matched: undefined}]})
  })

  test('an absent input does not match, whatever the pattern', () => {
    expect(evaluate(is('ServerNameInput', {prefix: ''}))).toEqual({
      holds: 'no',
      why: [],
      inputs: [{input: 'ServerNameInput', value: undefined, matched: undefined}],
    })
    expect(evaluate(not(is('ServerNameInput', {prefix: ''}))).holds).toBe('yes')
  })

  test('a custom matcher is named, also without a type', () => {
    expect(evaluate(UNKNOWN)).toMatchObject({holds: 'undetermined', why: ['custom matcher x.Custom'], inputs: [{value: '10.0.8.1'}]})
    const bare = {single_predicate: {input: input(PORT)}}
    expect(evaluate(bare).why).toEqual(['custom matcher custom matcher'])
  })

  test('an input this tool does not know leaves it open, by name', () => {
    expect(evaluate(is('MoonInput', {exact: 'full'})).why).toEqual([
      'matcher input envoy.extensions.matching.common_inputs.network.v3.MoonInput',
    ])
    expect(evaluate(is('MoonInput', {exact: 'full'}))).toMatchObject({holds: 'undetermined', inputs: [{value: undefined}]})
  })

  test('no predicate and a kind nobody knows', () => {
    const open = {holds: 'undetermined', why: ['a predicate of unknown kind'], inputs: []}
    expect(evaluate({})).toEqual(open)
    expect(evaluatePredicate(undefined, {connection: CONNECTION})).toEqual(open)
  })
})

// envoy-2022 D2, I.4: three-valued; an `and` stops at the first operand without data, an `or` looks at all of them (field_matcher.h).
describe('and, or, not', () => {
  test.each([
    {what: 'and()', predicate: and(), holds: 'yes'},
    {what: 'or()', predicate: or(), holds: 'no'},
    {what: 'yes and yes', predicate: and(YES, YES), holds: 'yes'},
    {what: 'yes and no', predicate: and(YES, NO), holds: 'no'},
    {what: 'yes and unknown', predicate: and(YES, UNKNOWN), holds: 'undetermined', why: ['custom matcher x.Custom']},
    {what: 'unknown and no', predicate: and(UNKNOWN, NO), holds: 'no'},
    {what: 'no and undecided', predicate: and(NO, UNDECIDED), holds: 'no'},
    {
      what: 'undecided and no',
      predicate: and(UNDECIDED, NO),
      holds: 'undetermined',
      why: ['TLS input on a plaintext connection'],
      undecided: true,
    },
    {
      what: 'undecided and unknown',
      predicate: and(UNDECIDED, UNKNOWN),
      holds: 'undetermined',
      why: ['TLS input on a plaintext connection'],
      undecided: true,
    },
    {
      what: 'unknown and undecided',
      predicate: and(UNKNOWN, UNDECIDED),
      holds: 'undetermined',
      why: ['custom matcher x.Custom', 'TLS input on a plaintext connection'],
    },
    {what: 'no or yes', predicate: or(NO, YES), holds: 'yes'},
    {what: 'no or no', predicate: or(NO, NO), holds: 'no'},
    {what: 'unknown or yes', predicate: or(UNKNOWN, YES), holds: 'yes'},
    {what: 'unknown or no', predicate: or(UNKNOWN, NO), holds: 'undetermined', why: ['custom matcher x.Custom']},
    {what: 'undecided or yes', predicate: or(UNDECIDED, YES), holds: 'yes'},
    {
      what: 'undecided or no',
      predicate: or(UNDECIDED, NO),
      holds: 'undetermined',
      why: ['TLS input on a plaintext connection'],
      undecided: true,
    },
    {
      what: 'undecided or unknown',
      predicate: or(UNDECIDED, UNKNOWN),
      holds: 'undetermined',
      why: ['TLS input on a plaintext connection', 'custom matcher x.Custom'],
    },
    {what: 'not yes', predicate: not(YES), holds: 'no'},
    {what: 'not no', predicate: not(NO), holds: 'yes'},
    {what: 'not unknown', predicate: not(UNKNOWN), holds: 'undetermined', why: ['custom matcher x.Custom']},
    {
      what: 'not undecided',
      predicate: not(UNDECIDED),
      holds: 'undetermined',
      why: ['TLS input on a plaintext connection'],
      undecided: true,
    },
  ])('$what is $holds', ({predicate, holds, why = [], undecided = false}) => {
    const result = evaluate(predicate)
    expect([result.holds, result.why]).toEqual([holds, why])
    expect(result.undecided).toBe(undecided ? why.join(' and ') : undefined)
  })

  interface Formula {
    readonly predicate: Message
    readonly value: boolean
  }
  const formula = fc.letrec<{node: Formula}>((tie) => ({
    node: fc.oneof(
      {depthSize: 'small', withCrossShrink: true},
      fc.boolean().map((value) => ({predicate: value ? YES : NO, value})),
      fc
        .array(tie('node'), {maxLength: 3})
        .map((of) => ({predicate: and(...of.map((one) => one.predicate)), value: of.every((one) => one.value)})),
      fc
        .array(tie('node'), {maxLength: 3})
        .map((of) => ({predicate: or(...of.map((one) => one.predicate)), value: of.some((one) => one.value)})),
      tie('node').map((of) => ({predicate: not(of.predicate), value: !of.value})),
    ),
  })).node

  test('where everything is known they are Boolean algebra', () => {
    fc.assert(
      fc.property(formula, ({predicate, value}) => {
        expect(evaluate(predicate)).toMatchObject({holds: value ? 'yes' : 'no', why: []})
      }),
    )
  })

  test('every operand shows up with its input, in order', () => {
    expect(evaluate(or(NO, and(YES, is('DestinationIPInput', {prefix: '1'})))).inputs.map((one) => [one.input, one.matched])).toEqual([
      [PORT, undefined],
      [PORT, '80'],
      ['DestinationIPInput', '10.0.8.1'],
    ])
  })
})

describe('a CEL matcher', () => {
  const cel = (expression: Message): Message => ({
    single_predicate: {
      input: {name: 'cel', typed_config: {'@type': 'type.googleapis.com/xds.type.matcher.v3.HttpAttributesCelMatchInput'}},
      custom_match: {
        name: 'cel',
        typed_config: {'@type': 'type.googleapis.com/xds.type.matcher.v3.CelMatcher', expr_match: {cel_expr_parsed: {expr: expression}}},
      },
    },
  })

  test.each([
    {
      what: 'holds',
      expression: {const_expr: {bool_value: true}},
      result: {holds: 'yes', why: [], inputs: [{input: 'cel', value: undefined, matched: 'true'}]},
    },
    {
      what: 'does not hold',
      expression: {const_expr: {bool_value: false}},
      result: {holds: 'no', why: [], inputs: [{input: 'cel', value: undefined, matched: undefined}]},
    },
    {
      what: 'is beyond this tool',
      expression: {ident_expr: {name: 'moon'}},
      result: {holds: 'undetermined', why: ['a CEL expression'], inputs: [{input: 'cel', value: undefined, matched: undefined}]},
    },
  ])('$what', ({expression, result}) => {
    expect(evaluate(cel(expression))).toEqual(result)
  })

  test('reads the request', () => {
    const method = {select_expr: {operand: {ident_expr: {name: 'request'}}, field: 'method'}}
    const stream = streamOf(requestOf({method: 'PUT'}))
    const put = {call_expr: {function: '_==_', args: [method, {const_expr: {string_value: 'PUT'}}]}}
    expect(evaluatePredicate(view(cel(put)), {connection: CONNECTION, stream}).holds).toBe('yes')
  })
})

describe('a list with an entry that nobody can decide', () => {
  const rest = {when: YES, on: toChain('rest')}

  test('for this tool: it holds or it does not', () => {
    expect(branches(list([{when: UNKNOWN, on: toChain('first')}, rest]), {connection: CONNECTION})).toEqual([
      'one of 2: first if custom matcher x.Custom matches',
      'one of 2: rest if not: custom matcher x.Custom matches',
    ])
    expect(branches(list([{on: toChain('first')}, rest]), {connection: CONNECTION})).toEqual([
      'one of 2: first if a predicate of unknown kind matches',
      'one of 2: rest if not: a predicate of unknown kind matches',
    ])
  })

  test('all that is open is said', () => {
    const both = and(UNKNOWN, unknownPredicate('x.Other'))
    expect(branches(list([{when: both, on: toChain('first')}]), {connection: CONNECTION})[0]).toBe(
      'one of 2: first if custom matcher x.Custom and custom matcher x.Other matches',
    )
  })

  test('for Envoy: the list ends there (I.4; recorded: uri-san-plain of matchers-rbac-matcher)', () => {
    const entries = [{when: UNDECIDED, on: toChain('first')}, rest]
    expect(outcomes(list(entries, toChain('else')), {connection: CONNECTION})).toEqual(['undecided: TLS input on a plaintext connection'])
    expect(pathOf(list(entries), {connection: CONNECTION})).toEqual(['san (absent) → (no match)'])
    const twice = [{when: or(UNDECIDED, UNDECIDED), on: toChain('first')}]
    expect(outcomes(list(twice), {connection: CONNECTION})).toEqual([
      'undecided: TLS input on a plaintext connection and TLS input on a plaintext connection',
    ])
    const tls = connectionTo('10.0.8.1:80', {tls: {}})
    expect(outcomes(list(entries), {connection: tls})).toEqual(['rest'])
  })
})
