import {describe, expect, test} from 'vitest'
import type {Connection} from '../../../src/envoy/connection.js'
import {evaluateRules} from '../../../src/envoy/authorization/rules.js'
import type {Subject} from '../../../src/envoy/authorization/subject.js'
import {connectionOf, internalConnection, requestOf, semanticsFor, streamOf, view} from '../match/samples.js'

const ANY = {any: true}
const FRONT = 'spiffe://mesh.test/ns/web/sa/front'

function matched(policy: {permission?: object; principal?: object}, subject: Subject): string {
  const rules = {policies: {p: {permissions: [policy.permission ?? ANY], principals: [policy.principal ?? ANY]}}}
  return evaluateRules({rules: view(rules), subject, semantics: semanticsFor()}).matched
}

function tlsConnection(peer: {uriSans?: string[]; dnsSans?: string[]; subject?: string} | undefined): Connection {
  return connectionOf({tls: {...(peer === undefined ? {} : {peer: {uriSans: [], dnsSans: [], ...peer}})}})
}

function sees(connection: Connection, request: Parameters<typeof requestOf>[0] = {}): Subject {
  return {connection, stream: streamOf(requestOf(request), {connection})}
}

// Seen on Envoy 1.36.2 (parameters stay) and 1.40.0 (they go, where the route table says so).
describe('path parameters that routing ignores', () => {
  const paths = {url_path: {path: {exact: '/a/b'}}}
  const template = {
    uri_template: {
      name: 't',
      typed_config: {'@type': 'x/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig', path_template: '/a/b'},
    },
  }
  const header = {header: {name: ':path', string_match: {exact: '/a/b'}}}

  test.each([
    {name: 'url_path', permission: paths, minor: 40, ignore: true, outcome: 'yes'},
    {name: 'uri_template', permission: template, minor: 40, ignore: true, outcome: 'yes'},
    {name: 'the header :path', permission: header, minor: 40, ignore: true, outcome: 'no'},
    {name: 'url_path of a table that ignores none', permission: paths, minor: 40, ignore: false, outcome: 'no'},
    {name: 'url_path, where the patch release decides', permission: paths, minor: 36, ignore: true, outcome: 'undetermined'},
    {name: 'url_path, before', permission: paths, minor: 35, ignore: true, outcome: 'no'},
  ])('$name in 1.$minor: $outcome', ({permission, minor, ignore, outcome}) => {
    const subject = {...sees(connectionOf(), {path: '/a;v=1/b?c=/'}), ignorePathParameters: ignore}
    const rules = view({policies: {p: {permissions: [permission], principals: [ANY]}}})
    expect(evaluateRules({rules, subject, semantics: semanticsFor({version: {major: 1, minor}})}).matched).toBe(outcome)
  })
})

