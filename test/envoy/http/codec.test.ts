import {describe, expect, test} from 'vitest'
import type {Payload} from '../../../src/flow/connection.js'
import type {Exit} from '../../../src/flow/forwarder.js'
import {chain, cluster, dump, listener, networkFilter} from '../engine/dump.js'
import {arrive, forwarder, onlyExit} from '../engine/forwarding.js'
import {oneHost, httpFilter} from '../engine/http-dump.js'

const TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'

interface Asked {
  readonly codec?: string
  /** The protocols of the server; without them the chain has no TLS. */
  readonly serves?: readonly string[]
  readonly offers?: readonly string[]
  readonly speaks: 'h1' | 'h2' | 'something else'
}

function exitOf({codec, serves, offers = [], speaks}: Asked): Exit {
  const manager = networkFilter('http_connection_manager.v3.HttpConnectionManager', {
    ...(codec === undefined ? {} : {codec_type: codec}),
    route_config: oneHost([{match: {prefix: '/'}, route: {cluster: 'web'}}]),
    http_filters: [httpFilter('router.v3.Router')],
  })
  const socket = {name: 'tls', typed_config: {'@type': TLS, common_tls_context: {alpn_protocols: serves}}}
  const filterChain = chain('http', {filters: [manager], ...(serves === undefined ? {} : {transport_socket: socket})})
  const document = dump({
    listeners: [listener({filter_chains: [filterChain]})],
    clusters: [cluster('web', '10.0.0.1:80')],
    version: {major: 1, minor: 40},
  })
  const request = {method: 'GET', authority: 'a.test', path: '/', headers: []}
  const inside: Payload = speaks === 'something else' ? {kind: 'opaque'} : {kind: 'http', version: speaks, request}
  const payload: Payload = serves === undefined ? inside : {kind: 'tls', alpn: offers, trusted: true, payload: inside}
  return onlyExit(forwarder(document).forward(arrive('10.9.9.9:80', {payload})))
}

const outcome = ({kind, log}: Exit): string => (kind === 'depart' ? 'routed' : `${log?.code ?? 'closed'} ${log?.flags ?? ''}`)

/** Each row was tried on Envoy 1.40.0. */
describe('the codec of a connection manager', () => {
  test.each<Asked & {readonly expected: string}>([
    {speaks: 'h1', expected: 'routed'},
    {speaks: 'h2', expected: 'routed'},
    {speaks: 'something else', expected: '400 DPE'},
    {codec: 'HTTP1', speaks: 'h2', expected: '400 DPE'},
    {codec: 'HTTP2', speaks: 'h1', expected: 'closed DPE'},
    {codec: 'HTTP2', speaks: 'h2', expected: 'routed'},
    {codec: 'HTTP2', speaks: 'something else', expected: 'closed DPE'},
    {serves: [], offers: ['h2'], speaks: 'h2', expected: 'routed'},
    {serves: ['h2', 'http/1.1'], offers: [], speaks: 'h1', expected: 'routed'},
    {serves: ['h2', 'http/1.1'], offers: ['h2'], speaks: 'h2', expected: 'routed'},
    {serves: ['h2', 'http/1.1'], offers: ['h2'], speaks: 'h1', expected: 'closed DPE'},
    {serves: ['h2', 'http/1.1'], offers: ['h2'], speaks: 'something else', expected: 'closed DPE'},
    {serves: ['http/1.1'], offers: ['http/1.1'], speaks: 'h2', expected: '400 DPE'},
    {serves: ['istio'], offers: ['istio'], speaks: 'h1', expected: 'routed'},
    {serves: ['istio'], offers: ['istio'], speaks: 'h2', expected: '400 DPE'},
    {codec: 'HTTP1', serves: ['h2'], offers: ['h2'], speaks: 'h1', expected: 'routed'},
    {codec: 'HTTP2', serves: ['http/1.1'], offers: ['http/1.1'], speaks: 'h2', expected: 'routed'},
  ])('$codec, serving $serves, offered $offers, $speaks: $expected', ({expected, ...asked}) => {
    expect(outcome(exitOf(asked))).toBe(expected)
  })

  test('tells what it expected and what came', () => {
    expect(exitOf({codec: 'HTTP1', speaks: 'h2'})).toMatchObject({
      verdict: {kind: 'refused', reason: 'the connection manager expects HTTP/1, the client sends HTTP/2'},
      answer: {kind: 'data'},
    })
    expect(exitOf({codec: 'HTTP2', speaks: 'something else'})).toMatchObject({
      verdict: {kind: 'refused', reason: 'the connection manager expects HTTP, the client sends something else'},
      answer: {kind: 'closed', accepted: true},
    })
  })
})

