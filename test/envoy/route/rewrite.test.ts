import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {ORIGINAL_CONNECT_PORT} from '../../../src/envoy/route/normalize-request.js'
import {connectTo, requestOf, streamOf} from '../match/samples.js'
import {chosen, clusterOf} from './routing.js'

const TEMPLATE = {name: 't', typed_config: {'@type': 'x/UriTemplateMatchConfig', path_template: '/bar/{country}/{lang}'}}

function sent(route: object, request: HttpRequest): HttpRequest {
  return clusterOf(chosen(route), streamOf(request)).stream.request
}

describe('path rewrites', () => {
  const regex = {pattern: {regex: '^/re/([^/]+)(/.*)$'}, substitution: String.raw`\2/by/\1`}

  test.each([
    {
      name: 'prefix_rewrite keeps the query',
      match: {prefix: '/old/'},
      action: {prefix_rewrite: '/new/'},
      path: '/old/x?y=1',
      result: '/new/x?y=1',
    },
    {name: 'prefix_rewrite on a path', match: {path: '/old'}, action: {prefix_rewrite: '/new'}, path: '/old?q', result: '/new?q'},
    {
      name: 'prefix_rewrite on another case',
      match: {prefix: '/OLD', case_sensitive: false},
      action: {prefix_rewrite: '/new'},
      path: '/old/x',
      result: '/new/x',
    },
    {
      name: 'prefix_rewrite finds no prefix where parameters were ignored to match it',
      match: {prefix: '/a/b'},
      action: {prefix_rewrite: '/new'},
      path: '/a;v=1/b',
      result: '/a;v=1/b',
    },
    {
      name: 'prefix_rewrite on a separated prefix',
      match: {path_separated_prefix: '/v1'},
      action: {prefix_rewrite: '/v2'},
      path: '/v1/x',
      result: '/v2/x',
    },
    {
      name: 'prefix_rewrite on a regex takes the whole path',
      match: {safe_regex: {regex: '/a.*'}},
      action: {prefix_rewrite: '/z'},
      path: '/abc?q',
      result: '/z?q',
    },
    {name: 'regex_rewrite', match: {prefix: '/re/'}, action: {regex_rewrite: regex}, path: '/re/one/two?q=1', result: '/two/by/one?q=1'},
    {name: 'regex_rewrite that misses', match: {prefix: '/re/'}, action: {regex_rewrite: regex}, path: '/re/one', result: '/re/one'},
    {
      name: 'path_rewrite_policy',
      match: {path_match_policy: TEMPLATE},
      path: '/bar/de/en?q',
      result: '/en/de?q',
      action: {
        path_rewrite_policy: {name: 'r', typed_config: {'@type': 'x/UriTemplateRewriteConfig', path_template_rewrite: '/{lang}/{country}'}},
      },
    },
  ])('$name', ({match, action, path, result}) => {
    const request = sent({match, route: {cluster: 'c', ...action}}, requestOf({path}))
    expect(request.path).toBe(result)
    expect(request.headers).toEqual([['x-envoy-original-path', path]])
  })

  test('none leaves path and headers alone', () => {
    expect(sent({route: {cluster: 'c'}}, requestOf({path: '/x'}))).toEqual(requestOf({path: '/x'}))
  })

  test('what cannot be evaluated is told', () => {
    const broken = clusterOf(
      chosen({route: {cluster: 'c', regex_rewrite: {pattern: {regex: '('}, substitution: ''}}}),
      streamOf(requestOf({path: '/x'})),
    )
    expect(broken.stream.request.path).toBe('/x')
    expect(broken.notes).toEqual(['the regex of regex_rewrite does not compile'])
    const foreign = {name: 'own', typed_config: {'@type': 'x/own.Policy'}}
    expect(clusterOf(chosen({route: {cluster: 'c', path_rewrite_policy: foreign}})).notes).toEqual([
      'path_rewrite_policy own.Policy is not evaluated',
    ])
    expect(clusterOf(chosen({route: {cluster: 'c', path_rewrite: '/%REQ(x)%'}})).notes).toEqual(['path_rewrite is not fully known'])
  })
})

