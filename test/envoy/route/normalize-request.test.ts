import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {canonicalPath} from '../../../src/envoy/route/normalize-path.js'
import {normalizeRequest, ORIGINAL_CONNECT_PORT, type NormalizedRequest} from '../../../src/envoy/route/normalize-request.js'
import {connectionOf, connectTo, requestOf, semanticsFor, streamOf, unknownVersion, view} from '../match/samples.js'

function normalize(request: HttpRequest, manager: object = {}): NormalizedRequest {
  return normalizeRequest({manager: view(manager), stream: streamOf(request), semantics: semanticsFor()})
}

function pathAfter(path: string, manager: object): string | undefined {
  const result = normalize(requestOf({path}), manager)
  return result.kind === 'request' ? result.stream.request.path : result.kind
}

function authorityAfter(authority: string, manager: object): string {
  return normalize(requestOf({authority}), manager).stream.request.authority
}

describe('canonicalPath', () => {
  test.each([
    {path: '/a/x/../b', result: '/a/b'},
    {path: '/a/./b', result: '/a/b'},
    {path: '/../../a', result: '/a'},
    {path: '/a/..', result: '/'},
    {path: '/a/.', result: '/a/'},
    {path: '/a/b/..', result: '/a/'},
    {path: '/a/%2e%2E/b', result: '/b'},
    {path: '/a/.%2e', result: '/'},
    {path: '/...', result: '/...'},
    {path: '/a//b', result: '/a//b'},
    {path: '//..', result: '/'},
    {path: '/%61/b', result: '/a/b'},
    {path: '/%7E%2D%5f', result: '/~-_'},
    {path: '/%2f%2F', result: '/%2f%2F'},
    {path: '/%c3%A9', result: '/%c3%A9'},
    {path: String.raw`/a\b\..\c`, result: '/a/c'},
    {path: '/a b"<>`{|}^', result: '/a%20b%22%3C%3E%60%7B%7C%7D%5E'},
    {path: "/!$&'()*+,;=:@[]", result: "/!$&'()*+,;=:@[]"},
    {path: '/%zz%', result: '/%zz%'},
    {path: '/é', result: '/%C3%A9'},
    {path: '/\ud800', result: '/%EF%BF%BD'},
    {path: 'a', result: '/a'},
    {path: '/x/%00', result: undefined},
    {path: '/%2500', result: '/%2500'},
  ])('$path', ({path, result}) => {
    expect(canonicalPath(path)).toBe(result)
  })

  test('canonical paths stay as they are, rooted and without dot segments', () => {
    fc.assert(
      fc.property(fc.string({unit: fc.constantFrom('a', '/', '.', '%2e', '%41', '\\', ' ', 'é')}), (text) => {
        const once = canonicalPath(`/${text}`) ?? ''
        expect(canonicalPath(once)).toBe(once)
        expect(once.startsWith('/')).toBe(true)
        expect(once.split('/').some((segment) => segment === '.' || segment === '..')).toBe(false)
      }),
    )
  })
})

