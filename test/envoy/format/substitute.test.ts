import {describe, expect, test} from 'vitest'
import type {Connection, Stream} from '../../../src/envoy/connection.js'
import type {FormatContext} from '../../../src/envoy/format/context.js'
import {formatSubstitution} from '../../../src/envoy/format/substitute.js'

const connection: Connection = {
  entry: {kind: 'socket', ip: '127.0.0.1', port: 15001},
  remote: {ip: '192.168.7.9', port: 33_333},
  directRemote: {ip: '127.0.0.1', port: 0},
  local: {ip: '10.0.0.1', port: 20},
  localRestored: true,
  transportProtocol: 'tls',
  serverName: 'foo.test',
  applicationProtocols: [],
  tls: {peer: {uriSans: ['spiffe://mesh.test/ns/a/sa/b', 'spiffe://mesh.test/ns/a/sa/c'], dnsSans: [], subject: 'CN=b,O=mesh'}},
  metadata: new Map([
    [
      'tunnel',
      {
        destination: '10.1.2.3:80',
        weight: 1,
        on: true,
        ratio: 1.5,
        nothing: null,
        list: ['a', 2],
        deep: {b: 'x', a: {z: 1, k: false}},
      },
    ],
  ]),
  filterState: new Map([
    ['my.host', {value: 'fs-23.test:1', shared: 'none'}],
    ['my.unknown', {value: undefined, shared: 'none'}],
    ['envoy.filters.listener.original_dst.local_ip', {value: '10.9.0.1:80', shared: 'once'}],
  ]),
  payload: {kind: 'opaque'},
}
const stream: Stream = {
  connection,
  version: 'h2',
  scheme: 'https',
  remote: {ip: '203.0.113.5', port: 0},
  request: {
    method: 'GET',
    authority: 'shop.test:80',
    path: '/a?b=c',
    headers: [
      ['x-one', 'first'],
      ['x-one', 'second'],
      ['x-two', 'two'],
    ],
  },
  metadata: new Map([['own', {key: 'request'}]]),
  filterState: new Map([['my.host', {value: 'of the request', shared: 'none'}]]),
}
const internal: Connection = {
  entry: {kind: 'internal', listener: 'inner', endpointId: '10.4.1.39:9080'},
  localRestored: false,
  transportProtocol: 'raw_buffer',
  applicationProtocols: [],
  metadata: new Map(),
  filterState: new Map(),
  payload: {kind: 'opaque'},
}

/** What istiod writes where the original destination may be a CIDR. */
const LOCAL_IP = 'envoy.filters.listener.original_dst.local_ip'
const CIDR_HOST = `%CEL('${LOCAL_IP}' in filter_state ? filter_state['${LOCAL_IP}']: r'10.22.255.11:80')%`

interface Case {
  readonly rule: string
  readonly format: string
  readonly prints: string
  readonly in?: Partial<FormatContext>
}

