import {describe, expect, test} from 'vitest'
import {withOwnName} from '../../../src/envoy/http/own-name.js'
import {view} from '../match/samples.js'

const NODE = {id: 'edge-1', cluster: 'edge'}

/** Each row was tried on Envoy 1.40.0. */
describe('a connection manager that names itself', () => {
  test.each([
    {manager: {}, headers: [['a', 'b']], sent: [['a', 'b']]},
    {
      manager: {add_user_agent: true},
      headers: [],
      sent: [
        ['x-envoy-downstream-service-cluster', 'edge'],
        ['user-agent', 'edge'],
        ['x-envoy-downstream-service-node', 'edge-1'],
      ],
    },
    {
      manager: {add_user_agent: true},
      headers: [
        ['user-agent', 'curl'],
        ['x-envoy-downstream-service-node', 'forged'],
      ],
      sent: [
        ['user-agent', 'curl'],
        ['x-envoy-downstream-service-cluster', 'edge'],
        ['x-envoy-downstream-service-node', 'edge-1'],
      ],
    },
    {manager: {via: 'v1'}, headers: [], sent: [['via', 'v1']]},
    {manager: {via: 'v1'}, headers: [['via', 'c1']], sent: [['via', 'c1, v1']]},
    {manager: {via: ''}, headers: [['via', 'c1']], sent: [['via', 'c1']]},
  ] as const)('$manager turns $headers into $sent', ({manager, headers, sent}) => {
    expect(withOwnName(headers, {manager: view(manager), node: NODE})).toEqual(sent)
  })

  test('an empty user agent is none', () => {
    const headers = [['user-agent', '']] as const
    expect(withOwnName(headers, {manager: view({add_user_agent: true}), node: NODE})).toContainEqual(['user-agent', 'edge'])
  })

  test('without a bootstrap its name is not known, and without an id it tells none', () => {
    expect(withOwnName([], {manager: view({add_user_agent: true}), node: {}})).toEqual([
      ['x-envoy-downstream-service-cluster', '(the cluster of the proxy)'],
      ['user-agent', '(the cluster of the proxy)'],
    ])
  })
})
