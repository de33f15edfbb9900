import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import {ask, oneHost} from '../engine/http-dump.js'
import {requestOf} from '../match/samples.js'

type Message = Readonly<Record<string, unknown>>

const TYPE = 'type.googleapis.com/'

function header(name: string): Message {
  return {name: 'header', typed_config: {'@type': `${TYPE}envoy.type.matcher.v3.HttpRequestHeaderMatchInput`, header_name: name}}
}

function toRoute(name: string): Message {
  const route = {'@type': `${TYPE}envoy.config.route.v3.Route`, name, match: {prefix: '/'}, route: {cluster: 'web'}}
  return {action: {name: 'route', typed_config: route}}
}

function toRoutes(...routes: readonly Message[]): Message {
  return {action: {name: 'route-list', typed_config: {'@type': `${TYPE}envoy.config.route.v3.RouteList`, routes}}}
}

function single(name: string, value: Message): Message {
  return {single_predicate: {input: header(name), value_match: value}}
}

/** The tree of the recording matchers-http-virtual-hosts. */
const MATCHER = {
  matcher_tree: {
    input: header(':method'),
    exact_match_map: {
      map: {
        GET: toRoute('m-get'),
        PUT: toRoutes(
          {name: 'l-a', match: {path: '/a'}, route: {cluster: 'web'}},
          {name: 'l-b', match: {prefix: '/b'}, route: {cluster: 'web'}},
        ),
        POST: {matcher: {matcher_tree: {input: header('x-kind'), prefix_match_map: {map: {gold: toRoute('m-post')}}}}},
        DELETE: {
          matcher: {
            matcher_list: {
              matchers: [
                {
                  predicate: {
                    and_matcher: {predicate: [single('x-id', {exact: '7'}), {not_matcher: single('x-c', {exact: 'no'})}]},
                  },
                  on_match: toRoute('m-q'),
                },
                {
                  predicate: {or_matcher: {predicate: [single('x-c', {exact: 'yes'}), single(':path', {prefix: '/force'})]}},
                  on_match: toRoute('m-or'),
                },
              ],
            },
          },
        },
      },
    },
  },
  on_no_match: toRoute('m-none'),
}

/** Names and answers of the recorded cases. */
describe('a virtual host with a matcher', () => {
  test.each<{name: string; request: Partial<HttpRequest>; route: string | undefined}>([
    {name: 'm-get', request: {}, route: 'm-get'},
    {name: 'm-put-a', request: {method: 'PUT', path: '/a'}, route: 'l-a'},
    {name: 'm-put-b', request: {method: 'PUT', path: '/b/c'}, route: 'l-b'},
    {name: 'm-put-none', request: {method: 'PUT', path: '/c'}, route: undefined},
    {name: 'm-post', request: {method: 'POST', headers: [['x-kind', 'gold-2']]}, route: 'm-post'},
    {name: 'm-post-miss', request: {method: 'POST', headers: [['x-kind', 'tin']]}, route: 'm-none'},
    {name: 'm-post-absent', request: {method: 'POST'}, route: 'm-none'},
    {name: 'm-and', request: {method: 'DELETE', headers: [['x-id', '7']]}, route: 'm-q'},
    {
      name: 'm-and-not',
      request: {
        method: 'DELETE',
        headers: [
          ['x-id', '7'],
          ['x-c', 'no'],
        ],
      },
      route: 'm-none',
    },
    {name: 'm-or-a', request: {method: 'DELETE', headers: [['x-c', 'yes']]}, route: 'm-or'},
    {name: 'm-or-b', request: {method: 'DELETE', path: '/force/1'}, route: 'm-or'},
    {name: 'm-list-none', request: {method: 'DELETE', headers: [['x-c', 'no']]}, route: 'm-none'},
    {name: 'm-none', request: {method: 'PATCH'}, route: 'm-none'},
  ])('$name', ({request, route}) => {
    const table = oneHost([], {matcher: MATCHER})
    const {exits} = ask({table}, requestOf(request))
    expect(exits.map(({log}) => log?.route)).toEqual([route])
    if (route === undefined) expect(exits[0]?.log).toMatchObject({code: 404, flags: 'NR'})
  })

  test('beside a matcher the routes do not count', () => {
    const table = oneHost([{name: 'listed', match: {prefix: '/'}, route: {cluster: 'web'}}], {matcher: MATCHER})
    expect(ask({table}, requestOf({method: 'PUT', path: '/c'})).exits[0]?.log?.code).toBe(404)
  })
})
