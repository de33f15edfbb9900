import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {requestOf, streamOf} from '../match/samples.js'
import {chosen, resolve} from './routing.js'

describe('redirects', () => {
  const location = (
    redirect: object,
    request: Partial<HttpRequest>,
    {scheme = 'http', match = {prefix: '/'}}: {scheme?: string; match?: object} = {},
  ): string | undefined => {
    const target = resolve(chosen({match, redirect}), streamOf(requestOf(request), {scheme}))[0]?.value
    return target?.kind === 'redirect' ? `${target.status} ${target.location}` : undefined
  }

  test.each([
    {
      name: 'host',
      redirect: {host_redirect: 'new.test', response_code: 'FOUND'},
      request: {path: '/rd?x=1'},
      result: '302 http://new.test/rd?x=1',
    },
    {name: 'path, query kept', redirect: {path_redirect: '/target'}, request: {path: '/rp?x=1'}, result: '301 http://a.test/target?x=1'},
    {
      name: 'path, query stripped',
      redirect: {path_redirect: '/target', strip_query: true},
      request: {path: '/rp?x=1'},
      result: '301 http://a.test/target',
    },
    {
      name: 'a query of its own stays',
      redirect: {path_redirect: '/t?own', strip_query: true},
      request: {path: '/rp?x=1'},
      result: '301 http://a.test/t?own',
    },
    {
      name: 'https and port',
      redirect: {https_redirect: true, port_redirect: 8443},
      request: {authority: 'a.test:80', path: '/a?x'},
      result: '301 https://a.test:8443/a?x',
    },
    {
      name: 'https drops the default port',
      redirect: {https_redirect: true},
      request: {authority: 'a.test:80'},
      result: '301 https://a.test/',
    },
    {
      name: 'https keeps any other port',
      redirect: {https_redirect: true},
      request: {authority: 'a.test:8080'},
      result: '301 https://a.test:8080/',
    },
    {
      name: 'the same scheme keeps its port',
      redirect: {path_redirect: '/x'},
      request: {authority: 'a.test:80'},
      result: '301 http://a.test:80/x',
    },
    {name: 'IPv6', redirect: {port_redirect: 81}, request: {authority: '[2001:db8::1]:80'}, result: '301 http://[2001:db8::1]:81/'},
    {
      name: 'IPv6 without port',
      redirect: {port_redirect: 81},
      request: {authority: '[2001:db8::1]'},
      result: '301 http://[2001:db8::1]:81/',
    },
    {name: 'permanent', redirect: {host_redirect: 'n', response_code: 'PERMANENT_REDIRECT'}, request: {}, result: '308 http://n/'},
    {name: 'see other', redirect: {host_redirect: 'n', response_code: 'SEE_OTHER'}, request: {}, result: '303 http://n/'},
    {name: 'temporary', redirect: {host_redirect: 'n', response_code: 'TEMPORARY_REDIRECT'}, request: {}, result: '307 http://n/'},
    {name: 'the scheme of the URL', redirect: {host_redirect: 'n'}, request: {scheme: 'https'}, result: '301 https://n/'},
  ])('$name', ({redirect, request, result}) => {
    expect(location(redirect, request)).toBe(result)
  })

  test('prefix and regex rewrites', () => {
    expect(location({prefix_rewrite: '/x/', scheme_redirect: 'https'}, {path: '/qpre/q?x=1'}, {match: {prefix: '/qpre/'}})).toBe(
      '301 https://a.test/x/q?x=1',
    )
    expect(location({regex_rewrite: {pattern: {regex: '^/rre/(.*)$'}, substitution: String.raw`/z/\1`}}, {path: '/rre/abc?q'})).toBe(
      '301 http://a.test/z/abc?q',
    )
  })

  test('over TLS the default port is 443', () => {
    expect(location({scheme_redirect: 'http'}, {authority: 'a.test:443'}, {scheme: 'https'})).toBe('301 http://a.test/')
    expect(location({scheme_redirect: 'http'}, {authority: 'a.test:80'}, {scheme: 'https'})).toBe('301 http://a.test:80/')
  })
})
