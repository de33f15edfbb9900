import {describe, expect, test} from 'vitest'
import {detectClient} from '../../../src/envoy/http/client-address.js'
import {withoutInternalOnly} from '../../../src/envoy/http/internal-request.js'
import {openStream} from '../../../src/envoy/http/stream.js'
import type {Stream} from '../../../src/envoy/connection.js'
import type {Semantics} from '../../../src/envoy/semantics.js'
import {connectionOf, requestOf, semanticsFor, unknownVersion, view} from '../match/samples.js'

type Lines = readonly (readonly [string, string])[]

const PEER = {ip: '10.1.1.1', port: 1000}
const EXTENSION = 'type.googleapis.com/envoy.extensions.http.original_ip_detection.'
const extensions = (...configs: readonly object[]): object => ({
  original_ip_detection_extensions: configs.map((typed_config) => ({name: 'detect', typed_config})),
})
const byHeader = (fields: object = {}): object => ({
  '@type': `${EXTENSION}custom_header.v3.CustomHeaderConfig`,
  header_name: 'x-client',
  ...fields,
})
const byXff = (fields: object): object => ({'@type': `${EXTENSION}xff.v3.XffConfig`, ...fields})
const trusting = (...prefixes: readonly string[]): object => ({
  xff_trusted_cidrs: {cidrs: prefixes.map((address_prefix) => ({address_prefix, prefix_len: 8}))},
})
const xff = (value: string): Lines => [['x-forwarded-for', value]]

interface Case {
  readonly rule: string
  readonly manager?: object
  readonly headers?: Lines
  readonly found: object
}

// Envoy conn_manager_utility.cc mutateRequestHeaders, http/utility.cc, original_ip_detection.
const CASES: readonly Case[] = [
  {rule: 'nobody told', found: {kind: 'client', trusted: false, peerAdded: 0}},
  {rule: 'the only address', headers: xff('192.0.2.1'), found: {address: {ip: '192.0.2.1', port: 0}, trusted: true}},
  {rule: 'the last of several', headers: xff('192.0.2.9, 192.0.2.1'), found: {address: {ip: '192.0.2.1', port: 0}, trusted: false}},
  {rule: 'what is no address', headers: xff('192.0.2.9, name'), found: {trusted: false}},
  {rule: 'a comma at the end', headers: xff('192.0.2.9,'), found: {trusted: false}},
  {
    rule: 'trusted hops are passed over',
    manager: {xff_num_trusted_hops: 1},
    headers: xff('192.0.2.1, 192.0.2.9'),
    found: {address: {ip: '192.0.2.1', port: 0}, trusted: false},
  },
  {rule: 'more hops than addresses', manager: {xff_num_trusted_hops: 2}, headers: xff('192.0.2.1, 192.0.2.9'), found: {trusted: false}},
  {rule: 'an edge proxy takes its peer', manager: {use_remote_address: true}, found: {address: PEER, trusted: true, peerAdded: 1}},
  {
    rule: 'it does not trust one with a history',
    manager: {use_remote_address: true},
    headers: xff('192.0.2.1'),
    found: {address: PEER, trusted: false},
  },
  {
    rule: 'behind a trusted proxy it takes what that one wrote',
    manager: {use_remote_address: true, xff_num_trusted_hops: 1},
    headers: xff('192.0.2.9, 192.0.2.1'),
    found: {address: {ip: '192.0.2.1', port: 0}, trusted: false},
  },
  {
    rule: 'a header',
    manager: extensions(byHeader()),
    headers: [['x-client', '192.0.2.1']],
    found: {address: {ip: '192.0.2.1', port: 0}, trusted: false, peerAdded: 0},
  },
  {
    rule: 'a trusted header',
    manager: extensions(byHeader({allow_extension_to_set_address_as_trusted: true})),
    headers: [['x-client', '192.0.2.1']],
    found: {trusted: true},
  },
  {rule: 'no such header', manager: extensions(byHeader()), headers: xff('192.0.2.1'), found: {trusted: false}},
  {
    rule: 'a header that must be there',
    manager: extensions(byHeader({reject_with_status: {code: 'Unauthorized'}})),
    found: {kind: 'rejected', status: 401},
  },
  {
    rule: 'a refusal is an error',
    manager: extensions(byHeader({reject_with_status: {code: 'OK'}})),
    found: {kind: 'rejected', status: 403},
  },
  {
    rule: 'the next extension',
    manager: extensions(byHeader(), byXff({})),
    headers: xff('192.0.2.1'),
    found: {address: {ip: '192.0.2.1', port: 0}, trusted: true, peerAdded: 0},
  },
  {
    rule: 'which may add the peer',
    manager: extensions(byXff({skip_xff_append: false})),
    headers: xff('192.0.2.1'),
    found: {peerAdded: 1},
  },
  {
    rule: 'the first that is no trusted proxy',
    manager: extensions(byXff(trusting('10.0.0.0', '172.0.0.0'))),
    headers: xff('192.0.2.9, 192.0.2.1, 172.1.1.1'),
    found: {address: {ip: '192.0.2.1', port: 0}, trusted: false},
  },
  {
    rule: 'all of them trusted',
    manager: extensions(byXff(trusting('10.0.0.0', '172.0.0.0'))),
    headers: xff('172.1.1.2, 172.1.1.1'),
    found: {address: {ip: '172.1.1.2', port: 0}},
  },
  {
    rule: 'the only address, from a trusted peer',
    manager: extensions(byXff(trusting('10.0.0.0'))),
    headers: xff('192.0.2.1'),
    found: {address: {ip: '192.0.2.1', port: 0}, trusted: true},
  },
  {
    rule: 'a peer that is not trusted',
    manager: extensions(byXff(trusting('172.0.0.0'))),
    headers: xff('192.0.2.1'),
    found: {trusted: false, peerAdded: 1},
  },
  {rule: 'an extension that is not known', manager: extensions({'@type': 'x/a.b.C'}), found: {kind: 'unknown', extension: 'a.b.C'}},
]