describe('permissions', () => {
  const connection = connectionOf()

  test.each([
    {name: 'any', permission: ANY, outcome: 'yes'},
    {name: 'destination_port is the restored port', permission: {destination_port: 80}, outcome: 'yes'},
    {name: 'destination_port misses', permission: {destination_port: 15008}, outcome: 'no'},
    {name: 'destination_port_range start', permission: {destination_port_range: {start: 80, end: 90}}, outcome: 'yes'},
    {name: 'destination_port_range end is exclusive', permission: {destination_port_range: {start: 70, end: 80}}, outcome: 'no'},
    {name: 'destination_ip', permission: {destination_ip: {address_prefix: '10.96.0.0', prefix_len: 16}}, outcome: 'yes'},
    {name: 'and_rules', permission: {and_rules: {rules: [{destination_port: 80}, {destination_port: 81}]}}, outcome: 'no'},
    {name: 'or_rules', permission: {or_rules: {rules: [{destination_port: 81}, {destination_port: 80}]}}, outcome: 'yes'},
    {name: 'not_rule', permission: {not_rule: {destination_port: 81}}, outcome: 'yes'},
    {name: 'camel case', permission: {andRules: {rules: [{notRule: {destinationPort: 81}}]}}, outcome: 'yes'},
    {name: 'requested_server_name without tls_inspector', permission: {requested_server_name: {exact: 's.test'}}, outcome: 'no'},
    {name: 'an extension', permission: {matcher: {name: 'm', typed_config: {'@type': 'x/a.B'}}}, outcome: 'undetermined'},
    {name: 'an unknown kind', permission: {phase_of_moon: 'full'}, outcome: 'undetermined'},
    {name: 'no: unknown or known, where the known decides', permission: {or_rules: {rules: [{phase_of_moon: 1}, ANY]}}, outcome: 'yes'},
  ])('$name', ({permission, outcome}) => {
    expect(matched({permission}, {connection})).toBe(outcome)
  })

  test.each([
    {name: 'url_path ignores the query', permission: {url_path: {path: {exact: '/ok'}}}, request: {path: '/ok?x=1'}, outcome: 'yes'},
    {
      name: 'dot segments are compared raw',
      permission: {url_path: {path: {prefix: '/pre/'}}},
      request: {path: '/pre/../secret'},
      outcome: 'yes',
    },
    {name: 'header', permission: {header: {name: ':method', string_match: {exact: 'POST'}}}, request: {method: 'POST'}, outcome: 'yes'},
    {
      name: ':authority suffix',
      permission: {header: {name: ':authority', suffix_match: ':9080'}},
      request: {authority: 'a:9080'},
      outcome: 'yes',
    },
    {
      name: 'Host without port',
      permission: {header: {name: ':authority', suffix_match: ':9080'}},
      request: {authority: 'productpage'},
      outcome: 'no',
    },
    {
      name: 'uri_template',
      permission: {uri_template: {name: 't', typed_config: {path_template: '/api/{v}/get'}}},
      request: {path: '/api/v1/get'},
      outcome: 'yes',
    },
  ])('$name', ({permission, request, outcome}) => {
    expect(matched({permission}, sees(connection, request))).toBe(outcome)
  })

  test('paths and headers of a connection without request never match', () => {
    expect(matched({permission: {url_path: {path: {prefix: ''}}}}, {connection})).toBe('no')
    expect(matched({permission: {header: {name: ':method', string_match: {prefix: ''}}}}, {connection})).toBe('no')
  })

  test('requested_server_name is what tls_inspector found, not what TLS negotiated', () => {
    const permission = {requested_server_name: {suffix: '.ok.test'}}
    expect(matched({permission}, {connection: connectionOf({serverName: 'a.ok.test'})})).toBe('yes')
    expect(matched({permission}, {connection: connectionOf({tls: {sni: 'a.ok.test'}})})).toBe('no')
  })

  test('metadata of the connection at L4, of the request at L7', () => {
    const permission = {metadata: {filter: 'tunnel', path: [{key: 'target'}], value: {string_match: {exact: 'yes'}}}}
    const metadata = new Map([['tunnel', {target: 'yes'}]])
    const tagged = connectionOf({metadata})
    expect(matched({permission}, {connection: tagged})).toBe('yes')
    expect(matched({permission}, {connection: tagged, stream: streamOf(requestOf(), {connection: tagged})})).toBe('no')
    expect(matched({permission}, {connection, stream: streamOf(requestOf(), {connection, metadata})})).toBe('yes')
  })

  test('sourced_metadata looks at the route', () => {
    const metadata_matcher = {filter: 'f', path: [{key: 'k'}], value: {bool_match: true}}
    const permission = {sourced_metadata: {metadata_matcher, metadata_source: 'ROUTE'}}
    const route = view({metadata: {filter_metadata: {f: {k: true}}}})
    expect(matched({permission}, {...sees(connection), route})).toBe('yes')
    expect(matched({permission}, {...sees(connection), route: view({})})).toBe('no')
    expect(matched({permission}, sees(connection))).toBe('undetermined')
  })
})

