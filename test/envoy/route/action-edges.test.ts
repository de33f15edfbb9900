import {describe, expect, test} from 'vitest'
import {upgradeFilters} from '../../../src/envoy/route/upgrade.js'
import {connectTo, requestOf, streamOf, view} from '../match/samples.js'
import {chosen, clusterOf, resolve} from './routing.js'

describe('a request that goes to no cluster', () => {
  test.each([
    {
      name: 'non_forwarding_action',
      route: {non_forwarding_action: {}},
      target: {kind: 'no-cluster', status: 503, reason: 'the route has a non_forwarding_action'},
    },
    {
      name: 'an action of tomorrow',
      route: {teleport: {}},
      target: {kind: 'undetermined', missing: 'the action of the route is of a kind that is not known'},
    },
    {
      name: 'a header that is missing',
      route: {route: {cluster_header: 'x-cl', cluster_not_found_response_code: 'NOT_FOUND'}},
      target: {kind: 'no-cluster', status: 404, reason: 'the route names no cluster for this request'},
    },
    {
      name: 'an empty name',
      route: {route: {cluster: '', cluster_not_found_response_code: 'GONE'}},
      target: {kind: 'no-cluster', status: 503, reason: 'the route names no cluster for this request'},
    },
  ])('$name', ({route, target}) => {
    expect(resolve(chosen(route))).toMatchObject([{value: target, share: {numerator: 1n, denominator: 1n}}])
  })

  test('is not copied either', () => {
    expect(resolve(chosen({route: {cluster_header: 'x-cl', request_mirror_policies: [{cluster: 'm'}]}}))).toHaveLength(1)
  })
})

describe('a copy of a request', () => {
  const forward = (policy: object, extra: object = {}): object => ({
    route: {cluster: 'c', cluster_not_found_response_code: 'NOT_FOUND', request_mirror_policies: [policy], ...extra},
  })

  test('has the changes of the route, and nothing of the choice of endpoints', () => {
    const metadata_match = {filter_metadata: {'envoy.lb': {v: '1'}}}
    const choice = chosen(forward({cluster: 'm'}, {metadata_match, prefix_rewrite: '/new'}))
    const stream = streamOf(requestOf({path: '/x', authority: 'a.test'}))
    const [original, copy, ...others] = resolve(choice, stream)
    expect(others).toEqual([])
    expect(original?.value).toMatchObject({metadataMatch: [{value: {v: '1'}}]})
    expect(copy).toMatchObject({mirror: true, requires: [], steps: []})
    expect(copy?.requires).toHaveLength(0)
    expect(copy?.steps).toHaveLength(0)
    expect(copy?.value).toMatchObject({
      kind: 'cluster',
      cluster: 'm',
      notFoundCode: 404,
      metadataMatch: [],
      arrived: stream.request,
      stream: {request: {authority: 'a.test-shadow', path: '/newx'}},
    })
  })

  test('may go to the cluster a header names', () => {
    const stream = streamOf(requestOf({headers: [['x-m', 'named']]}))
    expect(resolve(chosen(forward({cluster_header: 'x-m'})), stream)[1]?.value).toMatchObject({cluster: 'named'})
    expect(resolve(chosen(forward({})), stream)).toHaveLength(1)
  })

  test('keeps a host that only holds an address', () => {
    const hostOf = (authority: string): unknown =>
      resolve(chosen(forward({cluster: 'm'})), streamOf(requestOf({authority})))[1]?.value.stream.request.authority
    expect(hostOf('[10.0.0.1]x')).toBe('[10.0.0.1]x-shadow')
    expect(hostOf('10.0.0.1')).toBe('10.0.0.1')
    expect(hostOf('10.0.0.256:1')).toBe('10.0.0.256-shadow:1')
  })
})

