import {describe, expect, test} from 'vitest'
import {receivedHeaders, withoutHopHeaders} from '../../../src/envoy/http/received-request.js'
import {openStream} from '../../../src/envoy/http/stream.js'
import {connectionOf, requestOf, semanticsFor, view} from '../match/samples.js'

type Lines = readonly (readonly [string, string])[]

/** Seen on Envoy 1.36.2 and 1.40.0. */
describe('repeated header lines', () => {
  const repeated = (name: string): Lines => [
    [name, '1'],
    ['x-other', 'o'],
    [name, '2'],
  ]
  test.each([
    {
      name: 'x-forwarded-for',
      version: 'h1',
      lines: [
        ['x-forwarded-for', '1,2'],
        ['x-other', 'o'],
      ],
    },
    {
      name: 'authorization',
      version: 'h2',
      lines: [
        ['authorization', '1,2'],
        ['x-other', 'o'],
      ],
    },
    {name: 'x-tenant', version: 'h1', lines: repeated('x-tenant')},
    {name: 'cookie', version: 'h1', lines: repeated('cookie')},
    {
      name: 'cookie',
      version: 'h2',
      lines: [
        ['cookie', '1; 2'],
        ['x-other', 'o'],
      ],
    },
  ] as const)('of $name over $version', ({name, version, lines}) => {
    expect(receivedHeaders(requestOf({headers: repeated(name)}), version)).toEqual(lines)
  })
})

test('headers for one hop are not matched', () => {
  const headers = [
    ['te', 'gzip'],
    ['keep-alive', '1'],
    ['x-a', '1'],
  ] as const
  expect(withoutHopHeaders(headers)).toEqual([['x-a', '1']])
  expect(withoutHopHeaders([['te', 'trailers']])).toEqual([['te', 'trailers']])
})

// http1/codec_impl.cc, conn_manager_utility.cc; seen on Envoy 1.40.0.
describe('headers of an upgrade', () => {
  const h2c = [
    ['connection', 'keep-alive, Upgrade, HTTP2-Settings'],
    ['upgrade', 'h2c'],
    ['http2-settings', 'x'],
  ] as const
  test.each<{rule: string; headers: Lines; version: 'h1' | 'h2'; left: Lines}>([
    {rule: 'nobody is asked about h2c', headers: h2c, version: 'h1', left: [['connection', 'keep-alive']]},
    {
      rule: 'nothing of Connection may be left',
      headers: [
        ['connection', 'upgrade'],
        ['upgrade', 'h2c'],
      ],
      version: 'h1',
      left: [],
    },
    {rule: 'over HTTP/2 they mean nothing', headers: h2c, version: 'h2', left: h2c},
    {
      rule: 'other upgrades stay',
      headers: [
        ['connection', 'Upgrade'],
        ['upgrade', 'websocket'],
      ],
      version: 'h1',
      left: [
        ['connection', 'Upgrade'],
        ['upgrade', 'websocket'],
      ],
    },
  ])('$rule', ({headers, version, left}) => {
    expect(receivedHeaders(requestOf({headers}), version)).toEqual(left)
  })

  test('without an upgrade neither header goes on', () => {
    expect(
      withoutHopHeaders([
        ['connection', 'keep-alive'],
        ['upgrade', 'websocket'],
        ['x-a', '1'],
      ]),
    ).toEqual([['x-a', '1']])
    expect(
      withoutHopHeaders([
        ['connection', 'upgrade'],
        ['upgrade', 'websocket'],
      ]),
    ).toHaveLength(2)
  })
})

describe('headers the connection manager changes before routing', () => {
  const headersOf = (manager: object, headers: Lines): Lines => {
    const connection = connectionOf({remote: {ip: '10.1.1.1', port: 1000}})
    const payload = {kind: 'http', version: 'h1', request: requestOf({headers})} as const
    const [opened] = openStream({manager: view(manager), connection, payload, semantics: semanticsFor(), node: {}})
    return opened?.value.kind === 'stream' ? opened.value.stream.request.headers : []
  }
  const http = ['x-forwarded-proto', 'http'] as const
  test.each([
    {rule: 'nothing is added for an inner proxy', manager: {}, headers: [], result: [http]},
    {
      rule: 'an edge proxy adds its peer',
      manager: {use_remote_address: true},
      headers: [],
      result: [['x-forwarded-for', '10.1.1.1'], http, ['x-envoy-external-address', '10.1.1.1']],
    },
    {
      rule: 'the peer comes after those before it',
      manager: {use_remote_address: true, xff_num_trusted_hops: 1},
      headers: [
        ['x-forwarded-for', '192.168.0.1'],
        ['x-forwarded-for', '10.2.0.1'],
      ],
      result: [['x-forwarded-for', '192.168.0.1,10.2.0.1,10.1.1.1'], http, ['x-envoy-external-address', '10.2.0.1']],
    },
    {
      rule: 'unless told not to',
      manager: {use_remote_address: true, skip_xff_append: true},
      headers: [],
      result: [http, ['x-envoy-external-address', '10.1.1.1']],
    },
    {rule: 'client certificate headers are not believed', manager: {}, headers: [['x-forwarded-client-cert', 'By=x']], result: [http]},
    {
      rule: 'unless told so',
      manager: {forward_client_cert_details: 'ALWAYS_FORWARD_ONLY'},
      headers: [['x-forwarded-client-cert', 'By=x']],
      result: [['x-forwarded-client-cert', 'By=x'], http],
    },
  ] as const)('$rule', ({manager, headers, result}) => {
    expect(headersOf(manager, headers)).toEqual(result)
  })
})
