import {describe, expect, test} from 'vitest'
import {describePolicies} from '../../../src/envoy/route/describe-policies.js'
import {view} from '../match/samples.js'
import {select} from './routing.js'

function told(action: object, virtualHost: object = {}): readonly string[] {
  return describePolicies({route: view({route: {cluster: 'c', ...action}}), virtualHost: view(virtualHost)})
}

/** envoy-2022 D5: retries go to other endpoints of the same cluster, a timeout of 0s is none. */
describe('describePolicies', () => {
  test.each([
    {name: 'nothing asked', action: {}, texts: []},
    {
      name: 'retries and timeout',
      action: {retry_policy: {retry_on: '5xx', num_retries: 2}, timeout: '15s'},
      texts: ['retries 2 on 5xx', 'timeout 15s'],
    },
    {name: 'one retry where no number is given', action: {retry_policy: {retry_on: 'reset,503'}}, texts: ['retries 1 on reset,503']},
    {name: 'none at all', action: {retry_policy: {retry_on: '5xx', num_retries: 0}}, texts: ['retries 0 on 5xx']},
    {name: 'a number without an occasion retries nothing', action: {retry_policy: {num_retries: 3}}, texts: []},
    {
      name: 'a limit per try',
      action: {retry_policy: {retry_on: '5xx', num_retries: 2, per_try_timeout: '1s'}},
      texts: ['retries 2 on 5xx', 'timeout per try 1s'],
    },
    {name: 'no timeout', action: {timeout: '0s'}, texts: ['no timeout']},
    {
      name: 'other limits',
      action: {idle_timeout: '60s', max_stream_duration: {max_stream_duration: '300s'}},
      texts: ['idle timeout 60s', 'stream duration limit 300s'],
    },
    {name: 'limits that are lifted', action: {idle_timeout: '0s', max_stream_duration: {max_stream_duration: '0s'}}, texts: []},
  ])('$name', ({action, texts}) => {
    expect(told(action)).toEqual(texts)
  })

  test('the policy of the virtual host counts where the route has none', () => {
    const virtualHost = {retry_policy: {retry_on: 'connect-failure', num_retries: 4}}
    expect(told({}, virtualHost)).toEqual(['retries 4 on connect-failure'])
    expect(told({retry_policy: {retry_on: '5xx'}}, virtualHost)).toEqual(['retries 1 on 5xx'])
    expect(told({retry_policy: {}}, virtualHost)).toEqual([])
  })

  test('an answer of its own is never retried', () => {
    const virtualHost = view({retry_policy: {retry_on: '5xx'}})
    expect(describePolicies({route: view({redirect: {}}), virtualHost})).toEqual([])
  })
})

test('the step of the route tells them behind its cluster', () => {
  const route = {name: 'r', match: {prefix: '/'}, route: {cluster: 'c', timeout: '15s'}}
  const retrying = {name: 'all', domains: ['*'], retry_policy: {retry_on: '5xx', num_retries: 2}, routes: [route]}
  expect(select({name: 'table', virtual_hosts: [retrying]})[0]?.steps[1]).toMatchObject({
    action: 'cluster c, retries 2 on 5xx, timeout 15s',
  })
})
