import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {addShares, formatShare, NOTHING} from '../../../src/flow/share.js'
import {ask, endsOf, httpFilter, oneHost, sentBy} from '../engine/http-dump.js'
import {connectTo, requestOf} from '../match/samples.js'

type Message = Readonly<Record<string, unknown>>

const CONNECT_FORWARDED = {name: 'conn-fwd', match: {connect_matcher: {}}, route: {cluster: 'web'}}

function next(route: Message, change: Partial<HttpRequest>): HttpRequest | undefined {
  return sentBy(ask({table: oneHost([route])}, requestOf(change)).exits[0])
}

/** The cases of the recording matchers-http-actions: what the upstream server got. */
describe('the next hop sees the rewritten request', () => {
  const regex = (pattern: string, substitution: string): Message => ({pattern: {regex: pattern}, substitution})
  test.each([
    {name: 'prefix-rewrite', match: {prefix: '/old/'}, action: {prefix_rewrite: '/new/'}, path: '/old/x?y=1', sent: 'a.test/new/x?y=1'},
    {name: 'prefix-rewrite-path', match: {path: '/old'}, action: {prefix_rewrite: '/new'}, path: '/old', sent: 'a.test/new'},
    {
      name: 'regex-rewrite',
      match: {prefix: '/re/'},
      action: {regex_rewrite: regex('^/re/([^/]+)(/.*)$', String.raw`\2/by/\1`)},
      path: '/re/one/two?q=1',
      sent: 'a.test/two/by/one?q=1',
    },
    {
      name: 'regex-rewrite-nomatch',
      match: {prefix: '/re/'},
      action: {regex_rewrite: regex('^/re/([^/]+)(/.*)$', String.raw`\2/by/\1`)},
      path: '/re/one',
      sent: 'a.test/re/one',
    },
    {name: 'host-literal', match: {prefix: '/'}, action: {host_rewrite_literal: 'literal.test'}, path: '/hl', sent: 'literal.test/hl'},
    {name: 'host-header', match: {prefix: '/'}, action: {host_rewrite_header: 'x-host'}, path: '/hh', sent: 'from-header.test/hh'},
    {
      name: 'host-path-regex',
      match: {prefix: '/'},
      action: {host_rewrite_path_regex: regex('^/hp/([^/]+)/.*$', String.raw`\1.test`)},
      path: '/hp/foo/x',
      sent: 'foo.test/hp/foo/x',
    },
  ])('$name', ({match, action, path, sent}) => {
    const request = next({match, route: {cluster: 'web', ...action}}, {path, headers: [['x-host', 'from-header.test']]})
    expect(`${request?.authority}${request?.path}`).toBe(sent)
  })

  test('headers: one removed, one added with the local port, one kept because it is there', () => {
    const route = {
      match: {prefix: '/hdrs'},
      route: {cluster: 'web'},
      request_headers_to_add: [
        {header: {key: 'x-added', value: 'v-%DOWNSTREAM_LOCAL_PORT%'}},
        {header: {key: 'x-keep', value: 'new'}, append_action: 'ADD_IF_ABSENT'},
      ],
      request_headers_to_remove: ['x-gone'],
    }
    const headers = [
      ['x-gone', '1'],
      ['x-keep', 'old'],
    ] as const
    expect(next(route, {path: '/hdrs', headers})?.headers).toEqual([
      ['x-keep', 'old'],
      ['x-forwarded-proto', 'http'],
      ['x-added', 'v-15001'],
    ])
  })

  test('normalised first, then matched, then rewritten', () => {
    const manager = {normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: 'UNESCAPE_AND_FORWARD'}
    const route = {match: {prefix: '/a/b/'}, route: {cluster: 'web', prefix_rewrite: '/c/'}}
    const exit = ask({table: oneHost([route]), manager}, requestOf({path: '/x/..%2Fa//b/%64?q=%2F'})).exits[0]
    expect(sentBy(exit)?.path).toBe('/c/d?q=%2F')
  })
})

