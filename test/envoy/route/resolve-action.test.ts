import {describe, expect, test} from 'vitest'
import {requestOf, semanticsFor, streamOf, view} from '../match/samples.js'
import {chosen, clusterOf, destinations, resolve, tableOf} from './routing.js'

describe('clusters', () => {
  test('cluster', () => {
    expect(resolve(chosen({route: {cluster: 'c'}}))).toMatchObject([{value: {kind: 'cluster', cluster: 'c', notFoundCode: 503, notes: []}}])
  })

  test.each([
    {name: 'NOT_FOUND', code: 404},
    {name: 'INTERNAL_SERVER_ERROR', code: 500},
    {name: 'SERVICE_UNAVAILABLE', code: 503},
  ])('cluster_not_found_response_code $name', ({name, code}) => {
    expect(clusterOf(chosen({route: {cluster: 'c', cluster_not_found_response_code: name}})).notFoundCode).toBe(code)
  })

  test('cluster_header names the cluster by its first line', () => {
    const choice = chosen({route: {cluster_header: 'X-Cl', cluster_not_found_response_code: 'NOT_FOUND'}})
    expect(
      clusterOf(
        choice,
        streamOf(
          requestOf({
            headers: [
              ['x-cl', 'k-b'],
              ['x-cl', 'k-c'],
            ],
          }),
        ),
      ).cluster,
    ).toBe('k-b')
    expect(resolve(choice)[0]?.value).toMatchObject({kind: 'no-cluster', status: 404})
  })

  test('a specifier plugin is named, not guessed', () => {
    const inline = {extension: {name: 'p', typed_config: {'@type': 'x/envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig'}}}
    const missing = 'cluster specifier plugin envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig'
    expect(resolve(chosen({route: {inline_cluster_specifier_plugin: inline}}))[0]?.value).toMatchObject({kind: 'undetermined', missing})
    expect(resolve(chosen({route: {cluster_specifier_plugin: 'named'}}))[0]?.value).toMatchObject({
      kind: 'undetermined',
      missing: 'cluster specifier plugin named',
    })
  })

  test('the matcher plugin is evaluated', () => {
    const typed_config = {
      '@type': 'x/envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier',
      cluster_matcher: {matcher_tree: {}},
    }
    const choice = chosen({route: {inline_cluster_specifier_plugin: {extension: {name: 'm', typed_config}}}})
    const action = view({name: 'a', typed_config: {'@type': 'x/ClusterAction', cluster: 'picked'}})
    expect(clusterOf(choice, streamOf(), {evaluateMatcher: () => ({outcome: 'yes', action})}).cluster).toBe('picked')
    expect(resolve(choice, streamOf(), {evaluateMatcher: () => ({outcome: 'no', action: undefined})})[0]?.value.kind).toBe('no-cluster')
  })

  test('metadata_match: the weighted entry over the action', () => {
    const metadata = (value: string): object => ({filter_metadata: {'envoy.lb': {v: value}, other: {}}})
    const weighted_clusters = {clusters: [{name: 'a', weight: 1, metadata_match: metadata('entry')}]}
    const {metadataMatch, weightedEntry} = clusterOf(chosen({route: {weighted_clusters, metadata_match: metadata('action')}}))
    expect(metadataMatch.map(({value}) => value)).toEqual([{v: 'action'}, {v: 'entry'}])
    expect(weightedEntry?.str('name')).toBe('a')
  })

  test.each([
    {name: 'terminated', method: 'CONNECT', upgrades: [{upgrade_type: 'CONNECT', connect_config: {}}], connect: 'terminate'},
    {name: 'forwarded', method: 'CONNECT', upgrades: [], connect: 'forward'},
    {
      name: 'POST with allow_post',
      method: 'POST',
      upgrades: [{upgrade_type: 'CONNECT', connect_config: {allow_post: true}}],
      connect: 'terminate',
    },
    {name: 'POST without it', method: 'POST', upgrades: [{upgrade_type: 'CONNECT', connect_config: {}}], connect: undefined},
    {name: 'no CONNECT', method: 'GET', upgrades: [{upgrade_type: 'CONNECT', connect_config: {}}], connect: undefined},
  ])('a CONNECT is $name', ({method, upgrades, connect}) => {
    expect(clusterOf(chosen({route: {cluster: 'c', upgrade_configs: upgrades}}), streamOf(requestOf({method}))).connect).toBe(connect)
  })
})

