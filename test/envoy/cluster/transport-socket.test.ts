import {describe, expect, test} from 'vitest'
import type {Json} from '../../../src/flow/connection.js'
import type {Stream} from '../../../src/envoy/connection.js'
import type {UpstreamSocket} from '../../../src/envoy/cluster/upstream.js'
import {ask, assignment, endpoint, hosts, stream, type Asking} from './ask.js'

const type = (path: string): string => `type.googleapis.com/envoy.extensions.transport_sockets.${path}`
const RAW = {name: 'envoy.transport_sockets.raw_buffer', typed_config: {'@type': type('raw_buffer.v3.RawBuffer')}}
const tls = (config: object = {}): object => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {'@type': type('tls.v3.UpstreamTlsContext'), ...config},
})
const wrap = (path: string, inner: object): object => ({name: `w.${path}`, typed_config: {'@type': type(path), transport_socket: inner}})

type SocketAsking = Partial<Asking> & {readonly metadata?: Readonly<Record<string, Json>>; readonly hostname?: string}

function socketOf(cluster: object, asking: SocketAsking = {}): UpstreamSocket | undefined {
  const {metadata, hostname, ...rest} = asking
  const host = endpoint('10.0.0.1:80', {...(metadata === undefined ? {} : {metadata}), ...(hostname === undefined ? {} : {hostname})})
  const [found] = hosts(ask({cluster: 'c', clusters: [{name: 'c', ...cluster}], assignments: {c: assignment({hosts: [host]})}, ...rest}))
  return found?.socket
}

// envoy-2022 D9, A.3: the shape of a 2022 service cluster.
const MATCHES = {
  transport_socket_matches: [
    {name: 'internal_upstream', match: {tunnel: 'http'}, transport_socket: wrap('internal_upstream.v3.InternalUpstreamTransport', RAW)},
    {name: 'both', match: {a: 'x', b: true}, transport_socket: tls({sni: 'both'})},
    {name: 'number', match: {n: 1}, transport_socket: tls({sni: 'number'})},
    {name: 'tlsMode-disabled', match: {}, transport_socket: RAW},
  ],
  transport_socket: tls({sni: 'own'}),
}

describe('which transport socket', () => {
  test.each([
    {rule: 'the entry whose match the host has', match: {tunnel: 'http'}, name: 'internal_upstream', kind: 'internal'},
    {rule: 'more metadata than asked for', match: {tunnel: 'http', other: 1}, name: 'internal_upstream', kind: 'internal'},
    {rule: 'every key must match', match: {a: 'x'}, name: 'tlsMode-disabled', kind: 'raw'},
    {rule: 'all keys match', match: {a: 'x', b: true}, name: 'both', kind: 'tls'},
    {rule: 'a text is no number', match: {n: '1'}, name: 'tlsMode-disabled', kind: 'raw'},
    {rule: 'a number', match: {n: 1}, name: 'number', kind: 'tls'},
    {rule: 'an empty match takes hosts without metadata', match: undefined, name: 'tlsMode-disabled', kind: 'raw'},
  ])('$rule', ({match, name, kind}) => {
    expect(socketOf(MATCHES, match === undefined ? {} : {metadata: {'envoy.transport_socket_match': match}})).toMatchObject({name, kind})
  })

  test('no entry fits: the socket of the cluster', () => {
    const cluster = {...MATCHES, transport_socket_matches: MATCHES.transport_socket_matches.slice(0, 3)}
    expect(socketOf(cluster)).toMatchObject({kind: 'tls', tls: {sni: 'own'}})
  })

  test('the metadata of the locality counts when the host fits nowhere', () => {
    const group = {metadata: {filter_metadata: {'envoy.transport_socket_match': {n: 1}}}, lb_endpoints: [endpoint('10.0.0.1:80')]}
    const cluster = {
      name: 'c',
      transport_socket_matches: MATCHES.transport_socket_matches.slice(0, 3),
      load_assignment: {endpoints: [group]},
    }
    expect(hosts(ask({cluster: 'c', clusters: [cluster]}))[0]?.socket.name).toBe('number')
  })

  test('no socket at all is raw bytes', () => {
    expect(socketOf({})).toEqual({kind: 'raw', name: 'envoy.transport_sockets.raw_buffer'})
  })

  test.each([
    {
      rule: 'PROXY header before TLS',
      socket: wrap('proxy_protocol.v3.ProxyProtocolUpstreamTransport', tls()),
      kinds: ['proxy-protocol', 'tls'],
    },
    {rule: 'a tap only listens', socket: wrap('tap.v3.Tap', tls()), kinds: ['tls']},
    {rule: 'an unknown wrapper', socket: wrap('http_11_proxy.v3.Http11ProxyUpstreamTransport', RAW), kinds: ['opaque', 'raw']},
    {rule: 'a name without config', socket: {name: 'envoy.transport_sockets.tls'}, kinds: ['tls']},
  ])('$rule', ({socket, kinds}) => {
    const chain: string[] = []
    for (let at = socketOf({transport_socket: socket}); at !== undefined; at = at.inner) chain.push(at.kind)
    expect(chain).toEqual(kinds)
  })

  test('sockets around sockets end', () => {
    let socket: object = RAW
    for (let depth = 0; depth < 200; depth++) socket = wrap('internal_upstream.v3.InternalUpstreamTransport', socket)
    expect(socketOf({transport_socket: socket})?.kind).toBe('internal')
  })
})