describe('the client of a request', () => {
  test.each(CASES)('$rule', ({manager = {}, headers = [], found}) => {
    const detected = detectClient(view(manager), {connection: connectionOf({remote: PEER}), request: requestOf({headers})})
    expect(detected).toMatchObject(found)
  })
})

/** Seen on Envoy 1.40.0: what is no address ends the search for the first that is no trusted proxy. */
test.each([
  {value: '192.0.2.1,', ip: undefined},
  {value: ',192.0.2.1', ip: '192.0.2.1'},
  {value: ',172.1.1.1', ip: undefined},
  {value: '192.0.2.9, ,172.1.1.1', ip: undefined},
  {value: '192.0.2.9,name,172.1.1.1', ip: undefined},
])('trusted proxies in "$value"', ({value, ip}) => {
  const manager = view(extensions(byXff(trusting('10.0.0.0', '172.0.0.0'))))
  const detected = detectClient(manager, {connection: connectionOf({remote: PEER}), request: requestOf({headers: xff(value)})})
  expect(detected).toEqual({kind: 'client', trusted: false, peerAdded: 0, ...(ip === undefined ? {} : {address: {ip, port: 0}})})
})

interface Asked {
  readonly manager?: object
  readonly headers?: Lines
  readonly semantics?: Semantics
}

function streams({manager = {}, headers = [], semantics = semanticsFor()}: Asked): Stream[] {
  const payload = {kind: 'http', version: 'h1', request: requestOf({headers})} as const
  const opened = openStream({manager: view(manager), connection: connectionOf({remote: PEER}), payload, semantics, node: {}})
  return opened.flatMap(({value}) => (value.kind === 'stream' ? [value.stream] : []))
}

const marks = (asked: Asked): string[] =>
  streams(asked).map(({request}) => request.headers.find(([name]) => name === 'x-envoy-internal')?.[1] ?? 'external')

describe('requests from inside', () => {
  const EDGE = {use_remote_address: true}
  const OLD = semanticsFor({internalByDefault: 'private'})
  const RANGE = {internal_address_config: {cidr_ranges: [{address_prefix: '10.0.0.0', prefix_len: 8}]}}
  test.each<{rule: string; asked: Asked; mark: string[]}>([
    {rule: 'none by default', asked: {manager: EDGE}, mark: ['external']},
    {rule: 'private ones in old versions', asked: {manager: EDGE, semantics: OLD}, mark: ['true']},
    {rule: 'public ones never', asked: {headers: xff('192.0.2.1'), semantics: OLD}, mark: ['external']},
    {rule: 'those of the ranges', asked: {manager: {...EDGE, ...RANGE}}, mark: ['true']},
    {rule: 'the ranges alone count', asked: {manager: {internal_address_config: {}, ...EDGE}, semantics: OLD}, mark: ['external']},
    {rule: 'not with a history', asked: {manager: {...EDGE, ...RANGE}, headers: xff('10.1.1.9')}, mark: ['external']},
    {rule: 'an inner proxy asks the header', asked: {manager: RANGE, headers: xff('10.1.1.9')}, mark: ['true']},
    {rule: 'which must hold one address', asked: {manager: RANGE, headers: xff('10.1.1.9,10.1.1.8')}, mark: ['external']},
    {rule: 'nobody may say so himself', asked: {headers: [['x-envoy-internal', 'true']]}, mark: ['external']},
    {rule: 'an unknown version leaves it open', asked: {manager: EDGE, semantics: unknownVersion()}, mark: ['true', 'external']},
    {rule: 'but not of public addresses', asked: {headers: xff('192.0.2.1'), semantics: unknownVersion()}, mark: ['external']},
  ])('$rule', ({asked, mark}) => {
    expect(marks(asked)).toEqual(mark)
  })

  const SENT: Lines = [
    ['x-envoy-retry-on', '5xx'],
    ['x-envoy-decorator-operation', 'o'],
    ['x-envoy-external-address', '9.9.9.9'],
    ['x-a', '1'],
  ]
  test.each<{rule: string; manager: object; left: string[]}>([
    {
      rule: 'an inner proxy takes what only its own may ask',
      manager: {},
      left: ['x-envoy-decorator-operation', 'x-envoy-external-address', 'x-a'],
    },
    {rule: 'an edge proxy takes more, and tells the client', manager: EDGE, left: ['x-a', 'x-envoy-external-address']},
    {rule: 'from inside everything is kept', manager: {...EDGE, ...RANGE}, left: [...SENT.map(([name]) => name), 'x-envoy-internal']},
  ])('$rule', ({manager, left}) => {
    const [stream] = streams({manager, headers: SENT})
    const names = stream?.request.headers.map(([name]) => name).filter((name) => !name.startsWith('x-forwarded'))
    expect(names).toEqual(left)
  })

  test('internal_only_headers of the route table', () => {
    const table = view({internal_only_headers: ['X-Secret']})
    const request = requestOf({
      headers: [
        ['x-secret', '1'],
        ['x-a', '1'],
      ],
    })
    expect(withoutInternalOnly(request, table).headers).toEqual([['x-a', '1']])
    const inside = requestOf({headers: [...request.headers, ['x-envoy-internal', 'true']]})
    expect(withoutInternalOnly(inside, table)).toBe(inside)
  })
})
