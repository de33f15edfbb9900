import {describe, expect, test} from 'vitest'
import type {Json} from '../../../src/flow/connection.js'
import {ask, assignment, endpoint, shares, type Asking, type Locality} from './ask.js'

/** `count` hosts of a region, the first `bad` of them unhealthy: `10.0.<region>.<n>:80`. */
function region(name: string, count: number, {bad = 0, priority}: {bad?: number; priority?: number} = {}): Locality {
  const hosts = Array.from({length: count}, (_, index) =>
    endpoint(`10.${priority ?? 0}.${name}.${index + 1}:80`, {
      health: index < bad ? 'UNHEALTHY' : 'HEALTHY',
      metadata: {'envoy.lb': {v: `${index % 2}`}},
    }),
  )
  return {region: name, hosts, ...(priority === undefined ? {} : {priority})}
}

interface Case extends Partial<Asking> {
  readonly rule: string
  readonly config?: object
  readonly upstream: readonly Locality[]
  readonly proxies: readonly Locality[]
  /** Share of each region; those with the same prefix are added up by the test. */
  readonly regions: Readonly<Record<string, number>>
}

const zones = (fields: object): object => ({common_lb_config: {zone_aware_lb_config: fields}})
const SMALL = {min_cluster_size: 1}
const RUNTIME_SMALL = {'upstream.zone_routing.min_cluster_size': 1}

function sharesOf({config = {}, upstream, proxies, ...rest}: Partial<Case> & Pick<Case, 'upstream' | 'proxies'>): Record<string, string> {
  const clusters = [
    {name: 'c', type: 'EDS', ...config},
    {name: 'own', type: 'EDS'},
  ]
  const assignments = {c: assignment(...upstream), own: assignment(...proxies)}
  const where = {localCluster: 'own', locality: '1//', version: {major: 1, minor: 40}}
  return shares(ask({cluster: 'c', clusters, assignments, ...where, ...rest}))
}

function byRegion(found: Readonly<Record<string, string>>): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [host, share] of Object.entries(found)) {
    const [numerator, denominator = '1'] = share.split('/')
    const name = host.startsWith('none') ? 'none' : (host.split('.')[2] ?? '')
    sums[name] = (sums[name] ?? 0) + Number(numerator) / Number(denominator)
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Math.round(sum * 1e6) / 1e6]))
}

// Envoy ZoneAwareLoadBalancerBase; the live suite holds the same rules against a real one.
const CASES: readonly Case[] = [
  {
    rule: 'on by default: as many hosts as proxies keep everything in the zone',
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 1},
  },
  {
    rule: 'fewer hosts than proxies: a part stays, the rest goes where hosts are left over',
    upstream: [region('1', 2), region('2', 6)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 0.5, '2': 0.5},
  },
  {
    rule: 'the rest is shared by what each zone has left over',
    upstream: [region('1', 1), region('2', 4), region('3', 5)],
    proxies: [region('1', 4), region('2', 3), region('3', 3)],
    regions: {'1': 0.25, '2': 0.25, '3': 0.5},
  },
  {
    rule: 'no host in the own zone: all goes where hosts are left over',
    upstream: [region('2', 5), region('3', 5)],
    proxies: [region('1', 1), region('2', 1), region('3', 2)],
    regions: {'2': 1},
  },
  {
    rule: 'unhealthy hosts and proxies count for nothing',
    upstream: [region('1', 5, {bad: 1}), region('2', 4)],
    proxies: [region('1', 3, {bad: 1}), region('2', 2)],
    regions: {'1': 1},
  },
  {
    rule: 'too few healthy hosts: zones do not matter',
    upstream: [region('1', 4), region('2', 2, {bad: 1})],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 0.8, '2': 0.2},
  },
  {
    rule: 'how few is configurable',
    config: zones(SMALL),
    upstream: [region('1', 1), region('2', 1)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 1},
  },
  {
    rule: 'runtime overrides the size',
    runtime: RUNTIME_SMALL,
    upstream: [region('1', 1), region('2', 1)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 1},
  },
  {
    rule: 'proxies in one zone only: zones do not matter',
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 2)],
    regions: {'1': 0.5, '2': 0.5},
  },
  {
    rule: 'unless everything is forced into the zone',
    config: zones({force_locality_direct_routing: true}),
    upstream: [region('1', 1), region('2', 5)],
    proxies: [region('1', 2)],
    regions: {'1': 1},
  },
  {
    rule: 'this proxy is not among the proxies: zones do not matter',
    locality: '9//',
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 0.5, '2': 0.5},
  },
  {
    rule: 'a part of the traffic only',
    config: zones({routing_enabled: {value: 40}}),
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 0.7, '2': 0.3},
  },
  {
    rule: 'switched off',
    config: zones({routing_enabled: {}}),
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 0.5, '2': 0.5},
  },
  {
    rule: 'most proxies unhealthy: zones do not matter',
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 2, {bad: 2})],
    regions: {'1': 0.5, '2': 0.5},
  },
  {
    rule: 'or the traffic fails',
    config: zones({fail_traffic_on_panic: true, routing_enabled: {value: 25}}),
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 2, {bad: 2})],
    regions: {'1': 0.375, '2': 0.375, none: 0.25},
  },
  {
    rule: 'locality weights win',
    config: {common_lb_config: {locality_weighted_lb_config: {}}},
    upstream: [
      {...region('1', 3), weight: 1},
      {...region('2', 3), weight: 3},
    ],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 0.25, '2': 0.75},
  },
  {
    rule: 'without locality weights they do not',
    config: {common_lb_config: {locality_weighted_lb_config: {}}},
    upstream: [region('1', 3), region('2', 3)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'1': 1},
  },
  {
    rule: 'only priority 0 knows zones',
    upstream: [region('1', 4, {bad: 4}), region('1', 3, {priority: 1}), region('2', 3, {priority: 1})],
    proxies: [region('1', 1), region('2', 1)],
    config: {common_lb_config: {healthy_panic_threshold: {}}},
    regions: {'1': 0.5, '2': 0.5},
  },
  {
    rule: 'a subset has zones of its own',
    config: {...zones(SMALL), lb_subset_config: {subset_selectors: [{keys: ['v']}]}},
    metadataMatch: [{v: '1'} satisfies Json],
    upstream: [region('1', 1), region('2', 4)],
    proxies: [region('1', 1), region('2', 1)],
    regions: {'2': 1},
  },
]

