import {describe, expect, test} from 'vitest'
import type {Stream} from '../../../src/envoy/connection.js'
import {connectTo, requestOf, streamOf} from '../match/samples.js'
import {select, tableOf} from './routing.js'

const TEMPLATE = 'x/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig'

/** The route step of a table: of the route that was taken, or of none. */
function stepOf(routes: readonly object[], stream: Stream = streamOf()): unknown {
  return select(tableOf(routes), stream)[0]?.steps[1]
}

/** Why a route was passed over, as the reader sees it. */
describe('what ruled a route out', () => {
  const last = {name: 'last', match: {prefix: '/'}, route: {cluster: 'c'}}
  test.each([
    {match: {connect_matcher: {}}, because: 'CONNECT'},
    {match: {path: '/x'}, because: 'path "/x"'},
    {match: {prefix: '/x'}, because: 'prefix "/x"'},
    {match: {path_separated_prefix: '/x'}, because: 'path-separated prefix "/x"'},
    {match: {safe_regex: {regex: '/x.*'}}, because: 'regex "/x.*"'},
    {match: {path_match_policy: {typed_config: {'@type': TEMPLATE, path_template: '/x/{id}'}}}, because: 'path template /x/{id}'},
    {match: {prefix: '/', grpc: {}}, because: 'gRPC'},
    {match: {prefix: '/', headers: [{name: 'x-a', string_match: {prefix: 'p'}}]}, because: 'header x-a prefix "p"'},
    {match: {prefix: '/', query_parameters: [{name: 'q', string_match: {exact: 'v'}}]}, because: 'query parameter q exact "v"'},
    {match: {prefix: '/', query_parameters: [{name: 'q'}]}, because: 'query parameter q present'},
    {match: {prefix: '/', query_parameters: [{name: 'q', present_match: true}]}, because: 'query parameter q present'},
    {match: {prefix: '/', tls_context: {presented: true}}, because: 'client certificate presented'},
    {match: {prefix: '/', tls_context: {validated: true}}, because: 'client certificate validated'},
    {match: {prefix: '/', filter_state: [{key: 's', string_match: {exact: 'v'}}]}, because: 'filter state s exact "v"'},
    {match: {prefix: '/', runtime_fraction: {default_value: {}}}, because: 'runtime fraction 0 %'},
  ])('$because', ({match, because}) => {
    expect(stepOf([{name: 'first', match, route: {cluster: 'c'}}, last])).toMatchObject({
      name: 'last',
      rejected: [{candidate: 'first', because: `wants ${because}`}],
    })
  })

  test('of several conditions it is the first that does not hold', () => {
    const match = {prefix: '/', headers: [{name: 'x-a', present_match: true}], query_parameters: [{name: 'q'}]}
    expect(stepOf([{name: 'first', match}, last], streamOf(requestOf({headers: [['x-a', '1']]})))).toMatchObject({
      rejected: [{candidate: 'first', because: 'wants query parameter q present'}],
    })
  })

  test('a query parameter that must be absent', () => {
    const match = {prefix: '/', query_parameters: [{name: 'q', present_match: false}]}
    expect(stepOf([{name: 'first', match}, last], streamOf(requestOf({path: '/?q'})))).toMatchObject({
      rejected: [{candidate: 'first', because: 'wants query parameter q absent'}],
    })
  })
})

