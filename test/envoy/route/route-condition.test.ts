import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import type {Stream} from '../../../src/envoy/connection.js'
import {matchRoute} from '../../../src/envoy/route/route-condition.js'
import {connectionOf, connectTo, requestOf, semanticsFor, streamOf, view} from '../match/samples.js'

function match(wanted: object, stream: Stream, ignorePathParameters = false): string {
  return matchRoute(view(wanted), {stream, semantics: semanticsFor(), ignorePathParameters}).outcome
}

function at(path: string, change: Partial<HttpRequest> = {}): Stream {
  return streamOf(requestOf({path, ...change}))
}

const TEMPLATE = {
  path_match_policy: {
    name: 't',
    typed_config: {'@type': 'x/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig', path_template: '/t/{id}/items/**'},
  },
}

describe('path specifiers', () => {
  test.each([
    {name: 'path', wanted: {path: '/exact'}, path: '/exact', outcome: 'yes'},
    {name: 'path without the query', wanted: {path: '/exact'}, path: '/exact?x=1', outcome: 'yes'},
    {name: 'path, other slash', wanted: {path: '/exact'}, path: '/exact/', outcome: 'no'},
    {name: 'path, other case', wanted: {path: '/exact'}, path: '/Exact', outcome: 'no'},
    {name: 'path, case ignored', wanted: {path: '/ExactCI', case_sensitive: false}, path: '/exactci', outcome: 'yes'},
    {name: 'prefix', wanted: {prefix: '/dir/'}, path: '/dir/x', outcome: 'yes'},
    {name: 'prefix needs its slash', wanted: {prefix: '/dir/'}, path: '/dir', outcome: 'no'},
    {name: 'prefix, case ignored', wanted: {prefix: '/CASE', case_sensitive: false}, path: '/case/x', outcome: 'yes'},
    {name: 'an empty prefix', wanted: {prefix: ''}, path: '/x', outcome: 'yes'},
    {name: 'path_separated_prefix, equal', wanted: {path_separated_prefix: '/api/v1'}, path: '/api/v1', outcome: 'yes'},
    {name: 'path_separated_prefix, child', wanted: {path_separated_prefix: '/api/v1'}, path: '/api/v1/x', outcome: 'yes'},
    {name: 'path_separated_prefix, query', wanted: {path_separated_prefix: '/api/v1'}, path: '/api/v1?x', outcome: 'yes'},
    {name: 'path_separated_prefix, no separator', wanted: {path_separated_prefix: '/api/v1'}, path: '/api/v12', outcome: 'no'},
    {name: 'safe_regex', wanted: {safe_regex: {regex: '/r/[0-9]+'}}, path: '/r/12?z=/x', outcome: 'yes'},
    {name: 'safe_regex is a full match', wanted: {safe_regex: {regex: '/r/[0-9]+'}}, path: '/r/12/x', outcome: 'no'},
    {name: 'safe_regex keeps its case', wanted: {safe_regex: {regex: '/r'}, case_sensitive: false}, path: '/R', outcome: 'no'},
    {name: 'path_match_policy', wanted: TEMPLATE, path: '/t/7/items/a/b', outcome: 'yes'},
    {
      name: 'other path_match_policy',
      wanted: {path_match_policy: {name: 'own', typed_config: {'@type': 'x/own.Policy'}}},
      path: '/',
      outcome: 'undetermined',
    },
    {name: 'no specifier', wanted: {}, path: '/', outcome: 'undetermined'},
    {name: 'connect_matcher', wanted: {connect_matcher: {}}, path: '/', outcome: 'no'},
  ])('$name', ({wanted, path, outcome}) => {
    expect(match(wanted, at(path))).toBe(outcome)
  })

  test('ignore_path_parameters_in_path_matching cuts at the semicolon', () => {
    expect(match({path: '/a'}, at('/a;v=1'), true)).toBe('yes')
    expect(match({path: '/a'}, at('/a;v=1'), false)).toBe('no')
  })

  // Seen on Envoy 1.36.2, 1.36.4, 1.38.3 and 1.39.0 (cut), 1.39.3 and 1.40.0 (by segment).
  test.each([
    {version: {major: 1, minor: 35}, cut: 'yes', whole: 'no'},
    {version: {major: 1, minor: 36}, cut: 'undetermined', whole: 'undetermined'},
    {version: {major: 1, minor: 39}, cut: 'undetermined', whole: 'undetermined'},
    {version: {major: 1, minor: 40}, cut: 'no', whole: 'yes'},
  ])('parameters of an inner segment in 1.$version.minor', ({version, cut, whole}) => {
    const subject = {stream: at('/a;v=1/b;w?x=;/1'), semantics: semanticsFor({version}), ignorePathParameters: true}
    expect(matchRoute(view({path: '/a'}), subject).outcome).toBe(cut)
    expect(matchRoute(view({path: '/a/b'}), subject).outcome).toBe(whole)
    expect(matchRoute(view({prefix: '/a'}), subject).outcome).toBe('yes')
  })

  // Seen on Envoy 1.36.2 and 1.40.0.
  test('path templates see the parameters that others ignore', () => {
    expect(match(TEMPLATE, at('/t/7;v=1/items/a'), true)).toBe('yes')
    expect(match(TEMPLATE, at('/t;v=1/7/items/a'), true)).toBe('no')
  })

  test('a CONNECT without path meets connect_matcher alone', () => {
    const stream = streamOf(connectTo('q.test:8080'))
    expect(match({connect_matcher: {}}, stream)).toBe('yes')
    expect(match({prefix: '/'}, stream)).toBe('no')
    expect(match({safe_regex: {regex: '.*'}}, stream)).toBe('no')
  })

  test('a CONNECT with path matches like any request, and connect_matcher too', () => {
    const stream = at('/ws', {method: 'CONNECT'})
    expect(match({prefix: '/'}, stream)).toBe('yes')
    expect(match({connect_matcher: {}}, stream)).toBe('yes')
  })

  test('an upgrade to connect-udp counts as CONNECT', () => {
    expect(match({connect_matcher: {}}, at('/m', {headers: [['upgrade', 'Connect-UDP']]}))).toBe('yes')
  })
})