describe('normalizeRequest: path', () => {
  test.each([
    {name: 'nothing asked', path: '/a/x/../b//c%2Fd', manager: {}, result: '/a/x/../b//c%2Fd'},
    {name: 'normalize_path', path: '/a/x/../b?q=/../', manager: {normalize_path: true}, result: '/a/b?q=/../'},
    {name: 'merge_slashes', path: '/a//b///c?q=//', manager: {merge_slashes: true}, result: '/a/b/c?q=//'},
    {name: 'KEEP_UNCHANGED', path: '/e%2Fx', manager: {path_with_escaped_slashes_action: 'KEEP_UNCHANGED'}, result: '/e%2Fx'},
    {
      name: 'UNESCAPE_AND_FORWARD',
      path: '/a%2Fb%5cc?%2F',
      manager: {path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD'},
      result: String.raw`/a/b\c?%2F`,
    },
    {
      name: 'unescaped, then resolved, then merged',
      path: '/a%2F..%2f%2Fb',
      manager: {path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD', normalize_path: true, merge_slashes: true},
      result: '/b',
    },
    {name: 'parameters of a dot segment', path: '/a/..;x=1/b', manager: {normalize_path: true}, result: '/b'},
  ])('$name', ({path, manager, result}) => {
    expect(pathAfter(path, manager)).toBe(result)
  })

  test.each([
    {
      name: 'OPTIONS *',
      request: requestOf({method: 'OPTIONS', path: '*'}),
      manager: {},
      status: 404,
      details: 'absolute_path_rejected',
      path: '*',
    },
    {name: 'empty path', request: requestOf({path: ''}), manager: {}, status: 404, details: 'missing_path_rejected', path: ''},
    {name: 'fragment', request: requestOf({path: '/a#b'}), manager: {}, status: 400, details: 'path_normalization_failed', path: '/a#b'},
    {
      name: 'encoded NUL',
      request: requestOf({path: '/a%00'}),
      manager: {normalize_path: true},
      status: 400,
      details: 'path_normalization_failed',
      path: '/a%00',
    },
    {
      name: 'REJECT_REQUEST',
      request: requestOf({path: '/e%2Fx'}),
      manager: {path_with_escaped_slashes_action: 'REJECT_REQUEST'},
      status: 400,
      details: 'path_normalization_failed',
      path: '/e/x',
    },
    {
      name: 'UNESCAPE_AND_REDIRECT of gRPC',
      request: requestOf({path: '/e%2Fx', headers: [['content-type', 'application/grpc+proto']]}),
      manager: {path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT'},
      status: 400,
      details: 'path_normalization_failed',
      path: '/e/x',
    },
  ])('$name is answered $status', ({request, manager, status, details, path}) => {
    expect(normalize(request, manager)).toMatchObject({kind: 'response', status, details, stream: {request: {path}}})
  })

  test('UNESCAPE_AND_REDIRECT answers 307 with the path alone', () => {
    expect(normalize(requestOf({path: '/a%2Fb?c'}), {path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT'})).toMatchObject({
      kind: 'response',
      status: 307,
      location: '/a/b?c',
    })
    expect(pathAfter('/a/b', {path_with_escaped_slashes_action: 'UNESCAPE_AND_REDIRECT'})).toBe('/a/b')
  })

  test.each([
    {name: '1.39', semantics: semanticsFor({version: {major: 1, minor: 39}})},
    {name: 'unknown version', semantics: unknownVersion()},
  ])('parameters of a dot segment are undetermined in $name', ({semantics}) => {
    const stream = streamOf(requestOf({path: '/a/..;x=1/b'}))
    expect(normalizeRequest({manager: view({normalize_path: true}), stream, semantics}).kind).toBe('undetermined')
    expect(normalizeRequest({manager: view({}), stream, semantics}).kind).toBe('request')
  })

  test('a CONNECT has no path to look at', () => {
    expect(normalize(connectTo('q.test:8080'), {normalize_path: true})).toMatchObject({
      kind: 'request',
      stream: {request: {authority: 'q.test:8080'}},
    })
  })
})

describe('normalizeRequest: authority', () => {
  test.each([
    {name: 'strip_any_host_port', authority: 'shop.test:8080', manager: {strip_any_host_port: true}, result: 'shop.test'},
    {name: 'what is no port stays', authority: 'shop.test:x', manager: {strip_any_host_port: true}, result: 'shop.test:x'},
    {name: 'IPv6 without port', authority: '[2001:db8::1]', manager: {strip_any_host_port: true}, result: '[2001:db8::1]'},
    {name: 'IPv6 with port', authority: '[2001:db8::1]:80', manager: {strip_any_host_port: true}, result: '[2001:db8::1]'},
    {
      name: 'strip_matching_host_port, other port',
      authority: 'shop.test:8080',
      manager: {strip_matching_host_port: true},
      result: 'shop.test:8080',
    },
    {
      name: 'strip_matching_host_port, local port',
      authority: 'shop.test:80',
      manager: {strip_matching_host_port: true},
      result: 'shop.test',
    },
    {name: 'strip_trailing_host_dot', authority: 'shop.test.', manager: {strip_trailing_host_dot: true}, result: 'shop.test'},
    {
      name: 'strip_trailing_host_dot before a port',
      authority: 'shop.test.:80',
      manager: {strip_trailing_host_dot: true},
      result: 'shop.test:80',
    },
    {
      name: 'dot and port',
      authority: 'shop.test.:80',
      manager: {strip_trailing_host_dot: true, strip_any_host_port: true},
      result: 'shop.test',
    },
    {name: 'nothing asked', authority: 'shop.test.:80', manager: {}, result: 'shop.test.:80'},
  ])('$name', ({authority, manager, result}) => {
    expect(authorityAfter(authority, manager)).toBe(result)
  })

  test('a CONNECT remembers the port it is routed without', () => {
    const stream = streamOf(connectTo('q.test:8080'), {connection: connectionOf()})
    const result = normalizeRequest({manager: view({strip_any_host_port: true}), stream, semantics: semanticsFor()})
    expect(result.stream.request.authority).toBe('q.test')
    expect(result.stream.filterState.get(ORIGINAL_CONNECT_PORT)?.value).toBe('8080')
  })
})
