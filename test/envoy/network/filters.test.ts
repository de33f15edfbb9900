import {describe, expect, test} from 'vitest'
import {formatShare} from '../../../src/flow/share.js'
import type {Exit} from '../../../src/flow/forwarder.js'
import {chain, cluster, dump, listener, networkFilter, tcpProxy} from '../engine/dump.js'
import {exitsOfDump} from './exits.js'

type Message = Readonly<Record<string, unknown>>

function exitsOf(filters: readonly Message[], web: Message = {}): readonly Exit[] {
  const document = dump({
    listeners: [listener({filter_chains: [chain('tcp', {filters})]})],
    clusters: [{...cluster('web', '10.0.0.1:80'), ...web}, cluster('other', '10.0.0.2:80'), cluster('empty')],
    version: {major: 1, minor: 40},
  })
  return exitsOfDump(document)
}

/** Each exit in short: its share, the host it dials, and how it ends. */
function ends(filters: readonly Message[], web?: Message): string[] {
  return exitsOf(filters, web).map((exit) => {
    const dialled = exit.kind === 'depart' ? exit.departure : exit.kind === 'stop' ? exit.dialled : undefined
    const host = dialled?.to.kind === 'socket' ? [dialled.to.ip] : []
    return [formatShare(exit.share), ...host, ...(exit.kind === 'stop' ? [exit.verdict.kind, exit.answer.kind] : [])].join(' ')
  })
}

const PROXY = tcpProxy({cluster: 'web'})
const STATE = networkFilter('set_filter_state.v3.Config', {
  on_new_connection: [
    {object_key: 'k', factory_key: 'envoy.string', format_string: {text_format_source: {inline_string: 'v'}}},
    {object_key: 'envoy.tcp_proxy.cluster', format_string: {text_format_source: {inline_string: 'other'}}},
  ],
})

function rbac(action: 'ALLOW' | 'DENY', principal: Message = {any: true}): Message {
  return networkFilter('rbac.v3.RBAC', {rules: {action, policies: {p: {permissions: [{any: true}], principals: [principal]}}}})
}

const HAS_STATE = {filter_state: {key: 'k', string_match: {exact: 'v'}}}

/** Seen on Envoy 1.40.0: RBAC acts on the first byte, when every filter has seen the new connection. */
describe('network RBAC', () => {
  test.each<{name: string; filters: Message[]; expected: string[]}>([
    {name: 'denies after the dial', filters: [rbac('DENY'), PROXY], expected: ['1 10.0.0.1 denied closed']},
    {name: 'sees state set before it', filters: [STATE, rbac('DENY', HAS_STATE), PROXY], expected: ['1 10.0.0.2 denied closed']},
    {name: 'sees state set after it', filters: [rbac('DENY', HAS_STATE), STATE, PROXY], expected: ['1 10.0.0.2 denied closed']},
    {
      name: 'is never asked where nothing can be dialled',
      filters: [rbac('DENY'), tcpProxy({cluster: 'no'})],
      expected: ['1 dangling-reference closed'],
    },
    {
      name: 'is never asked before a direct response',
      filters: [rbac('DENY'), networkFilter('direct_response.v3.Config')],
      expected: ['1 responded data'],
    },
    {
      name: 'never gets a byte of a connection over the limit',
      filters: [rbac('DENY'), networkFilter('connection_limit.v3.ConnectionLimit', {max_connections: 1}), PROXY],
      expected: ['one of 2 10.0.0.1 denied closed', 'one of 2 refused closed'],
    },
    {
      name: 'may deny while the rate limit service is asked',
      filters: [rbac('DENY'), networkFilter('ratelimit.v3.RateLimit', {descriptors: [{entries: [{key: 'a', value: 'b'}]}]}), PROXY],
      expected: ['one of 2 10.0.0.1 denied closed', 'one of 2 denied closed'],
    },
    {name: 'comes before an echo', filters: [rbac('DENY'), networkFilter('echo.v3.Echo')], expected: ['1 denied closed']},
  ])('$name', ({filters, expected}) => {
    expect(ends(filters)).toEqual(expected)
  })
})