describe('what is answered at once', () => {
  test.each([
    {
      name: 'redirect',
      route: {redirect: {host_redirect: 'new.test', response_code: 'FOUND'}},
      status: 302,
      location: 'http://new.test/rd?x=1',
    },
    {name: 'direct response', route: {direct_response: {status: 418}}, status: 418, location: undefined},
    {name: 'direct response with the own URL', route: {direct_response: {status: 307}}, status: 307, location: 'http://a.test/rd?x=1'},
  ])('$name', ({route, status, location}) => {
    const exit = ask({table: oneHost([{match: {prefix: '/'}, ...route}])}, requestOf({path: '/rd?x=1'})).exits[0]
    expect(exit).toMatchObject({verdict: {kind: 'responded', status}, answer: {kind: 'http', status}, log: {details: 'direct_response'}})
    expect(exit?.kind === 'stop' && exit.answer.kind === 'http' ? exit.answer.location : '').toBe(location)
  })

  /** envoy-2022 D5: before any route is looked at. Recordings tls-required and tls-external of matchers-http-virtual-hosts. */
  test('require_tls redirects before the routes', () => {
    const table = oneHost([{match: {prefix: '/'}, direct_response: {status: 418}}], {require_tls: 'ALL'})
    expect(ask({table}, requestOf({authority: 'all.test', path: '/x?y=1'})).exits[0]).toMatchObject({
      answer: {status: 301, location: 'https://all.test/x?y=1'},
    })
  })
})

describe('copies of a request', () => {
  const action = {cluster: 'web', request_mirror_policies: [{cluster: 'copy', runtime_fraction: {default_value: {numerator: 25}}}]}

  test('are exits of their own, marked, with the share of their policy', () => {
    const forwarding = ask({table: oneHost([{match: {prefix: '/'}, route: action}]), clusters: ['web', 'copy']})
    expect(endsOf(forwarding)).toEqual(['web 1', 'copy to copy 1/4'])
    expect(forwarding.exits.map((exit) => sentBy(exit)?.authority)).toEqual(['a.test', 'a.test-shadow'])
  })

  test('do not count among the shares, which add up to one', () => {
    const clusters = [
      {name: 'web', weight: 2},
      {name: 'other', weight: 1},
    ]
    const {exits} = ask({
      table: oneHost([{match: {prefix: '/'}, route: {...action, cluster: undefined, weighted_clusters: {clusters}}}]),
      clusters: ['web', 'other', 'copy'],
    })
    const originals = exits.filter(({mirror}) => mirror !== true)
    expect(originals.map(({share}) => formatShare(share))).toEqual(['2/3', '1/3'])
    expect(formatShare(originals.reduce((sum, {share}) => addShares(sum, share), NOTHING))).toBe('1')
  })
})

/** envoy-2022 I.7, recordings connect-no-upgrade, connect-no-upgrade-noroute and ws-no-upgrade. */
describe('the upgrade gate', () => {
  const connect = connectTo('q.test:9090')
  const websocket = requestOf({
    headers: [
      ['connection', 'upgrade'],
      ['upgrade', 'websocket'],
    ],
  })

  test.each([
    {name: 'CONNECT on a route, allowed by nobody', routes: [CONNECT_FORWARDED], request: connect, details: 'upgrade_failed', code: 403},
    {name: 'CONNECT without a route', routes: [], request: connect, details: 'route_not_found', code: 404},
    {
      name: 'websocket allowed by nobody',
      routes: [{match: {prefix: '/'}, route: {cluster: 'web'}}],
      request: websocket,
      details: 'upgrade_failed',
      code: 403,
    },
  ])('$name is $code', ({routes, request, details, code}) => {
    expect(ask({table: oneHost(routes)}, request).exits[0]?.log).toMatchObject({code, details})
  })

  test('comes before the filters', () => {
    const parts = {table: oneHost([{match: {prefix: '/'}, route: {cluster: 'web'}}]), filters: [httpFilter('rbac.v3.RBAC', {rules: {}})]}
    expect(ask(parts, websocket).exits[0]?.log?.details).toBe('upgrade_failed')
    const allowing = {...parts, manager: {upgrade_configs: [{upgrade_type: 'websocket'}]}}
    expect(ask(allowing, websocket).exits[0]?.log?.details).toBe('rbac_access_denied_matched_policy[none]')
  })
})
