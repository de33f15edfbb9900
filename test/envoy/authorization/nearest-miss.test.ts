import {describe, expect, test} from 'vitest'
import {ANY, decide} from './judge.js'

const NOBODY = {not_id: ANY}
const port = (number: number): object => ({destination_port: number})

/** The policy that came nearest, with what held and what failed. */
function nearest(policies: object): object | undefined {
  const found = decide(policies)
  return found.matched === 'no' ? found.nearMisses[0] : undefined
}

// The words tell a reader which rule to look at: what held, and what failed.
describe('the nearest miss', () => {
  test('has the fewest of permission, principal and condition failing', () => {
    const condition = {const_expr: {bool_value: false}}
    expect(
      nearest({
        three: {permissions: [port(1)], principals: [NOBODY], condition},
        one: {permissions: [port(80)], principals: [ANY], condition},
        two: {permissions: [port(1)], principals: [NOBODY]},
      }),
    ).toEqual({policy: 'one', held: ['destination port 80', 'anything'], failed: ['CEL condition']})
  })

  test('of equally near ones is the first by name', () => {
    expect(nearest({b: {permissions: [port(2)], principals: [ANY]}, a: {permissions: [port(1)], principals: [ANY]}})).toEqual({
      policy: 'a',
      held: ['anything'],
      failed: ['destination port 1'],
    })
  })

  test('lists every alternative that failed, and of a group that held only what made it hold', () => {
    expect(
      nearest({
        p: {
          permissions: [port(1), port(80), port(2)],
          principals: [{and_ids: {ids: [ANY, {authenticated: {}}]}}, {source_ip: {address_prefix: '192.168.0.1', prefix_len: 32}}],
        },
      }),
    ).toEqual({policy: 'p', held: ['destination port 80'], failed: ['any TLS peer', 'source ip 192.168.0.1/32']})
  })

  test('a group that held is told with all its members', () => {
    const both = {and_rules: {rules: [port(80), {not_rule: port(81)}]}}
    expect(nearest({p: {permissions: [both], principals: [NOBODY]}})).toEqual({
      policy: 'p',
      held: ['destination port 80 and not (destination port 81)'],
      failed: ['not (anything)'],
    })
  })

  test('a negated group is told as a whole', () => {
    const either = {or_rules: {rules: [port(1), port(2)]}}
    expect(nearest({p: {permissions: [{not_rule: {not_rule: either}}], principals: [ANY]}})).toMatchObject({
      failed: ['not (not (destination port 1 or destination port 2))'],
    })
    const all = {and_rules: {rules: []}}
    expect(nearest({p: {permissions: [{not_rule: all}], principals: [ANY]}})).toMatchObject({failed: ['not (nothing)']})
  })

  test('a policy without permissions or principals fails without a rule to name', () => {
    expect(nearest({p: {permissions: [], principals: [ANY]}})).toEqual({policy: 'p', held: ['anything'], failed: []})
    expect(nearest({p: {}})).toEqual({policy: 'p', held: [], failed: []})
  })

  test('of several the three nearest are told, in their order', () => {
    const policy = (...ports: readonly number[]): object => ({permissions: ports.map(port), principals: [ANY]})
    const found = decide({a: {permissions: [port(1)], principals: [NOBODY]}, b: policy(1), c: policy(1, 2), d: policy(3)})
    expect(found.matched === 'no' ? found.nearMisses.map((miss) => miss.policy) : []).toEqual(['b', 'c', 'd'])
  })

  test('without policies there is none', () => {
    expect(decide({})).toEqual({matched: 'no', nearMisses: []})
  })

  test.each([
    {rules: 12, listed: 12, last: 'destination port 12'},
    {rules: 13, listed: 13, last: 'and 1 more'},
    {rules: 20, listed: 13, last: 'and 8 more'},
  ])('of $rules failing rules $listed entries are listed', ({rules, listed, last}) => {
    const permissions = Array.from({length: rules}, (_, index) => port(index + 1))
    const found = decide({p: {permissions, principals: [ANY]}})
    const failed = found.matched === 'no' ? (found.nearMisses[0]?.failed ?? []) : []
    expect([failed.length, failed[0], failed.at(-1)]).toEqual([listed, 'destination port 1', last])
  })
})

describe('the clause of a match', () => {
  const clause = (policy: object): string | undefined => {
    const found = decide({p: policy})
    return found.matched === 'yes' ? found.clause : undefined
  }

  test('names the alternative that held, and all members of an and', () => {
    expect(clause({permissions: [port(1), port(80), ANY], principals: [ANY]})).toBe('destination port 80 and anything')
    const range = {destination_port_range: {start: 1, end: 100}}
    expect(clause({permissions: [{and_rules: {rules: [port(80), range]}}], principals: [ANY]})).toBe(
      'destination port 80 and destination port in [1, 100) and anything',
    )
    expect(clause({permissions: [{and_rules: {rules: []}}], principals: [ANY]})).toBe('nothing and anything')
  })

  test('names the condition', () => {
    expect(clause({permissions: [ANY], principals: [ANY], condition: {const_expr: {bool_value: true}}})).toBe(
      'anything and anything and CEL condition',
    )
  })
})