const INPUTS = 'type.googleapis.com/envoy.extensions.matching.common_inputs.transport_socket.v3.'
const tree = (input: object, names: Readonly<Record<string, string>>): object => ({
  transport_socket_matcher: {
    matcher_tree: {
      input: {name: 'input', typed_config: input},
      exact_match_map: {map: Object.fromEntries(Object.entries(names).map(([key, name]) => [key, socketAction(name)]))},
    },
  },
})
const socketAction = (name: string): object => ({
  action: {name: 'socket', typed_config: {'@type': `${INPUTS}TransportSocketNameAction`, name}},
})
const metadataInput = (kind: string, {filter, path = ['t']}: {filter?: string; path?: readonly string[]} = {}): object => ({
  '@type': `${INPUTS}${kind}MetadataInput`,
  path: path.map((key) => ({key})),
  ...(filter === undefined ? {} : {filter}),
})
const stateInput = {'@type': `${INPUTS}FilterStateInput`, key: 'k'}
const state = (value: string | undefined, shared: 'none' | 'once'): SocketAsking => ({
  connection: {filterState: new Map([['k', {value, shared}]])},
})
const NAMED = {
  transport_socket_matches: [
    {name: 'one', match: {ignored: 'x'}, transport_socket: tls({sni: 'one'})},
    {name: 'two', match: {}, transport_socket: tls({sni: 'two'})},
  ],
  transport_socket: tls({sni: 'own'}),
}