describe('what a route asks for', () => {
  test('all its conditions and its fraction, in one line', () => {
    const match = {prefix: '/', headers: [{name: 'x-a', present_match: true}], runtime_fraction: {default_value: {numerator: 30}}}
    expect(stepOf([{name: 'part', match, route: {cluster: 'c'}}], streamOf(requestOf({headers: [['x-a', '1']]})))).toMatchObject({
      match: 'prefix "/", header x-a present, fraction 30/100',
      because: ['GET /', 'runtime fraction 30/100'],
    })
  })

  test.each([
    {name: 'the runtime key overrides', value: 100, text: 'prefix "/", fraction 100 %', because: ['GET /']},
    {name: 'in parts of a hundred', value: 5, text: 'prefix "/", fraction 5/100', because: ['GET /', 'runtime fraction 5/100']},
  ])('$name', ({value, text, because}) => {
    const match = {prefix: '/', runtime_fraction: {runtime_key: 'k', default_value: {numerator: 1, denominator: 'MILLION'}}}
    expect(select(tableOf([{match}]), streamOf(), {runtime: new Map([['k', value]])})[0]?.steps[1]).toMatchObject({match: text, because})
  })

  test('a CONNECT is told by its authority', () => {
    expect(stepOf([{match: {connect_matcher: {}}, route: {cluster: 'c'}}], streamOf(connectTo('q.test:80')))).toMatchObject({
      match: 'CONNECT',
      because: ['CONNECT q.test:80'],
    })
  })

  test('a route without match may be taken or not', () => {
    const branches = select(tableOf([{name: 'odd', route: {cluster: 'c'}}]))
    expect(branches.map(({value}) => value.kind)).toEqual(['route', 'no-route'])
    expect(branches[0]?.steps[1]).toMatchObject({name: 'odd', match: 'nothing known'})
    expect(branches[0]?.requires).toEqual([{what: 'the match it lacks must hold', group: '/table/virtual_hosts/0/routes/0'}])
    expect(branches[1]?.steps[1]).toMatchObject({rejected: [{candidate: 'odd', because: 'wants the match it lacks'}]})
  })

  test.each([
    {name: 'a path specifier of tomorrow', match: {}, what: 'a path specifier of unknown kind'},
    {name: 'a foreign policy', match: {path_match_policy: {typed_config: {'@type': 'x/own.Policy'}}}, what: 'path_match_policy own.Policy'},
    {name: 'a policy without config', match: {path_match_policy: {name: 'p'}}, what: 'path_match_policy '},
    {name: 'unknown fields', match: {prefix: '/', cookies: [{}], futureField: 1}, what: 'match field cookies and match field future_field'},
    {name: 'a field that is null is none', match: {prefix: '/', cookies: null, other: 1}, what: 'match field other'},
  ])('$name depends on what is not known', ({match, what}) => {
    expect(select(tableOf([{match, route: {cluster: 'c'}}]))[0]?.requires[0]?.what).toBe(`${what} must hold`)
  })
})

describe('what a route does', () => {
  const plugin = (extension: object): object => ({route: {inline_cluster_specifier_plugin: {extension}}})
  const clusters = [{name: 'a', weight: 9}, {cluster_header: 'x-cl', weight: 1}, {}]
  test.each([
    {route: {route: {cluster: 'c'}}, action: 'cluster c'},
    {route: {route: {cluster_header: 'x-cl'}}, action: 'cluster named by header x-cl'},
    {route: {route: {weighted_clusters: {clusters}}}, action: 'weighted clusters a 9, header x-cl 1, header  0'},
    {route: plugin({name: 'p', typed_config: {'@type': 'x/own.Plugin'}}), action: 'cluster chosen by plugin own.Plugin'},
    {route: plugin({name: 'p'}), action: 'cluster chosen by plugin p'},
    {route: {route: {cluster_specifier_plugin: 'named'}}, action: 'cluster chosen by plugin named'},
    {route: {route: {}}, action: 'cluster chosen by plugin of unknown kind'},
    {route: {redirect: {}}, action: 'redirect (MOVED_PERMANENTLY)'},
    {route: {redirect: {response_code: 'FOUND'}}, action: 'redirect (FOUND)'},
    {route: {direct_response: {status: 418}}, action: 'direct response 418'},
    {route: {non_forwarding_action: {}}, action: 'non_forwarding_action'},
    {route: {teleport: {}}, action: 'an action of unknown kind'},
  ])('$action', ({route, action}) => {
    expect(stepOf([{match: {prefix: '/'}, ...route}])).toMatchObject({action})
  })
})

test('a request that no route takes is told with what each route wanted', () => {
  expect(stepOf([{match: {path: '/a'}}, {name: 'b', match: {path: '/b'}}])).toEqual({
    kind: 'route',
    name: 'none',
    match: 'no route matches',
    action: '404 route_not_found',
    because: ['GET /'],
    evidence: [{dump: 'sample', pointer: '/table/virtual_hosts/0', basis: 'recorded'}],
    rejected: [
      {candidate: 'unnamed route 0', because: 'wants path "/a"'},
      {candidate: 'b', because: 'wants path "/b"'},
    ],
  })
  expect(stepOf([])).not.toHaveProperty('rejected')
})
