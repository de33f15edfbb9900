import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Tri} from '../../../src/flow/tri.js'
import {ANY, decide, judge, OPEN, wordsFor} from './judge.js'

type Message = Readonly<Record<string, unknown>>

const VALUES: readonly Tri[] = ['yes', 'no', 'undetermined']

interface Grammar {
  readonly kind: 'permission' | 'principal'
  readonly leaf: Readonly<Record<Tri, Message>>
  readonly all: (members: readonly Message[]) => Message
  readonly any: (members: readonly Message[]) => Message
  readonly not: (member: Message) => Message
}

const PERMISSION: Grammar = {
  kind: 'permission',
  leaf: {yes: {destination_port: 80}, no: {destination_port: 1}, undetermined: OPEN},
  all: (rules) => ({and_rules: {rules}}),
  any: (rules) => ({or_rules: {rules}}),
  not: (not_rule) => ({not_rule}),
}
const PRINCIPAL: Grammar = {
  kind: 'principal',
  leaf: {yes: ANY, no: {authenticated: {}}, undetermined: OPEN},
  all: (ids) => ({and_ids: {ids}}),
  any: (ids) => ({or_ids: {ids}}),
  not: (not_id) => ({not_id}),
}

/** Kleene's tables, written out. */
const AND: Readonly<Record<Tri, Readonly<Record<Tri, Tri>>>> = {
  yes: {yes: 'yes', no: 'no', undetermined: 'undetermined'},
  no: {yes: 'no', no: 'no', undetermined: 'no'},
  undetermined: {yes: 'undetermined', no: 'no', undetermined: 'undetermined'},
}
const OR: Readonly<Record<Tri, Readonly<Record<Tri, Tri>>>> = {
  yes: {yes: 'yes', no: 'yes', undetermined: 'yes'},
  no: {yes: 'yes', no: 'no', undetermined: 'undetermined'},
  undetermined: {yes: 'yes', no: 'undetermined', undetermined: 'undetermined'},
}
const NOT: Readonly<Record<Tri, Tri>> = {yes: 'no', no: 'yes', undetermined: 'undetermined'}

describe.each([PERMISSION, PRINCIPAL])('groups of a $kind', (grammar) => {
  const outcome = (rule: Message): Tri => judge({[grammar.kind]: rule}).matched
  const pairs = VALUES.flatMap((a) => VALUES.map((b) => ({a, b})))

  test.each(pairs)('$a with $b', ({a, b}) => {
    const members = [grammar.leaf[a], grammar.leaf[b]]
    expect(outcome(grammar.all(members))).toBe(AND[a][b])
    expect(outcome(grammar.any(members))).toBe(OR[a][b])
  })

  test.each(VALUES)('not %s', (value) => {
    expect(outcome(grammar.not(grammar.leaf[value]))).toBe(NOT[value])
  })

  test('an empty group: all of nothing holds, any of nothing does not', () => {
    expect([outcome(grammar.all([])), outcome(grammar.any([]))]).toEqual(['yes', 'no'])
  })

  test('any tree follows the tables', () => {
    interface Tree {
      readonly rule: Message
      readonly value: Tri
    }
    const tree = fc.letrec<{node: Tree}>((tie) => ({
      node: fc.oneof(
        {depthSize: 'small', withCrossShrink: true},
        fc.constantFrom(...VALUES).map((value) => ({rule: grammar.leaf[value], value})),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => ({rule: grammar.all([a.rule, b.rule]), value: AND[a.value][b.value]})),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => ({rule: grammar.any([a.rule, b.rule]), value: OR[a.value][b.value]})),
        tie('node').map((of) => ({rule: grammar.not(of.rule), value: NOT[of.value]})),
      ),
    })).node
    fc.assert(
      fc.property(tree, ({rule, value}) => {
        expect(outcome(rule)).toBe(value)
      }),
    )
  })

  test('64 levels are followed, one more is not', () => {
    const nested = (depth: number): Message => (depth === 0 ? grammar.leaf.yes : grammar.not(nested(depth - 1)))
    expect(outcome(nested(64))).toBe('yes')
    const deep = (depth: number): string => wordsFor({[grammar.kind]: nested(depth)})
    expect(deep(65)).toBe(`undetermined: p: a ${grammar.kind} nested deeper than 64 levels`)
    const grouped = (depth: number): Message => (depth === 0 ? grammar.leaf.yes : grammar.all([grouped(depth - 1)]))
    expect([outcome(grouped(64)), outcome(grouped(65))]).toEqual(['yes', 'undetermined'])
  })
})

// envoy-2022 D7: permissions are alternatives, principals are alternatives, and a policy needs one of each and its condition.
describe('a policy', () => {
  const rules = {permission: PERMISSION.leaf, principal: PRINCIPAL.leaf}

  test.each(VALUES.flatMap((permission) => VALUES.map((principal) => ({permission, principal}))))(
    'permission $permission, principal $principal',
    ({permission, principal}) => {
      expect(judge({permission: rules.permission[permission], principal: rules.principal[principal]}).matched).toBe(
        AND[permission][principal],
      )
    },
  )

  test('what is open is named where it matters, and only there', () => {
    const open = {matched: 'undetermined', undetermined: ['p: principal phase_of_moon']}
    expect(judge({permission: {or_rules: {rules: [ANY, {matcher: {name: 'm'}}]}}, principal: OPEN})).toEqual(open)
    expect(judge({permission: {and_rules: {rules: [{destination_port: 1}, OPEN]}}, principal: OPEN}).matched).toBe('no')
    const two = decide({
      a: {permissions: [OPEN], principals: [ANY]},
      b: {permissions: [ANY], principals: [ANY, OPEN], condition: {const_expr: {bool_value: false}}},
      c: {permissions: [ANY], principals: [{custom: {name: 'x'}}, OPEN]},
    })
    expect(two).toEqual({
      matched: 'undetermined',
      undetermined: ['a: permission phase_of_moon', 'c: custom principal x', 'c: principal phase_of_moon'],
    })
  })
})