// Envoy transport_socket_match_impl.cc resolveUsingMatcher, transport_socket/config.cc.
describe('the newer match tree', () => {
  const CASES: readonly {rule: string; cluster: object; asking?: SocketAsking; sni: string}[] = [
    {rule: 'names an entry', cluster: tree(metadataInput('Endpoint'), {a: 'two'}), asking: {metadata: {'envoy.lb': {t: 'a'}}}, sni: 'two'},
    {rule: 'nothing matches', cluster: tree(metadataInput('Endpoint'), {a: 'two'}), asking: {metadata: {'envoy.lb': {t: 'b'}}}, sni: 'own'},
    {
      rule: 'a name that is not there',
      cluster: tree(metadataInput('Endpoint'), {a: 'x'}),
      asking: {metadata: {'envoy.lb': {t: 'a'}}},
      sni: 'own',
    },
    {
      rule: 'another namespace, deeper down, a number as text',
      cluster: tree(metadataInput('Endpoint', {filter: 'f', path: ['t', 'u']}), {'1': 'one'}),
      asking: {metadata: {f: {t: {u: 1}}}},
      sni: 'one',
    },
    {
      rule: 'a value that is not there reads null',
      cluster: tree(metadataInput('Endpoint'), {null: 'one'}),
      asking: {metadata: {f: {}}},
      sni: 'one',
    },
    {rule: 'no metadata at all gives no value', cluster: tree(metadataInput('Endpoint'), {null: 'one'}), sni: 'own'},
    {
      rule: 'an empty text gives no value',
      cluster: tree(metadataInput('Endpoint'), {'': 'one'}),
      asking: {metadata: {'envoy.lb': {t: ''}}},
      sni: 'own',
    },
    {rule: 'filter state that is shared', cluster: tree(stateInput, {v: 'one'}), asking: state('v', 'once'), sni: 'one'},
    {rule: 'filter state that is not', cluster: tree(stateInput, {v: 'one'}), asking: state('v', 'none'), sni: 'own'},
  ]

  test.each(CASES)('$rule', ({cluster, asking, sni}) => {
    expect(socketOf({...NAMED, ...cluster}, asking)?.tls?.sni).toBe(sni)
  })

  test('the metadata of the locality', () => {
    const group = {metadata: {filter_metadata: {'envoy.lb': {t: 'a'}}}, lb_endpoints: [endpoint('10.0.0.1:80')]}
    const cluster = {name: 'c', ...NAMED, ...tree(metadataInput('Locality'), {a: 'two'}), load_assignment: {endpoints: [group]}}
    expect(hosts(ask({cluster: 'c', clusters: [cluster]}))[0]?.socket.name).toBe('two')
  })

  test.each([
    {rule: 'an input that is not known', cluster: tree({'@type': 'type.googleapis.com/x.y.Z'}, {a: 'one'})},
    {rule: 'filter state whose content is not known', cluster: tree(stateInput, {v: 'one'}), asking: state(undefined, 'once')},
  ])('$rule is not decided', ({cluster, asking}) => {
    expect(socketOf({...NAMED, ...cluster}, asking)).toMatchObject({kind: 'opaque', name: 'transport_socket_matcher'})
  })
})

