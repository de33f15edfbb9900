import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {addShares, formatShare, isWhole, NOTHING} from '../../../src/flow/share.js'
import {loadPriorities} from '../../../src/envoy/cluster/priority-load.js'
import {readHostSets} from '../../../src/envoy/cluster/host.js'
import {View} from '../../../src/json/view.js'
import {ask, assignment, endpoint, shares, type Locality} from './ask.js'

const host = fc.record({
  address: fc.integer({min: 1, max: 250}).map((last) => `10.0.0.${last}:80`),
  health: fc.constantFrom('HEALTHY', 'UNKNOWN', 'UNHEALTHY', 'DEGRADED', 'TIMEOUT'),
  weight: fc.integer({min: 1, max: 9}),
  v: fc.constantFrom('1', '2', '3'),
})
const hostList = fc.uniqueArray(host, {selector: ({address}) => address, maxLength: 12})
const place = fc.record({priority: fc.integer({min: 0, max: 3}), region: fc.constantFrom('r1', 'r2', 'r3')})
const cluster = fc.record({
  lb_policy: fc.constantFrom('ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST', 'RING_HASH'),
  common_lb_config: fc.constantFrom(
    {},
    {healthy_panic_threshold: {}},
    {healthy_panic_threshold: {value: 100}},
    {locality_weighted_lb_config: {}},
    {zone_aware_lb_config: {fail_traffic_on_panic: true}},
  ),
  lb_subset_config: fc.constantFrom(
    {},
    {subset_selectors: [{keys: ['v']}]},
    {subset_selectors: [{keys: ['v']}], fallback_policy: 'ANY_ENDPOINT'},
  ),
})
const scene = fc.record({cluster, placed: hostList.chain((list) => fc.tuple(...list.map((item) => place.map((at) => ({...item, ...at})))))})
type Placed = typeof scene extends fc.Arbitrary<infer S> ? (S extends {placed: infer P} ? P : never) : never

const REGION_WEIGHTS: Readonly<Record<string, number>> = {r1: 5, r2: 1, r3: 0}

/** Localities in order of first appearance, as a dump would list them. */
function localities(placed: Placed): Locality[] {
  const groups = new Map<string, {region: string; priority: number; hosts: object[]}>()
  for (const {address, health, weight, v, region, priority} of placed) {
    const key = `${region} ${priority}`
    const group = groups.get(key) ?? {region, priority, hosts: []}
    group.hosts.push(endpoint(address, {health, weight, metadata: {'envoy.lb': {v}}}))
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({...group, weight: REGION_WEIGHTS[group.region] ?? 0}))
}

const resolve = (config: object, placed: Placed): ReturnType<typeof ask> =>
  ask({
    cluster: 'c',
    clusters: [{name: 'c', type: 'EDS', ...config}],
    assignments: {c: assignment(...localities(placed))},
    metadataMatch: [{v: '1'}],
  })

describe('load balancing', () => {
  test('shares sum to exactly 1', () => {
    fc.assert(
      fc.property(scene, ({cluster: config, placed}) => {
        const sum = resolve(config, placed)
          .map(({share}) => share)
          .reduce(addShares, NOTHING)
        expect(isWhole(sum), formatShare(sum)).toBe(true)
      }),
    )
  })

  test('the order of endpoints means nothing', () => {
    const shuffled = scene.chain((drawn) =>
      fc.record({
        drawn: fc.constant(drawn),
        placed: fc.shuffledSubarray(drawn.placed, {minLength: drawn.placed.length}),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({drawn, placed}) => {
        const [first, second] = [resolve(drawn.cluster, drawn.placed), resolve(drawn.cluster, placed)]
        expect(Object.entries(shares(second))).toEqual(Object.entries(shares(first)))
      }),
    )
  })

  test('a host that Envoy may pick is in the list, and gets something', () => {
    fc.assert(
      fc.property(scene, ({cluster: config, placed}) => {
        for (const {share} of resolve(config, placed)) expect(share.numerator > 0n).toBe(true)
      }),
    )
  })

  test('per cents of priorities make 100', () => {
    fc.assert(
      fc.property(scene, fc.integer({min: 0, max: 100}), ({placed}, threshold) => {
        const {sets} = readHostSets(new View(assignment(...localities(placed)), ''), {distinct: true})
        const load = loadPriorities(sets, threshold)
        const total = [...load.healthy, ...load.degraded].reduce((sum, percent) => sum + percent, 0)
        expect(total).toBe(sets.length === 0 ? 0 : 100)
      }),
    )
  })
})
