import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {connectTo, requestOf, semanticsFor, streamOf} from '../match/samples.js'
import {chosen, clusterOf} from './routing.js'

/** The request as a route to cluster c sends it. */
function sent(
  {route: action = {}, ...rest}: {readonly route?: object; readonly [field: string]: unknown},
  request = requestOf(),
): HttpRequest {
  return clusterOf(chosen({...rest, route: {cluster: 'c', ...action}}), streamOf(request)).stream.request
}

function notesOf(action: object, request: HttpRequest = requestOf()): readonly string[] {
  return clusterOf(chosen({route: {cluster: 'c', ...action}}), streamOf(request)).notes
}

/** header_parser.cc evaluateHeaders. */
describe('headers of a route', () => {
  const add = (key: string, value: string, extra: object = {}): object => ({header: {key, value}, ...extra})
  const BEFORE = [
    ['a', '1'],
    ['x', 'old'],
    ['b', '2'],
    ['x', 'older'],
  ] as const

  test('an overwritten header keeps its place, and every other header stays', () => {
    const route = {request_headers_to_add: [add('x', 'new', {append_action: 'OVERWRITE_IF_EXISTS_OR_ADD'})]}
    expect(sent(route, requestOf({headers: BEFORE})).headers).toEqual([
      ['a', '1'],
      ['x', 'new'],
      ['b', '2'],
    ])
  })

  test('a removal needs no addition', () => {
    expect(sent({request_headers_to_remove: ['x']}, requestOf({headers: BEFORE})).headers).toEqual([
      ['a', '1'],
      ['b', '2'],
    ])
  })

  test('deprecated append true adds a line', () => {
    const headers = sent({request_headers_to_add: [add('x', 'new', {append: true})]}, requestOf({headers: BEFORE})).headers
    expect(headers).toEqual([...BEFORE, ['x', 'new']])
  })

  test('an action of tomorrow changes nothing', () => {
    const route = {request_headers_to_add: [add('x', 'new', {append_action: 'SHUFFLE'})]}
    expect(sent(route, requestOf({headers: BEFORE})).headers).toEqual(BEFORE)
  })

  test('what is no header is left out', () => {
    expect(sent({request_headers_to_add: [{}, 7], request_headers_to_remove: [7]}, requestOf({headers: BEFORE})).headers).toEqual(BEFORE)
  })

  test('a value that nobody can format is sent as it is written, and told', () => {
    const target = clusterOf(chosen({route: {cluster: 'c'}, request_headers_to_add: [add('x', 'v-%PORT%'), add('y', 'plain')]}))
    expect(target.stream.request.headers).toEqual([
      ['x', 'v-%PORT%'],
      ['y', 'plain'],
    ])
    expect(target.notes).toEqual(['header x is not fully known'])
  })
})

/** config_impl.cc finalizeHostHeader. */
describe('hosts', () => {
  const original = (request: HttpRequest): readonly (readonly [string, string])[] =>
    request.headers.filter(([name]) => name.startsWith('x-'))

  test('a host that was rewritten before keeps its first name', () => {
    const headers = [['x-envoy-original-host', 'first.test']] as const
    expect(original(sent({route: {host_rewrite_literal: 'b.test'}}, requestOf({headers})))).toEqual(headers)
  })

  test('the same host again is not said to be forwarded', () => {
    const action = {host_rewrite_literal: 'a.test', append_x_forwarded_host: true}
    expect(original(sent({route: action}))).toEqual([['x-envoy-original-host', 'a.test']])
  })

  test('without append_x_forwarded_host nothing is said', () => {
    expect(original(sent({route: {host_rewrite_literal: 'b.test', append_x_forwarded_host: false}}))).toEqual([
      ['x-envoy-original-host', 'a.test'],
    ])
  })

  test.each([
    {
      name: 'a regex that does not compile',
      action: {host_rewrite_path_regex: {pattern: {regex: '('}}},
      notes: ['the regex of host_rewrite_path_regex does not compile'],
    },
    {name: 'a regex that does', action: {host_rewrite_path_regex: {pattern: {regex: '/(.*)'}, substitution: String.raw`\1`}}, notes: []},
    {name: 'a format nobody knows', action: {host_rewrite: '%REQ(x)%'}, notes: ['host_rewrite is not fully known']},
    {name: 'a literal', action: {host_rewrite_literal: 'b.test'}, notes: []},
    {name: 'a header', action: {host_rewrite_header: 'x'}, notes: []},
  ])('$name', ({action, notes}) => {
    expect(notesOf(action, requestOf({path: '/b.test'}))).toEqual(notes)
  })

  test('a regex that does not compile leaves the host alone', () => {
    expect(sent({route: {host_rewrite_path_regex: {pattern: {regex: '('}}}}).authority).toBe('a.test')
  })

  test('host_rewrite is formatted', () => {
    const target = clusterOf(chosen({route: {cluster: 'c', host_rewrite: '%X%.test'}}), streamOf(), {
      format: (template, {request}) => ({text: template.replace('%X%', request.method.toLowerCase()), complete: true}),
    })
    expect(target.stream.request.authority).toBe('get.test')
    expect(target.notes).toEqual([])
  })

  test('a CONNECT has no path to take the host from, and keeps a port of its own', () => {
    const match = {connect_matcher: {}}
    const action = {host_rewrite_path_regex: {pattern: {regex: '.*'}, substitution: 'b.test'}}
    expect(sent({match, route: action}, connectTo('q.test:1')).authority).toBe('b.test')
    const filterState = new Map([['envoy.router.original_connect_port', {value: '8080', shared: 'none'} as const]])
    const target = clusterOf(chosen({match, route: {cluster: 'c'}}), streamOf(connectTo('q.test:1'), {filterState}))
    expect(target.stream.request.authority).toBe('q.test:1')
  })
})