describe('weighted clusters', () => {
  const weighted = (extra: object = {}, weights: readonly number[] = [2, 1, 0]): object =>
    tableOf([
      {
        name: 'w',
        match: {prefix: '/'},
        route: {weighted_clusters: {clusters: weights.map((weight, index) => ({name: `k-${'abc'[index]}`, weight})), ...extra}},
      },
    ])
  const withHeader = (...values: readonly string[]): ReturnType<typeof streamOf> =>
    streamOf(requestOf({headers: values.map((value) => ['x-rand', value] as const)}))

  test('shares are the weights, an entry of weight 0 is left out', () => {
    expect(destinations(weighted())).toEqual(['k-a 2/3', 'k-b 1/3'])
  })

  test('a total_weight from older configs changes nothing', () => {
    expect(destinations(weighted({total_weight: 100}, [90, 10]))).toEqual(['k-a 9/10', 'k-b 1/10'])
  })

  test('all weights zero name no cluster', () => {
    expect(destinations(weighted({}, [0, 0]))).toEqual(['no-cluster 1'])
  })

  test.each([
    {name: 'in the first interval', values: ['29'], result: ['k-a 1']},
    {name: 'in the second', values: ['30'], result: ['k-b 1']},
    {name: 'modulo the total', values: ['129'], result: ['k-a 1']},
    {name: 'uint64', values: ['18446744073709551615'], result: ['k-a 1']},
    {name: 'beyond uint64: drawn', values: ['18446744073709551616'], result: ['k-a 3/10', 'k-b 7/10']},
    {name: 'no number: drawn', values: ['x'], result: ['k-a 3/10', 'k-b 7/10']},
    {name: 'two lines: drawn', values: ['29', '29'], result: ['k-a 3/10', 'k-b 7/10']},
    {name: 'missing: drawn', values: [], result: ['k-a 3/10', 'k-b 7/10']},
  ])('header_name $name', ({values, result}) => {
    expect(destinations(weighted({header_name: 'x-rand'}, [30, 70]), withHeader(...values))).toEqual(result)
  })

  test('runtime weights', () => {
    expect(
      destinations(weighted({runtime_key_prefix: 'canary'}), streamOf(), {
        runtime: new Map<string, unknown>([
          ['canary.k-a', 0],
          ['canary.k-c', '3'],
        ]),
      }),
    ).toEqual(['k-b 1/4', 'k-c 3/4'])
  })

  test('a hash policy decides, the weights do not tell how', () => {
    const route = {
      weighted_clusters: {
        clusters: [
          {name: 'a', weight: 9},
          {name: 'b', weight: 1},
        ],
        use_hash_policy: true,
      },
      hash_policy: [{header: {header_name: 'x'}}],
    }
    const branches = resolve(chosen({route}))
    expect(branches.map(({share}) => share)).toEqual([
      {numerator: 1n, denominator: 2n, exact: false},
      {numerator: 1n, denominator: 2n, exact: false},
    ])
    expect(branches[0]?.requires).toEqual([{what: 'the hash policy of route "unnamed route route" must pick a', group: '/route#hash'}])
  })

  test('an entry may name its cluster by header', () => {
    const route = {weighted_clusters: {clusters: [{weight: 1, cluster_header: 'x-cl'}]}}
    expect(clusterOf(chosen({route}), streamOf(requestOf({headers: [['x-cl', 'k-c']]}))).cluster).toBe('k-c')
    expect(resolve(chosen({route}))[0]?.value.kind).toBe('no-cluster')
  })

  test('the step names weight and alternatives', () => {
    expect(
      resolve(
        chosen({
          name: 'w',
          route: {
            weighted_clusters: {
              clusters: [
                {name: 'a', weight: 9},
                {name: 'b', weight: 1},
              ],
            },
          },
        }),
      )[1]?.steps,
    ).toEqual([
      {
        kind: 'route',
        name: 'w',
        match: 'weighted_clusters',
        action: 'cluster b',
        because: ['weight 1 of 10'],
        evidence: [{dump: 'sample', pointer: '/route/route/weighted_clusters/clusters/1', basis: 'recorded'}],
        rejected: [{candidate: 'a', because: 'weight 9'}],
      },
    ])
  })

  test('a runtime fraction before it takes the same random value', () => {
    const half = {
      match: {prefix: '/', runtime_fraction: {default_value: {numerator: 50}}},
      route: {
        weighted_clusters: {
          clusters: [
            {name: 'a', weight: 50},
            {name: 'b', weight: 50},
          ],
        },
      },
    }
    expect(
      destinations(
        tableOf([
          half,
          {
            match: {prefix: '/'},
            route: {
              weighted_clusters: {
                clusters: [
                  {name: 'c', weight: 75},
                  {name: 'd', weight: 25},
                ],
              },
            },
          },
        ]),
      ),
    ).toEqual(['a 1/2', 'c 1/4', 'd 1/4'])
  })
})

describe('other actions', () => {
  test('non_forwarding_action', () => {
    expect(resolve(chosen({non_forwarding_action: {}}))[0]?.value).toMatchObject({kind: 'no-cluster', status: 503})
  })

  test('an action of unknown kind', () => {
    expect(resolve(chosen({teleport: {}}))[0]?.value.kind).toBe('undetermined')
  })

  test.each([
    {status: 418, location: undefined},
    {status: 201, location: 'http://a.test/x?q'},
    {status: 302, location: 'http://a.test/x?q'},
  ])('direct_response $status', ({status, location}) => {
    const {value} = resolve(chosen({direct_response: {status}}), streamOf(requestOf({path: '/x?q'})))[0] ?? {}
    expect(value).toMatchObject({kind: 'direct-response', status})
    expect(value?.kind === 'direct-response' ? value.location : 'none').toBe(location)
  })

  test('before 1.35 a rewritten host leaves no x-envoy-original-host', () => {
    const semantics = semanticsFor({version: {major: 1, minor: 34}})
    expect(
      clusterOf(chosen({route: {cluster: 'c', host_rewrite_literal: 'b.test'}}), streamOf(), {semantics}).stream.request.headers,
    ).toEqual([])
  })
})