const EVALUATED: readonly Case[] = [
  {rule: 'text without commands stays', format: 'fixed.test:443', prints: 'fixed.test:443'},
  {rule: 'two percent signs are one', format: '100%%', prints: '100%'},
  {rule: 'the restored local address', format: '%DOWNSTREAM_LOCAL_ADDRESS%', prints: '10.0.0.1:20'},
  {rule: 'its ip and port alone', format: '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%/%DOWNSTREAM_LOCAL_PORT%', prints: '10.0.0.1/20'},
  {rule: 'the remote address of the connection', format: '%DOWNSTREAM_REMOTE_ADDRESS%', prints: '192.168.7.9:33333'},
  {
    rule: 'the remote address of a request is that of XFF',
    format: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
    prints: '203.0.113.5',
    in: {stream},
  },
  {rule: 'the physical peer', format: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%', prints: '127.0.0.1:0'},
  {
    rule: 'an internal connection has its own address',
    format: '%DOWNSTREAM_LOCAL_ADDRESS%',
    prints: 'envoy://inner/10.4.1.39:9080',
    in: {connection: internal},
  },
  {
    rule: 'and an internal client',
    format: '%DOWNSTREAM_REMOTE_ADDRESS%',
    prints: 'envoy://internal_client_address/',
    in: {connection: internal},
  },
  {rule: 'an address without port prints no port', format: '[%DOWNSTREAM_LOCAL_PORT%]', prints: '[]', in: {connection: internal}},
  {
    rule: 'IPv6 keeps its brackets before a port only',
    format: '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%',
    prints: '[2001:db8::1]:80 2001:db8::1',
    in: {connection: {...connection, local: {ip: '2001:db8::1', port: 80}}},
  },
  {rule: 'the name tls_inspector found', format: '%REQUESTED_SERVER_NAME%:443', prints: 'foo.test:443'},
  {rule: 'no SNI prints a dash', format: '%REQUESTED_SERVER_NAME%:443', prints: '-:443', in: {connection: internal}},
  {rule: 'all URI SANs', format: '%DOWNSTREAM_PEER_URI_SAN%', prints: 'spiffe://mesh.test/ns/a/sa/b,spiffe://mesh.test/ns/a/sa/c'},
  {rule: 'a certificate without DNS SANs', format: '%DOWNSTREAM_PEER_DNS_SAN%', prints: '-'},
  {rule: 'the subject', format: '%DOWNSTREAM_PEER_SUBJECT%', prints: 'CN=b,O=mesh'},
  {
    rule: 'no certificate commands without TLS',
    format: '%DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_LOCAL_URI_SAN%',
    prints: '- -',
    in: {connection: internal},
  },
  {rule: 'metadata by colon path', format: '%DYNAMIC_METADATA(tunnel:destination)%', prints: '10.1.2.3:80'},
  {rule: 'metadata by JSON array', format: '%DYNAMIC_METADATA(["tunnel", "destination"])%', prints: '10.1.2.3:80'},
  {
    rule: 'numbers and booleans',
    format: '%DYNAMIC_METADATA(tunnel:weight)% %DYNAMIC_METADATA(tunnel:ratio)% %DYNAMIC_METADATA(tunnel:on)%',
    prints: '1 1.5 true',
  },
  {rule: 'a struct as JSON with sorted keys', format: '%DYNAMIC_METADATA(tunnel:deep)%', prints: '{"a":{"k":false,"z":1},"b":"x"}'},
  {rule: 'a nested key', format: '%DYNAMIC_METADATA(tunnel:deep:a:z)%', prints: '1'},
  {rule: 'a list as JSON', format: '%DYNAMIC_METADATA(tunnel:list)%', prints: '["a",2]'},
  {
    rule: 'null and absent values are missing',
    format: '%DYNAMIC_METADATA(tunnel:nothing)%%DYNAMIC_METADATA(tunnel:nope)%%DYNAMIC_METADATA(no:key)%',
    prints: '---',
  },
  {
    rule: 'names of Object.prototype are no keys',
    format: '%DYNAMIC_METADATA(tunnel:constructor)%%DYNAMIC_METADATA(__proto__:x)%',
    prints: '--',
  },
  {
    rule: 'a request does not see the metadata of its connection',
    format: '%DYNAMIC_METADATA(tunnel:destination)% %DYNAMIC_METADATA(own:key)%',
    prints: '- request',
    in: {stream},
  },
  {rule: 'a plain filter state', format: '%FILTER_STATE(my.host:PLAIN)%', prints: 'fs-23.test:1'},
  {rule: 'a typed one is JSON', format: '%FILTER_STATE(my.host)%', prints: '"fs-23.test:1"'},
  {rule: 'an address object has fields', format: '%FILTER_STATE(envoy.filters.listener.original_dst.local_ip:FIELD:port)%', prints: '80'},
  {rule: 'an address object has no typed form', format: '%FILTER_STATE(envoy.filters.listener.original_dst.local_ip)%', prints: '-'},
  {rule: 'the filter state of the request wins', format: '%FILTER_STATE(my.host:PLAIN)%', prints: 'of the request', in: {stream}},
  {
    rule: 'a request sees the filter state of its connection',
    format: '%FILTER_STATE(envoy.filters.listener.original_dst.local_ip:PLAIN)%',
    prints: '10.9.0.1:80',
    in: {stream},
  },
  {rule: 'the first line of a header', format: '%REQ(X-One)%', prints: 'first', in: {stream}},
  {rule: 'the alternative header', format: '%REQ(X-None?:AUTHORITY)%', prints: 'shop.test:80', in: {stream}},
  {rule: 'a header cut to length', format: '%REQ(x-one):3%', prints: 'fir', in: {stream}},
  {rule: 'the newer name of the same command', format: '%REQUEST_HEADER(x-two)%', prints: 'two', in: {stream}},
  {rule: 'a path without query', format: '%REQ_WITHOUT_QUERY(:PATH)%', prints: '/a', in: {stream}},
  {rule: 'no request, no headers', format: '%REQ(:AUTHORITY)%%PROTOCOL%', prints: '--'},
  {rule: 'the protocol of the request', format: '%PROTOCOL%', prints: 'HTTP/2', in: {stream}},
  {rule: 'CEL: what istiod writes for CIDR hosts, state set', prints: '10.9.0.1:80', format: CIDR_HOST},
  {rule: 'CEL: the same without state', prints: '10.22.255.11:80', in: {connection: internal}, format: CIDR_HOST},
  {rule: 'CEL: a header', format: '%CEL(request.headers["x-two"])%', prints: 'two', in: {stream}},
  {
    rule: 'the chosen cluster and host',
    format: '%UPSTREAM_CLUSTER% %UPSTREAM_HOST%',
    prints: 'c 10.2.0.1:80',
    in: {upstream: {cluster: 'c', host: {kind: 'socket', ip: '10.2.0.1', port: 80}}},
  },
  {
    rule: 'metadata of the chosen host',
    format: '%UPSTREAM_METADATA(["istio", "workload"])%',
    prints: 'w',
    in: {upstream: {hostMetadata: new Map([['istio', {workload: 'w'}]])}},
  },
  {
    rule: 'header values leave missing data out',
    format: '%REQ(x-none)%|%DYNAMIC_METADATA(no:key)%',
    prints: '|',
    in: {stream, omitEmptyValues: true},
  },
]

const UNKNOWN: readonly (Case & {readonly unknown: readonly string[]})[] = [
  {rule: 'the clock', format: 'at %START_TIME(%s.%6f)%', prints: 'at -', unknown: ['START_TIME(%s.%6f)']},
  {rule: 'the host and its environment', format: '%HOSTNAME% %ENVIRONMENT(POD)%', prints: '- -', unknown: ['HOSTNAME', 'ENVIRONMENT(POD)']},
  {rule: 'a response', format: '%RESP(x-a)%', prints: '-', unknown: ['RESP(x-a)'], in: {stream}},
  {rule: 'an upstream not chosen yet', format: '%UPSTREAM_HOST%', prints: '-', unknown: ['UPSTREAM_HOST']},
  {
    rule: 'a filter state whose content is not known',
    format: '%FILTER_STATE(my.unknown:PLAIN)%',
    prints: '-',
    unknown: ['FILTER_STATE(my.unknown:PLAIN)'],
  },
  {
    rule: 'a field of an unknown object',
    format: '%FILTER_STATE(my.host:FIELD:app)%',
    prints: '-',
    unknown: ['FILTER_STATE(my.host:FIELD:app)'],
  },
  {rule: 'the own certificate', format: '%DOWNSTREAM_LOCAL_URI_SAN%', prints: '-', unknown: ['DOWNSTREAM_LOCAL_URI_SAN']},
  {rule: 'a header Envoy generates', format: '%REQ(X-REQUEST-ID)%', prints: '-', unknown: ['REQ(X-REQUEST-ID)'], in: {stream}},
  {
    rule: 'any other CEL',
    format: "%CEL(request.headers['x-two'].startsWith('t'))%",
    prints: '-',
    unknown: ["CEL(request.headers['x-two'].startsWith('t'))"],
    in: {stream},
  },
  {rule: 'a string Envoy would reject', format: 'a %NOT CLOSED', prints: '-', unknown: ['a %NOT CLOSED']},
]

describe('formatSubstitution', () => {
  test.each(EVALUATED)('$rule', ({format, prints, in: changes}) => {
    expect(formatSubstitution(format, {connection, ...changes})).toEqual({text: prints, complete: true, unknown: []})
  })

  test.each(UNKNOWN)('unknown: $rule', ({format, prints, unknown, in: changes}) => {
    expect(formatSubstitution(format, {connection, ...changes})).toEqual({text: prints, complete: false, unknown})
  })

  test('a long hostile text ends quickly', () => {
    const text = '%A('.repeat(200_000)
    const started = performance.now()
    expect(formatSubstitution(text, {connection}).complete).toBe(false)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