describe('zone aware routing', () => {
  test.each(CASES)('$rule', ({regions, ...asking}) => {
    expect(byRegion(sharesOf(asking))).toEqual(regions)
  })

  const twoZones = {upstream: [region('1', 3), region('2', 3)], proxies: [region('1', 1), region('2', 1)]}
  const everyHost = (share: string): Record<string, string> =>
    Object.fromEntries(['1', '2'].flatMap((name) => ['1', '2', '3'].map((host) => [`10.0.${name}.${host}:80`, share])))

  test.each([
    {rule: 'a bootstrap that names no cluster of proxies', asking: {localCluster: ''}, share: '1/6'},
    {rule: 'a dump without bootstrap leaves the shares open', asking: {localCluster: null}, share: 'one of 6'},
    {rule: 'so does a cluster of proxies that is not in the dump', asking: {localCluster: 'elsewhere'}, share: 'one of 6'},
    {rule: 'and a version whose rule was another', asking: {version: {major: 1, minor: 24}}, share: 'one of 6'},
    {rule: 'a hash asks for no zone', asking: {config: {lb_policy: 'RING_HASH'}}, share: 'one of 6'},
  ])('$rule', ({asking, share}) => {
    expect(sharesOf({...twoZones, ...asking})).toEqual(everyHost(share))
  })

  test('the cluster of the proxies itself knows no zones', () => {
    const clusters = [{name: 'own', type: 'EDS', ...zones(SMALL)}]
    const found = ask({
      cluster: 'own',
      clusters,
      assignments: {own: assignment(region('1', 1), region('2', 1))},
      localCluster: 'own',
      locality: '1//',
      version: {major: 1, minor: 40},
    })
    expect(shares(found)).toEqual({'10.0.1.1:80': '1/2', '10.0.2.1:80': '1/2'})
  })

  test('the step tells what goes where, and which hosts are passed over', () => {
    const [branch] = ask({
      cluster: 'c',
      clusters: [
        {name: 'c', type: 'EDS'},
        {name: 'own', type: 'EDS'},
      ],
      assignments: {c: assignment(...twoZones.upstream), own: assignment(...twoZones.proxies)},
      localCluster: 'own',
      locality: '1//',
      version: {major: 1, minor: 40},
    })
    expect(branch?.steps[0]?.because).toContain('zone aware routing: 1// 1')
    expect(branch?.steps[1]?.rejected?.[0]).toEqual({candidate: '10.0.2.1:80', because: 'zone aware routing keeps away from 2//'})
  })
})