/** Tried on Envoy 1.40.0. */
test('HTTP/1.0 is for managers that accept it', () => {
  const codeOf = (fields: Readonly<Record<string, unknown>>): unknown => {
    const table = oneHost([{match: {prefix: '/'}, route: {cluster: 'web'}}])
    const manager = networkFilter('http_connection_manager.v3.HttpConnectionManager', {route_config: table, ...fields})
    const listeners = [listener({filter_chains: [chain('http', {filters: [manager]})]})]
    const document = dump({listeners, clusters: [cluster('web', '10.0.0.1:80')], version: {major: 1, minor: 40}})
    const payload = {kind: 'http', version: 'h1', http10: true, request: {method: 'GET', authority: 'a', path: '/', headers: []}} as const
    return onlyExit(forwarder(document).forward(arrive('10.9.9.9:80', {payload}))).log?.code
  }
  expect(codeOf({})).toBe(426)
  expect(codeOf({http_protocol_options: {accept_http_10: true}})).toBeUndefined()
})

/** A client that can speak both does as was agreed. */
describe('a client that offers both versions', () => {
  test.each<{readonly serves: readonly string[]; readonly version: 'h1' | 'h2'}>([
    {serves: ['h2', 'http/1.1'], version: 'h2'},
    {serves: ['http/1.1', 'h2'], version: 'h1'},
    {serves: ['http/1.1'], version: 'h1'},
    {serves: [], version: 'h1'},
  ])('speaks $version to a server of $serves', ({serves, version}) => {
    const claims = {serves, offers: ['h2', 'http/1.1']}
    for (const speaks of ['h1', 'h2'] as const) expect(outcome(exitOf({...claims, speaks}))).toBe('routed')
    const codec = version === 'h1' ? 'HTTP2' : 'HTTP1'
    expect(outcome(exitOf({...claims, codec, speaks: 'h1'}))).toBe(version === 'h1' ? 'closed DPE' : '400 DPE')
  })
})

/** Each row was tried on Envoy 1.40.0. */
describe('the target of a CONNECT', () => {
  const statusOf = (version: 'h1' | 'h2', authority: string): unknown => {
    const action = {cluster: 'web', upgrade_configs: [{upgrade_type: 'CONNECT', connect_config: {}}]}
    const table = oneHost([{match: {connect_matcher: {}}, route: action}])
    const manager = networkFilter('http_connection_manager.v3.HttpConnectionManager', {route_config: table})
    const listeners = [listener({filter_chains: [chain('http', {filters: [manager]})]})]
    const document = dump({listeners, clusters: [cluster('web', '10.0.0.1:80')], version: {major: 1, minor: 40}})
    const payload = {kind: 'http', version, request: {method: 'CONNECT', authority, headers: []}} as const
    const {kind, log} = onlyExit(forwarder(document).forward(arrive('10.9.9.9:80', {payload})))
    return kind === 'depart' ? 'tunnel' : `${log?.code ?? 'closed'} ${log?.details ?? ''}`
  }

  test.each([
    {authority: '10.0.0.1:80', h1: 'tunnel'},
    {authority: 'name_of.test:0', h1: 'tunnel'},
    {authority: '[fd00::a]:80', h1: 'tunnel'},
    {authority: '[fd00::a%eth0]:80', h1: 'tunnel'},
    {authority: 'fd00::a:80', h1: '400 http1.invalid_url'},
    {authority: '[fd00::a]', h1: '400 http1.invalid_url'},
    {authority: 'name.test', h1: '400 http1.invalid_url'},
    {authority: 'name.test:99999', h1: '400 http1.invalid_url'},
    {authority: 'name.test:http', h1: '400 http1.invalid_url'},
    {authority: ':80', h1: '400 http1.invalid_url'},
  ])('$authority', ({authority, h1}) => {
    expect(statusOf('h1', authority)).toBe(h1)
    expect(statusOf('h2', authority)).toBe('tunnel')
  })
})
