import {describe, expect, test} from 'vitest'
import type {HttpRequest} from '../../../src/flow/connection.js'
import type {Exit} from '../../../src/flow/forwarder.js'
import {chain, cluster, dump, listener, networkFilter} from '../engine/dump.js'
import {arrive, forwarder, onlyExit} from '../engine/forwarding.js'

type Message = Readonly<Record<string, unknown>>

/** What one connection manager with one virtual host does with a request. */
function exitOf({request, manager = {}, routes}: {request: Partial<HttpRequest>; manager?: Message; routes: readonly Message[]}): Exit {
  const table = {name: 'table', virtual_hosts: [{name: 'all', domains: ['*'], routes}]}
  const filter = networkFilter('http_connection_manager.v3.HttpConnectionManager', {
    route_config: table,
    http_filters: [{name: 'router', typed_config: {'@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'}}],
    ...manager,
  })
  const document = dump({
    listeners: [listener({filter_chains: [chain('http', {filters: [filter]})]})],
    clusters: [cluster('web', '10.0.0.1:80')],
    version: {major: 1, minor: 40},
  })
  const payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers: [], ...request}} as const
  return onlyExit(forwarder(document).forward(arrive('10.9.9.9:80', {payload})))
}

const GRPC = {headers: [['content-type', 'application/grpc']]} as const

/** Seen on Envoy 1.40.0: what Envoy says itself to gRPC is 200 with a grpc-status. */
describe('answers to gRPC', () => {
  test.each([
    {answer: 'no route', routes: [{match: {path: '/other'}, route: {cluster: 'web'}}], flags: 'NR'},
    {answer: 'a redirect', routes: [{match: {prefix: '/'}, redirect: {host_redirect: 'b.test'}}]},
    {answer: 'a direct response', routes: [{match: {prefix: '/'}, direct_response: {status: 403}}]},
    {answer: 'a cluster that is missing', routes: [{match: {prefix: '/'}, route: {cluster: 'missing'}}], flags: 'NC'},
  ])('$answer has status 200', ({routes, flags}) => {
    const exit = exitOf({request: GRPC, routes})
    expect(exit).toMatchObject({kind: 'stop', answer: {kind: 'http', status: 200}, log: {code: 200}})
    expect(exit.log?.flags).toBe(flags)
  })

  test('other requests keep the status', () => {
    const exit = exitOf({request: {}, routes: [{match: {prefix: '/'}, direct_response: {status: 403}}]})
    expect(exit).toMatchObject({answer: {status: 403}, log: {code: 403}})
  })
})

/** Seen on Envoy 1.40.0: HTTP/1 requests have a :scheme too, when they are routed. */
describe(':scheme', () => {
  test.each([
    {forwarded: undefined, scheme: 'http'},
    {forwarded: 'https', scheme: 'https'},
    {forwarded: 'ftp', scheme: 'http'},
  ])('with x-forwarded-proto $forwarded is $scheme', ({forwarded, scheme}) => {
    const headers = forwarded === undefined ? [] : [['x-forwarded-proto', forwarded] as const]
    const match = {prefix: '/', headers: [{name: ':scheme', string_match: {exact: scheme}}]}
    expect(exitOf({request: {headers}, routes: [{name: 'hit', match, route: {cluster: 'web'}}]}).log?.route).toBe('hit')
  })
})

/** Seen on Envoy 1.40.0: routes look at the request as the manager changed it. */
test('the via of the manager is there when routes are compared', () => {
  const match = {prefix: '/', headers: [{name: 'via', string_match: {exact: 'edge'}}]}
  const routes = [{name: 'hit', match, route: {cluster: 'web'}}]
  expect(exitOf({request: {}, manager: {via: 'edge'}, routes}).log?.route).toBe('hit')
  expect(exitOf({request: {}, routes}).log?.route).toBeUndefined()
})

/** Seen on Envoy 1.40.0: no `-` stands for what is missing. */
test('a header whose value has nothing to print is not sent', () => {
  const added = [{header: {key: 'x-all', value: '%REQ(x-absent)%'}}, {header: {key: 'x-part', value: 'is %REQ(x-absent)%'}}]
  const exit = exitOf({request: {}, routes: [{match: {prefix: '/'}, route: {cluster: 'web'}, request_headers_to_add: added}]})
  const payload = exit.kind === 'depart' ? exit.departure.payload : undefined
  const lines = payload?.kind === 'http' ? payload.request.headers.filter(([name]) => name.startsWith('x-a') || name.startsWith('x-p')) : []
  expect(lines).toEqual([['x-part', 'is ']])
})

/** Seen on Envoy 1.40.0: what is answered before routing is logged with its route, if the client said x-forwarded-proto. */
describe('a path that is refused', () => {
  const manager = {path_with_escaped_slashes_action: 'REJECT_REQUEST'}
  const routes = [{name: 'slash', match: {prefix: '/a/'}, route: {cluster: 'web'}}]
  test.each([
    {headers: [['x-forwarded-proto', 'https'] as const], route: 'slash', cluster: 'web'},
    {headers: [], route: undefined, cluster: undefined},
  ])('with $headers is logged with route $route', ({headers, route, cluster: logged}) => {
    const {log} = exitOf({request: {path: '/a%2fb', headers}, manager, routes})
    expect(log).toMatchObject({virtualHost: 'all', code: 400, details: 'path_normalization_failed'})
    expect({route: log?.route, cluster: log?.cluster}).toEqual({route, cluster: logged})
  })
})
