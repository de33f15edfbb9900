import {describe, expect, test} from 'vitest'
import {ANY, decide} from './judge.js'

// envoy-2022 D7: which policy of several decides, and what its condition adds.
describe('policies', () => {
  const all = {permissions: [ANY], principals: [ANY]}

  test('the first match in lexicographic order names the policy', () => {
    expect(decide({'z-last': all, 'a-first': all, 'm-mid': all})).toMatchObject({matched: 'yes', policy: 'a-first'})
  })

  test('permissions and principals must both hold, one of each is enough', () => {
    expect(decide({p: {permissions: [{destination_port: 1}, {destination_port: 80}], principals: [ANY]}})).toMatchObject({
      matched: 'yes',
      clause: 'destination port 80 and anything',
    })
    expect(decide({p: {permissions: [ANY], principals: [{not_id: ANY}]}}).matched).toBe('no')
    expect(decide({p: {permissions: [], principals: [ANY]}}).matched).toBe('no')
    expect(decide({}).matched).toBe('no')
  })

  test.each([
    {name: 'holds', condition: {const_expr: {bool_value: true}}, matched: 'yes'},
    {name: 'does not hold', condition: {const_expr: {bool_value: false}}, matched: 'no'},
    {name: 'is beyond the tool', condition: {ident_expr: {name: 'moon'}}, matched: 'undetermined'},
  ])('a CEL condition that $name', ({condition, matched: outcome}) => {
    expect(decide({c: {...all, condition}}).matched).toBe(outcome)
  })

  test('a condition leaves open only what the rest does not decide', () => {
    expect(decide({c: {...all, condition: {}}})).toEqual({matched: 'undetermined', undetermined: ['c: CEL condition']})
    expect(decide({c: {...all, checked_condition: {}}})).toEqual({matched: 'undetermined', undetermined: ['c: CEL checked_condition']})
    expect(decide({c: {permissions: [{destination_port: 1}], principals: [ANY], condition: {}}}).matched).toBe('no')
    expect(decide({c: {...all, condition: {}}, d: all})).toMatchObject({matched: 'yes', policy: 'd'})
  })

  test('the nearest miss is the policy with the fewest parts failing', () => {
    const nearestMiss = {policy: 'near', held: ['destination port 80'], failed: ['source ip 192.168.0.1/32', 'any TLS peer']}
    expect(
      decide({
        far: {permissions: [{destination_port: 1}], principals: [{not_id: ANY}]},
        near: {
          permissions: [{destination_port: 80}],
          principals: [{or_ids: {ids: [{source_ip: {address_prefix: '192.168.0.1', prefix_len: 32}}, {authenticated: {}}]}}],
        },
      }),
    ).toMatchObject({matched: 'no', nearMisses: [nearestMiss, {policy: 'far'}]})
  })

  test('a hostile tree ends in undetermined', () => {
    let permission: object = ANY
    for (let depth = 0; depth < 3000; depth++) permission = {not_rule: permission}
    expect(decide({p: {permissions: [permission], principals: [ANY]}}).matched).toBe('undetermined')
  })
})