/** config_impl.cc currentUrlPathAfterRewriteWithMatchedPath. */
describe('paths', () => {
  const policy = (config: object | undefined): object => ({path_rewrite_policy: {name: 'p', typed_config: config}})
  const template = {path_match_policy: {typed_config: {'@type': 'x/UriTemplateMatchConfig', path_template: '/bar/{id}'}}}
  const rewrite = {'@type': 'x/UriTemplateRewriteConfig', path_template_rewrite: '/foo/{id}'}

  test('a prefix_rewrite of a path takes its length, parameters stay', () => {
    expect(sent({match: {path: '/old'}, route: {prefix_rewrite: '/new'}}, requestOf({path: '/old;v=1?q'})).path).toBe('/new;v=1?q')
  })

  test('a prefix_rewrite of a template takes the whole path', () => {
    expect(sent({match: template, route: {prefix_rewrite: '/new'}}, requestOf({path: '/bar/7'})).path).toBe('/new')
  })

  test('without a match the whole path is replaced', () => {
    expect(sent({match: undefined, route: {prefix_rewrite: '/new'}}, requestOf({path: '/x?q'})).path).toBe('/new?q')
  })

  test.each([
    {name: 'a rewrite by template', match: template, action: policy(rewrite), path: '/foo/7', notes: []},
    {
      name: 'a rewrite by template of another match',
      match: {prefix: '/'},
      action: policy(rewrite),
      path: '/bar/7',
      notes: ['path_rewrite_policy UriTemplateRewriteConfig is not evaluated'],
    },
    {
      name: 'a foreign policy',
      match: template,
      action: policy({'@type': 'x/own.Policy'}),
      path: '/bar/7',
      notes: ['path_rewrite_policy own.Policy is not evaluated'],
    },
    {
      name: 'a policy without config',
      match: template,
      action: policy(undefined),
      path: '/bar/7',
      notes: ['path_rewrite_policy  is not evaluated'],
    },
    {
      name: 'a regex',
      match: {prefix: '/'},
      action: {regex_rewrite: {pattern: {regex: 'bar'}, substitution: 'foo'}},
      path: '/foo/7',
      notes: [],
    },
    {name: 'a prefix', match: {prefix: '/bar'}, action: {prefix_rewrite: '/foo'}, path: '/foo/7', notes: []},
    {name: 'a text', match: {prefix: '/'}, action: {path_rewrite: '/foo/7'}, path: '/foo/7', notes: []},
  ])('$name', ({match, action, path, notes}) => {
    const target = clusterOf(chosen({match, route: {cluster: 'c', ...action}}), streamOf(requestOf({path: '/bar/7'})))
    expect(target.stream.request.path).toBe(path)
    expect(target.notes).toEqual(notes)
  })

  test('path_rewrite is formatted, the query stays', () => {
    const target = clusterOf(chosen({route: {cluster: 'c', path_rewrite: '/%X%'}}), streamOf(requestOf({path: '/a?q'})), {
      semantics: semanticsFor(),
      format: () => ({text: '/formatted', complete: true}),
    })
    expect(target.stream.request).toMatchObject({path: '/formatted?q', headers: [['x-envoy-original-path', '/a?q']]})
    expect(target.notes).toEqual([])
  })
})
