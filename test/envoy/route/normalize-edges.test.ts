import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {canonicalPath, mergeSlashes, unescapeSlashes} from '../../../src/envoy/route/normalize-path.js'
import {normalizeRequest, type NormalizedRequest} from '../../../src/envoy/route/normalize-request.js'
import type {Semantics} from '../../../src/envoy/semantics.js'
import {connectionOf, connectTo, internalConnection, requestOf, semanticsFor, streamOf, view} from '../match/samples.js'

interface Asked {
  readonly manager?: object
  readonly semantics?: Semantics
  readonly connection?: ReturnType<typeof connectionOf>
}

function normalize(
  request: HttpRequest,
  {manager = {}, semantics = semanticsFor(), connection = connectionOf()}: Asked,
): NormalizedRequest {
  return normalizeRequest({manager: view(manager), stream: streamOf(request, {connection}), semantics})
}

/** path_utility.cc: Chromium's canonical form. */
describe('canonical paths', () => {
  test.each([
    {name: 'characters beyond the basic plane stay whole', path: '/\u{1f600}', result: '/%F0%9F%98%80'},
    {name: 'control characters have two digits', path: '/\u0001', result: '/%01'},
    {name: 'a dot inside a name is no dot segment', path: '/a..;x=1/b', result: '/a..;x=1/b'},
  ])('$name', ({path, result}) => {
    expect(canonicalPath(path)).toBe(result)
  })

  test('normalising twice is normalising once', () => {
    const parts = fc.constantFrom('a', '/', '//', '.', '..', '%2e', '%2F', '%5c', '%41', '\\', ' ', '?')
    const manager = {normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD'}
    fc.assert(
      fc.property(fc.array(parts), (texts) => {
        const once = normalize(requestOf({path: `/${texts.join('')}`}), {manager})
        fc.pre(once.kind === 'request')
        expect(normalize(once.stream.request, {manager}).stream.request).toEqual(once.stream.request)
      }),
    )
  })

  test('merged and unescaped paths have nothing left to merge or unescape', () => {
    fc.assert(
      fc.property(fc.string({unit: fc.constantFrom('/', 'a', '%2f', '%2F', '%5C')}), (text) => {
        expect(mergeSlashes(text)).not.toContain('//')
        expect(unescapeSlashes(text)).not.toMatch(/%2f|%5c/i)
      }),
    )
  })
})

describe('paths that are not routed', () => {
  test('a request that is no CONNECT needs one', () => {
    expect(normalize({method: 'GET', authority: 'a.test', headers: []}, {})).toMatchObject({status: 404, details: 'missing_path_rejected'})
  })

  test('escaped slashes are refused before anything else is done to the path', () => {
    const manager = {path_with_escaped_slashes_action: 'REJECT_REQUEST', normalize_path: true, merge_slashes: true}
    expect(normalize(requestOf({path: '/a/..%2F/x?q'}), {manager})).toMatchObject({status: 400, stream: {request: {path: '/a/..//x?q'}}})
  })

  test('an unknown action keeps the path', () => {
    const manager = {path_with_escaped_slashes_action: 'IMPLEMENTATION_SPECIFIC_DEFAULT'}
    expect(normalize(requestOf({path: '/a%2Fb'}), {manager})).toMatchObject({kind: 'request', stream: {request: {path: '/a%2Fb'}}})
  })

  test('what is open is told, with the path as it came', () => {
    const semantics = semanticsFor({version: {major: 1, minor: 39}})
    expect(normalize(requestOf({path: '/a/..;x=1/b?q'}), {manager: {normalize_path: true}, semantics})).toMatchObject({
      kind: 'undetermined',
      missing: 'what a dot segment with parameters turns into: patch releases differ',
      stream: {request: {path: '/a/..;x=1/b?q'}},
    })
    expect(normalize(requestOf({path: '/a..;x=1/b'}), {manager: {normalize_path: true}, semantics}).kind).toBe('request')
  })
})

/** conn_manager_utility.cc maybeNormalizeHost. Recordings strip-any and strip-matching of matchers-http-virtual-hosts. */
describe('ports of hosts', () => {
  const ANY = {strip_any_host_port: true}
  test.each([
    {name: 'letters before the digits', authority: 'shop.test:x1', manager: ANY, result: 'shop.test:x1'},
    {name: 'letters behind them', authority: 'shop.test:1x', manager: ANY, result: 'shop.test:1x'},
    {name: 'too many digits', authority: 'shop.test:12345678901', manager: ANY, result: 'shop.test:12345678901'},
    {name: 'a host of digits', authority: '8080', manager: ANY, result: '8080'},
    {name: 'nothing but a port', authority: ':80', manager: ANY, result: ''},
    {name: 'switched off', authority: 'a:80', manager: {strip_any_host_port: false}, result: 'a:80'},
    {name: 'a dot inside', authority: 'shop.test', manager: {strip_trailing_host_dot: true}, result: 'shop.test'},
    {name: 'a dot, switched off', authority: 'shop.test.', manager: {strip_trailing_host_dot: false}, result: 'shop.test.'},
  ])('$name', ({authority, manager, result}) => {
    expect(normalize(requestOf({authority}), {manager}).stream.request.authority).toBe(result)
  })

  test('without a local address only port 0 matches', () => {
    const asked = {manager: {strip_matching_host_port: true}, connection: internalConnection()}
    expect(normalize(requestOf({authority: 'shop.test:80'}), asked).stream.request.authority).toBe('shop.test:80')
  })

  test('are remembered for a CONNECT alone, and only when taken off', () => {
    const state = (request: HttpRequest): unknown => [...normalize(request, {manager: ANY}).stream.filterState]
    expect(state(connectTo('q.test:8080'))).toEqual([['envoy.router.original_connect_port', {value: '8080', shared: 'none'}]])
    expect(state(connectTo('8080'))).toEqual([])
    expect(state(requestOf({authority: 'q.test:8080'}))).toEqual([])
  })
})