describe('other conditions', () => {
  const header = {name: 'x-a', string_match: {exact: 'one'}}

  test.each([
    {
      name: 'all headers',
      wanted: {prefix: '/', headers: [header, {name: ':method', string_match: {exact: 'POST'}}]},
      request: {headers: [['x-a', 'one']]},
      outcome: 'no',
    },
    {
      name: 'header and query',
      wanted: {prefix: '/', headers: [header], query_parameters: [{name: 'a'}]},
      request: {path: '/?a', headers: [['x-a', 'one']]},
      outcome: 'yes',
    },
    {name: 'grpc', wanted: {prefix: '/', grpc: {}}, request: {headers: [['content-type', 'application/grpc']]}, outcome: 'yes'},
    {name: 'grpc+proto', wanted: {prefix: '/', grpc: {}}, request: {headers: [['content-type', 'application/grpc+proto']]}, outcome: 'yes'},
    {
      name: 'grpc-web is no grpc',
      wanted: {prefix: '/', grpc: {}},
      request: {headers: [['content-type', 'application/grpc-web']]},
      outcome: 'no',
    },
    {name: 'a field of tomorrow', wanted: {prefix: '/', cookies: [{}]}, request: {}, outcome: 'undetermined'},
    {name: 'a field of tomorrow, ruled out today', wanted: {prefix: '/x', cookies: [{}]}, request: {}, outcome: 'no'},
    {
      name: 'case_sensitive and runtime_fraction are no conditions',
      wanted: {prefix: '/', caseSensitive: true, runtimeFraction: {}},
      request: {},
      outcome: 'yes',
    },
  ] as const)('$name', ({wanted, request, outcome}) => {
    expect(match(wanted, streamOf(requestOf(request)))).toBe(outcome)
  })

  test.each([
    {name: 'presented', criteria: {presented: true}, withCertificate: 'yes', without: 'no', plain: 'no'},
    {name: 'not presented', criteria: {presented: false}, withCertificate: 'no', without: 'yes', plain: 'yes'},
    {name: 'validated', criteria: {validated: true}, withCertificate: 'undetermined', without: 'no', plain: 'no'},
    {name: 'not validated', criteria: {validated: false}, withCertificate: 'undetermined', without: 'yes', plain: 'yes'},
  ])('tls_context $name', ({criteria, withCertificate, without, plain}) => {
    const wanted = {prefix: '/', tls_context: criteria}
    const peer = {uriSans: ['u'], dnsSans: []}
    expect(match(wanted, streamOf(requestOf(), {connection: connectionOf({tls: {peer}})}))).toBe(withCertificate)
    expect(match(wanted, streamOf(requestOf(), {connection: connectionOf({tls: {}})}))).toBe(without)
    expect(match(wanted, streamOf())).toBe(plain)
  })

  test('dynamic_metadata and filter_state', () => {
    const wanted = {
      prefix: '/',
      dynamic_metadata: [{filter: 'f', path: [{key: 'k'}], value: {bool_match: true}}],
      filter_state: [{key: 's', string_match: {exact: 'v'}}],
    }
    const filterState = new Map([['s', {value: 'v', shared: 'none'} as const]])
    expect(match(wanted, streamOf(requestOf(), {metadata: new Map([['f', {k: true}]]), filterState}))).toBe('yes')
    expect(match(wanted, streamOf(requestOf(), {metadata: new Map([['f', {k: true}]])}))).toBe('no')
    expect(match(wanted, streamOf(requestOf(), {filterState}))).toBe('no')
  })

  test('names the condition that ruled the route out', () => {
    const result = matchRoute(view({prefix: '/', headers: [header]}), {
      stream: streamOf(),
      semantics: semanticsFor(),
      ignorePathParameters: false,
    })
    expect(result).toEqual({outcome: 'no', because: ['header x-a exact "one"']})
  })
})