describe('host rewrites', () => {
  test.each([
    {name: 'literal', action: {host_rewrite_literal: 'b.test'}, request: {}, host: 'b.test'},
    {name: 'header', action: {host_rewrite_header: 'x-host'}, request: {headers: [['x-host', 'h.test']]}, host: 'h.test'},
    {name: 'missing header', action: {host_rewrite_header: 'x-host'}, request: {}, host: 'a.test'},
    {
      name: 'path regex',
      action: {host_rewrite_path_regex: {pattern: {regex: '^/hp/([^/]+)/.*$'}, substitution: String.raw`\1.test`}},
      request: {path: '/hp/foo/x?q'},
      host: 'foo.test',
    },
  ] as const)('$name', ({action, request, host}) => {
    const result = sent({route: {cluster: 'c', ...action}}, requestOf(request))
    expect(result.authority).toBe(host)
    expect(result.headers.filter(([name]) => name === 'x-envoy-original-host')).toEqual(
      host === 'a.test' ? [] : [['x-envoy-original-host', 'a.test']],
    )
  })

  test('auto_host_rewrite takes the hostname of the endpoint, once somebody knows it', () => {
    const target = clusterOf(chosen({route: {cluster: 'c', auto_host_rewrite: true}}))
    expect(target.stream.request.authority).toBe('a.test')
    const rewritten = target.withEndpointHost?.('host.test').request
    expect(rewritten?.authority).toBe('host.test')
    expect(rewritten?.headers).toContainEqual(['x-envoy-original-host', 'a.test'])
  })

  test('append_x_forwarded_host keeps the old host', () => {
    const headers = [['x-forwarded-host', 'first.test']] as const
    expect(
      sent({route: {cluster: 'c', host_rewrite_literal: 'b.test', append_x_forwarded_host: true}}, requestOf({headers})).headers,
    ).toEqual([
      ['x-forwarded-host', 'first.test,a.test'],
      ['x-envoy-original-host', 'a.test'],
    ])
  })

  test('a weighted entry rewrites silently, the action over it', () => {
    const weighted_clusters = {clusters: [{name: 'c', weight: 1, host_rewrite_literal: 'entry.test'}]}
    expect(sent({route: {weighted_clusters}}, requestOf())).toEqual(requestOf({authority: 'entry.test'}))
    expect(sent({route: {weighted_clusters, host_rewrite_literal: 'action.test'}}, requestOf()).authority).toBe('action.test')
  })

  test('a CONNECT leaves with the port it was routed without', () => {
    const filterState = new Map([[ORIGINAL_CONNECT_PORT, {value: '8080', shared: 'none'} as const]])
    const target = clusterOf(chosen({match: {connect_matcher: {}}, route: {cluster: 'c'}}), streamOf(connectTo('q.test'), {filterState}))
    expect(target.stream.request.authority).toBe('q.test:8080')
  })
})

describe('request headers', () => {
  const add = (key: string, value: string, extra: object = {}): object => ({header: {key, value}, ...extra})

  test.each([
    {name: 'APPEND by default', option: add('X', 'new'), before: ['old'], after: ['old', 'new']},
    {name: 'ADD_IF_ABSENT, present', option: add('x', 'new', {append_action: 'ADD_IF_ABSENT'}), before: ['old'], after: ['old']},
    {name: 'ADD_IF_ABSENT, absent', option: add('x', 'new', {append_action: 'ADD_IF_ABSENT'}), before: [], after: ['new']},
    {
      name: 'OVERWRITE_IF_EXISTS_OR_ADD',
      option: add('x', 'new', {append_action: 'OVERWRITE_IF_EXISTS_OR_ADD'}),
      before: ['old', 'older'],
      after: ['new'],
    },
    {name: 'OVERWRITE_IF_EXISTS, absent', option: add('x', 'new', {append_action: 'OVERWRITE_IF_EXISTS'}), before: [], after: []},
    {
      name: 'OVERWRITE_IF_EXISTS, present',
      option: add('x', 'new', {append_action: 'OVERWRITE_IF_EXISTS'}),
      before: ['old'],
      after: ['new'],
    },
    {name: 'deprecated append false', option: add('x', 'new', {append: false}), before: ['old'], after: ['new']},
    {name: 'an empty value is left out', option: add('x', ''), before: [], after: []},
    {name: 'an empty value is kept on demand', option: add('x', '', {keep_empty_value: true}), before: [], after: ['']},
  ])('$name', ({option, before, after}) => {
    const request = sent(
      {route: {cluster: 'c'}, request_headers_to_add: [option]},
      requestOf({headers: before.map((value) => ['x', value] as const)}),
    )
    expect(request.headers.map(([, value]) => value)).toEqual(after)
  })

  test('removal comes before addition', () => {
    const route = {
      route: {cluster: 'c'},
      request_headers_to_add: [add('x', 'new', {append_action: 'ADD_IF_ABSENT'})],
      request_headers_to_remove: ['X', 'gone'],
    }
    expect(
      sent(
        route,
        requestOf({
          headers: [
            ['x', 'old'],
            ['gone', '1'],
            ['stays', '1'],
          ],
        }),
      ).headers,
    ).toEqual([
      ['stays', '1'],
      ['x', 'new'],
    ])
  })

  test.each([
    {wins: undefined, values: ['entry', 'route', 'host', 'table']},
    {wins: true, values: ['entry', 'table', 'host', 'route']},
  ])('levels in order, most_specific_header_mutations_wins $wins', ({wins, values}) => {
    const level = (value: string): object => ({request_headers_to_add: [add('x', value)]})
    const weighted_clusters = {clusters: [{name: 'c', weight: 1, ...level('entry')}]}
    const table = {...level('table'), most_specific_header_mutations_wins: wins}
    const target = clusterOf(chosen({route: {weighted_clusters}, ...level('route')}, {virtualHost: level('host'), table}))
    expect(target.stream.request.headers.map(([, value]) => value)).toEqual(values)
  })

  test('values are formatted, and told when they are not fully known', () => {
    const choice = chosen({route: {cluster: 'c'}, request_headers_to_add: [add('x', 'v-%PORT%')]})
    const known = clusterOf(choice, streamOf(), {format: (template) => ({text: template.replace('%PORT%', '80'), complete: true})})
    expect(known).toMatchObject({stream: {request: {headers: [['x', 'v-80']]}}, notes: []})
    expect(clusterOf(choice, streamOf(), {format: () => ({text: 'v--', complete: false})}).notes).toEqual(['header x is not fully known'])
    expect(clusterOf(choice).notes).toEqual(['header x is not fully known'])
  })
})