/** http/utility.cc newUri. */
describe('the Location of a redirect', () => {
  const location = (redirect: object, change: object = {}, scheme = 'http'): unknown => {
    const target = resolve(chosen({redirect}), streamOf(requestOf(change), {scheme}))[0]?.value
    return target?.kind === 'redirect' ? `${target.status} ${target.location}` : target?.kind
  }

  test.each([
    {name: 'an unknown code is 301', redirect: {response_code: 'TEAPOT'}, change: {}, result: '301 http://a.test/'},
    {name: 'MOVED_PERMANENTLY', redirect: {response_code: 'MOVED_PERMANENTLY'}, change: {}, result: '301 http://a.test/'},
    {
      name: 'a query of its own replaces the other',
      redirect: {path_redirect: '/t?own'},
      change: {path: '/x?q'},
      result: '301 http://a.test/t?own',
    },
    {name: 'a port of 0 is none', redirect: {port_redirect: 0}, change: {authority: 'a.test:81'}, result: '301 http://a.test:81/'},
    {name: 'an empty host is none', redirect: {host_redirect: ''}, change: {}, result: '301 http://a.test/'},
    {
      name: 'https from port 443 of http',
      redirect: {https_redirect: true},
      change: {authority: 'a.test:443'},
      result: '301 https://a.test:443/',
    },
    {name: 'https switched off', redirect: {https_redirect: false}, change: {}, result: '301 http://a.test/'},
    {name: 'a CONNECT has no path', redirect: {}, change: {path: undefined}, result: '301 http://a.test'},
  ])('$name', ({redirect, change, result}) => {
    expect(location(redirect, change)).toBe(result)
  })

  test('has the scheme of the URL where it is one of HTTP, else that of the connection', () => {
    expect(location({}, {scheme: 'http'}, 'https')).toBe('301 http://a.test/')
    expect(location({}, {scheme: 'https'}, 'http')).toBe('301 https://a.test/')
    expect(location({}, {scheme: 'ftp'}, 'https')).toBe('301 https://a.test/')
  })
})

/** router.cc: 201 and 3xx carry the URL. */
test.each([
  {status: 200, carries: false},
  {status: 201, carries: true},
  {status: 299, carries: false},
  {status: 300, carries: true},
  {status: 399, carries: true},
  {status: 400, carries: false},
])('a direct response $status carries a Location: $carries', ({status, carries}) => {
  const direct = chosen({direct_response: {status}})
  expect('location' in (resolve(direct)[0]?.value ?? {})).toBe(carries)
  expect(resolve(direct, streamOf(connectTo('q.test:1')))[0]?.value).not.toHaveProperty('location')
})

describe('upgrades', () => {
  const handling = (configs: readonly object[] | undefined, method: string): unknown =>
    clusterOf(chosen({route: {cluster: 'c', upgrade_configs: configs}}), streamOf(requestOf({method}))).connect

  test('a CONNECT is terminated by whichever config says so', () => {
    expect(handling([{upgrade_type: 'websocket'}, {upgrade_type: 'CONNECT', connect_config: {}}], 'CONNECT')).toBe('terminate')
    expect(handling(undefined, 'CONNECT')).toBe('forward')
    expect(handling(undefined, 'POST')).toBeUndefined()
    expect(clusterOf(chosen({route: {cluster: 'c'}}))).not.toHaveProperty('connect')
  })

  test('Connection may have several lines', () => {
    const headers = [
      ['connection', 'keep-alive'],
      ['connection', 'upgrade'],
      ['upgrade', 'websocket'],
    ] as const
    const manager = view({upgrade_configs: [{}, {upgrade_type: 'websocket', filters: [{name: 'own'}]}]})
    expect(upgradeFilters({manager, stream: streamOf(requestOf({headers}))})).toHaveLength(1)
    expect(upgradeFilters({manager: view({}), stream: streamOf(requestOf({headers}))})).toBeUndefined()
  })
})

test('a cluster target holds only what the route says', () => {
  const target = clusterOf(chosen({route: {cluster: 'c'}}))
  expect(target.metadataMatch).toEqual([])
  expect(Object.keys(target).toSorted()).toEqual([
    'arrived',
    'cluster',
    'kind',
    'metadataMatch',
    'notFoundCode',
    'notes',
    'route',
    'stream',
  ])
})