describe('principals', () => {
  test.each([
    {name: 'source_ip is the remote address', principal: {source_ip: {address_prefix: '10.1.0.0', prefix_len: 16}}, outcome: 'yes'},
    {
      name: 'direct_remote_ip is the physical peer',
      principal: {direct_remote_ip: {address_prefix: '10.1.0.0', prefix_len: 16}},
      outcome: 'no',
    },
    {name: 'direct_remote_ip', principal: {direct_remote_ip: {address_prefix: '127.0.0.0', prefix_len: 8}}, outcome: 'yes'},
    {name: 'remote_ip', principal: {remote_ip: {address_prefix: '10.1.0.0', prefix_len: 16}}, outcome: 'yes'},
    {name: 'not_id', principal: {not_id: {source_ip: {address_prefix: '10.9.0.0', prefix_len: 16}}}, outcome: 'yes'},
    {name: 'and_ids', principal: {and_ids: {ids: [ANY, {not_id: ANY}]}}, outcome: 'no'},
    {name: 'or_ids', principal: {or_ids: {ids: [{not_id: ANY}, ANY]}}, outcome: 'yes'},
    {name: 'authenticated without TLS', principal: {authenticated: {}}, outcome: 'no'},
    {name: 'not authenticated without TLS', principal: {not_id: {authenticated: {principal_name: {exact: FRONT}}}}, outcome: 'yes'},
    {name: 'custom', principal: {custom: {name: 'mtls', typed_config: {'@type': 'x/envoy.Mtls'}}}, outcome: 'undetermined'},
  ])('$name', ({principal, outcome}) => {
    expect(matched({principal}, {connection: connectionOf()})).toBe(outcome)
  })

  test('an internal connection has no addresses, so it is in no range', () => {
    const internal = internalConnection()
    const range = {address_prefix: '0.0.0.0', prefix_len: 0}
    expect(matched({principal: {direct_remote_ip: range}}, {connection: internal})).toBe('no')
    expect(matched({principal: {not_id: {source_ip: range}}}, {connection: internal})).toBe('yes')
    expect(matched({permission: {destination_port: 80}}, {connection: internal})).toBe('no')
  })

  test('remote_ip of a request is what X-Forwarded-For left', () => {
    const connection = connectionOf()
    const stream = streamOf(requestOf(), {connection, remote: {ip: '8.8.8.8', port: 0}})
    const range = {address_prefix: '8.8.0.0', prefix_len: 16}
    expect(matched({principal: {remote_ip: range}}, {connection, stream})).toBe('yes')
    expect(matched({principal: {source_ip: range}}, {connection, stream})).toBe('no')
  })

  const exact = {authenticated: {principal_name: {exact: FRONT}}}

  test.each([
    {name: 'URI SAN', peer: {uriSans: [FRONT]}, principal: exact, outcome: 'yes'},
    {name: 'any of several URI SANs', peer: {uriSans: ['spiffe://other', FRONT]}, principal: exact, outcome: 'yes'},
    {name: 'other identity', peer: {uriSans: ['spiffe://other']}, principal: exact, outcome: 'no'},
    {name: 'DNS SAN', peer: {dnsSans: ['front.test']}, principal: {authenticated: {principal_name: {exact: 'front.test'}}}, outcome: 'yes'},
    {name: 'subject', peer: {subject: 'CN=front'}, principal: {authenticated: {principal_name: {exact: 'CN=front'}}}, outcome: 'yes'},
    {
      name: 'DNS SAN beside a URI SAN',
      peer: {uriSans: ['u'], dnsSans: ['d']},
      principal: {authenticated: {principal_name: {exact: 'd'}}},
      outcome: 'yes',
    },
    {name: 'no certificate', peer: undefined, principal: exact, outcome: 'no'},
    {name: 'no certificate, any TLS peer', peer: undefined, principal: {authenticated: {}}, outcome: 'yes'},
    {name: 'no certificate, negated', peer: undefined, principal: {not_id: exact}, outcome: 'yes'},
  ])('$name', ({peer, principal, outcome}) => {
    expect(matched({principal}, {connection: tlsConnection(peer)})).toBe(outcome)
  })

  test('filter state of the connection is seen by the request, which may overrule it', () => {
    const principal = {filter_state: {key: 'io.istio.peer_principal', string_match: {exact: FRONT}}}
    const connection = connectionOf({filterState: new Map([['io.istio.peer_principal', {value: FRONT, shared: 'once'}]])})
    const overruled = streamOf(requestOf(), {
      connection,
      filterState: new Map([['io.istio.peer_principal', {value: 'other', shared: 'none'}]]),
    })
    expect(matched({principal}, {connection})).toBe('yes')
    expect(matched({principal}, sees(connection))).toBe('yes')
    expect(matched({principal}, {connection, stream: overruled})).toBe('no')
    expect(matched({principal}, {connection: connectionOf()})).toBe('no')
  })
})

describe('repeated header lines in RBAC', () => {
  const rules = view({policies: {p: {permissions: [{header: {name: 'x', string_match: {exact: 'admin'}}}], principals: [ANY]}}})
  const connection = connectionOf()
  const subject = {
    connection,
    stream: streamOf(
      requestOf({
        headers: [
          ['x', 'user'],
          ['x', 'admin'],
        ],
      }),
      {connection},
    ),
  }

  test.each([
    {minor: 40, headerLines: 'single', outcome: 'yes'},
    {minor: 40, headerLines: 'joined', outcome: 'yes'},
    {minor: 38, headerLines: 'joined', outcome: 'yes'},
    {minor: 36, headerLines: 'joined', outcome: 'undetermined'},
    {minor: 24, headerLines: 'joined', outcome: 'no'},
  ] as const)('1.$minor with $headerLines routes', ({minor, headerLines, outcome}) => {
    const semantics = semanticsFor({version: {major: 1, minor}, headerLines})
    expect(evaluateRules({rules, subject, semantics}).matched).toBe(outcome)
  })
})