describe('upstream TLS', () => {
  const COMMON = {alpn_protocols: ['h2'], tls_certificate_sds_secret_configs: [{name: 'spiffe://cluster.local/ns/default/sa/sleep'}]}
  const tlsOf = (config: object, asking?: SocketAsking, cluster: object = {}): UpstreamSocket['tls'] =>
    socketOf({transport_socket: tls(config), ...cluster}, asking)?.tls

  test('a 2022 ztunnel does not verify the server (envoy-2022 A.5)', () => {
    expect(tlsOf({common_tls_context: COMMON})).toEqual({
      secrets: ['spiffe://cluster.local/ns/default/sa/sleep'],
      inlineCertificate: false,
      alpn: ['h2'],
      expectedSans: [],
      sanMatchers: [],
      validates: false,
    })
  })

  test('names of both spellings are expected, and the SDS part adds its own', () => {
    const combined = {
      default_validation_context: {
        match_typed_subject_alt_names: [{san_type: 'URI', matcher: {prefix: 'spiffe://td/'}}],
        match_subject_alt_names: [{exact: 'a.test'}],
      },
      validation_context_sds_secret_config: {name: 'ROOTCA'},
    }
    const secrets = {ROOTCA: {name: 'ROOTCA', validation_context: {match_subject_alt_names: [{exact: 'b.test'}]}}}
    expect(tlsOf({common_tls_context: {combined_validation_context: combined}}, {secrets})).toMatchObject({
      expectedSans: ['URI prefix "spiffe://td/"', 'exact "a.test"', 'exact "b.test"'],
      validates: true,
      validationSecret: 'ROOTCA',
    })
  })

  test.each([
    {rule: 'a trusted CA verifies', context: {trusted_ca: {}}, validates: true},
    {rule: 'no trust anchor verifies nothing', context: {}, validates: false},
    {rule: 'ACCEPT_UNTRUSTED gives it up', context: {trusted_ca: {}, trust_chain_verification: 'ACCEPT_UNTRUSTED'}, validates: false},
  ])('$rule', ({context, validates}) => {
    expect(tlsOf({common_tls_context: {validation_context: context}})?.validates).toBe(validates)
  })

  const AUTO_SNI = {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        upstream_http_protocol_options: {auto_sni: true},
        explicit_http_config: {http2_protocol_options: {}},
      },
    },
  }
  const asks = (authority: string): Stream => ({...stream, request: {...stream.request, authority}})
  const named = new Map([['envoy.network.upstream_server_name', {value: 'fs.test', shared: 'none' as const}]])

  const SNI: readonly {rule: string; config: object; cluster?: object; with?: SocketAsking; sni?: string; from?: string}[] = [
    {rule: 'the configured name', config: {sni: 'a.test'}, sni: 'a.test', from: 'sni'},
    {rule: 'none', config: {}},
    {
      rule: 'auto_sni takes the host of the request',
      config: {sni: 'a.test'},
      cluster: AUTO_SNI,
      with: {stream: asks('b.test:8080')},
      sni: 'b.test',
      from: 'auto-sni',
    },
    {
      rule: 'auto_sni leaves addresses alone',
      config: {sni: 'a.test'},
      cluster: AUTO_SNI,
      with: {stream: asks('[2001:db8::1]:80')},
      sni: 'a.test',
      from: 'sni',
    },
    {rule: 'auto_sni needs a request', config: {sni: 'a.test'}, cluster: AUTO_SNI, sni: 'a.test', from: 'sni'},
    {
      rule: 'auto_host_sni takes the name of the endpoint',
      config: {sni: 'a.test', auto_host_sni: true},
      with: {hostname: 'ep.test'},
      sni: 'ep.test',
      from: 'auto-host-sni',
    },
    {rule: 'filter state wins', config: {sni: 'a.test'}, with: {connection: {filterState: named}}, sni: 'fs.test', from: 'sni'},
  ]

  test.each(SNI)('SNI: $rule', ({config, cluster, with: asking, sni, from}) => {
    const found = tlsOf(config, asking, cluster)
    expect([found?.sni, found?.sniFrom]).toEqual([sni, from])
  })

  test.each([
    {rule: 'the configured list', common: {alpn_protocols: ['istio']}, expected: ['istio']},
    {rule: 'else what the HTTP protocol asks for', common: {}, expected: ['h2']},
  ])('ALPN: $rule', ({common, expected}) => {
    expect(tlsOf({common_tls_context: common}, {stream}, AUTO_SNI)?.alpn).toEqual(expected)
  })
})

describe('HTTP protocol of the upstream', () => {
  const options = (fields: object): object => ({
    typed_extension_protocol_options: {'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': fields},
  })
  test.each([
    {rule: 'HTTP/1.1 by default', cluster: {}, http: 'h1'},
    {rule: 'the legacy field', cluster: {http2_protocol_options: {}}, http: 'h2'},
    {rule: 'the legacy selection', cluster: {protocol_selection: 'USE_DOWNSTREAM_PROTOCOL'}, http: 'downstream'},
    {rule: 'explicit HTTP/1', cluster: options({explicit_http_config: {http_protocol_options: {}}}), http: 'h1'},
    {rule: 'explicit HTTP/2', cluster: options({explicit_http_config: {http2_protocol_options: {allow_connect: true}}}), http: 'h2'},
    {rule: 'explicit HTTP/3', cluster: options({explicit_http_config: {http3_protocol_options: {}}}), http: 'h3'},
    {rule: 'the downstream protocol', cluster: options({use_downstream_protocol_config: {}}), http: 'downstream'},
    {rule: 'by ALPN', cluster: options({auto_config: {}}), http: 'auto'},
  ])('$rule', ({cluster, http}) => {
    const [host] = hosts(
      ask({cluster: 'c', clusters: [{name: 'c', ...cluster}], assignments: {c: assignment({hosts: [endpoint('10.0.0.1:80')]})}}),
    )
    expect(host?.http).toBe(http)
  })
})