/** envoy-2022 D6; connection_limit.cc, local_ratelimit.cc, ratelimit.cc, ext_authz.cc. */
describe('filters that may refuse', () => {
  const authz = (name: string, fields: Message = {}): Message =>
    networkFilter('ext_authz.v3.ExtAuthz', {grpc_service: {envoy_grpc: {cluster_name: name}}, ...fields})
  const off = {runtime_enabled: {runtime_key: 'k', default_value: false}}
  const before = ['one of 2 10.0.0.1', 'one of 2 refused closed']
  test.each<{name: string; filter: Message; expected: string[]}>([
    {name: 'connection limit', filter: networkFilter('connection_limit.v3.ConnectionLimit', {max_connections: 1}), expected: before},
    {name: 'connection limit, off', filter: networkFilter('connection_limit.v3.ConnectionLimit', off), expected: ['1 10.0.0.1']},
    {name: 'local rate limit', filter: networkFilter('local_ratelimit.v3.LocalRateLimit'), expected: before},
    {name: 'local rate limit, off', filter: networkFilter('local_ratelimit.v3.LocalRateLimit', off), expected: ['1 10.0.0.1']},
    {
      name: 'rate limit',
      filter: networkFilter('ratelimit.v3.RateLimit', {descriptors: [{entries: [{key: 'a', value: 'b'}]}]}),
      expected: before,
    },
    {name: 'rate limit without descriptors', filter: networkFilter('ratelimit.v3.RateLimit'), expected: ['1 10.0.0.1']},
    {name: 'ext_authz', filter: authz('other'), expected: ['one of 2 10.0.0.1', 'one of 2 10.0.0.1 refused closed']},
    {name: 'ext_authz without host', filter: authz('empty'), expected: ['1 10.0.0.1 refused closed']},
    {name: 'ext_authz without host, failure_mode_allow', filter: authz('empty', {failure_mode_allow: true}), expected: ['1 10.0.0.1']},
  ])('$name', ({filter, expected}) => {
    expect(ends([filter, PROXY])).toEqual(expected)
  })
})

/** tcp_proxy.cc establishUpstreamConnection, conn_pool_base.cc; seen on Envoy 1.40.0. */
describe('circuit breakers of 0', () => {
  test.each<{name: string; threshold: Message; flags: string | undefined}>([
    {name: 'max_connections', threshold: {max_connections: 0}, flags: 'UO'},
    {name: 'max_pending_requests', threshold: {max_pending_requests: 0}, flags: 'URX'},
    {name: 'max_requests is not for TCP', threshold: {max_requests: 0}, flags: undefined},
    {name: 'another priority', threshold: {priority: 'HIGH', max_connections: 0}, flags: undefined},
    {name: 'a limit that is not 0', threshold: {max_connections: 1}, flags: undefined},
  ])('$name', ({threshold, flags}) => {
    const [exit] = exitsOf([PROXY], {circuit_breakers: {thresholds: [threshold]}})
    expect(exit?.log?.flags).toBe(flags)
    expect(exit?.kind).toBe(flags === undefined ? 'depart' : 'stop')
  })
})

/** envoy-2022 D6: what no rule is known for lets the connection pass under a condition, or does its own routing. */
test('unknown filters are named', () => {
  const [exit] = exitsOf([networkFilter('wasm.v3.Wasm'), PROXY])
  expect(exit?.requires.map(({what}) => what).join()).toContain('wasm.v3.Wasm')
  const [terminal] = exitsOf([networkFilter('redis_proxy.v3.RedisProxy')])
  expect(terminal).toMatchObject({kind: 'stop', verdict: {kind: 'undetermined'}})
})
