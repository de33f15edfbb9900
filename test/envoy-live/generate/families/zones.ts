import fc from 'fast-check'
import type {Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import type {GeneratedLocality, Scenario} from '../../scenario.js'
import {tcpProxy} from '../chains.js'
import {manager} from '../manager.js'
import type {Family} from './family.js'

/** Shares off by a few per cent show only over many connections. */
const REPEAT = 240
const ZONES = ['z0', 'z1', 'z2'] as const

/** Hosts of one zone each; `healthy` of them are healthy. */
function zone(name: string, {first, count, sick}: {first: number; count: number; sick: number}): GeneratedLocality {
  return {
    fields: {locality: {zone: name}},
    hosts: Array.from({length: count}, (_, index) => ({
      host: first + index,
      fields: index < sick ? {health_status: 'UNHEALTHY'} : {},
    })),
  }
}

const sick = fc.constantFrom(0, 0, 0, 1)

/** Up to eight hosts in up to three zones; empty zones are left out. */
const upstream = fc
  .tuple(fc.integer({min: 0, max: 3}), fc.integer({min: 0, max: 3}), fc.integer({min: 0, max: 2}), fc.tuple(sick, sick, sick))
  .map(([first, second, third, ills]) => placed([first, second, third], ills))

function placed(counts: readonly number[], ills: readonly number[]): GeneratedLocality[] {
  return counts.flatMap((count, index) => {
    const first = counts.slice(0, index).reduce((sum, one) => sum + one, 0)
    return count === 0 ? [] : [zone(ZONES[index] ?? '', {first, count, sick: ills[index] ?? 0})]
  })
}

/** Few kinds of surroundings: each of them takes an Envoy of its own. */
const proxies = fc.constantFrom(
  placed([1, 1, 1], [0, 0, 0]),
  placed([3, 1, 0], [0, 0, 0]),
  placed([4, 2, 2], [1, 0, 0]),
  placed([1, 3, 0], [0, 3, 0]),
  placed([2, 0, 0], [0, 0, 0]),
  placed([0, 2, 2], [0, 0, 0]),
)

const asked = fc
  .record({
    size: fc.constantFrom<Message>({}, {min_cluster_size: 1}, {min_cluster_size: 1}, {min_cluster_size: 3}),
    part: fc.constantFrom<Message>({}, {}, {}, {routing_enabled: {value: 50}}, {routing_enabled: {}}),
    panic: fc.constantFrom<Message>({}, {}, {fail_traffic_on_panic: true}),
  })
  .map(({size, part, panic}) => ({zone_aware_lb_config: {...size, ...part, ...panic}}))

const common = fc.oneof(
  {weight: 4, arbitrary: asked},
  {weight: 1, arbitrary: fc.constant<Message>({})},
  {weight: 1, arbitrary: fc.constant<Message>({locality_weighted_lb_config: {}})},
)

/** The typed policies, which alone can force everything into a zone. */
const POLICIES = {
  round_robin: 'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
  random: 'envoy.extensions.load_balancing_policies.random.v3.Random',
} as const

const typed = fc
  .record({name: fc.constantFrom('round_robin' as const, 'random' as const), settings: asked, direct: fc.boolean()})
  .map(({name, settings, direct}): Message => {
    const zones = {...settings.zone_aware_lb_config, ...(direct ? {force_locality_direct_routing: true} : {})}
    const config = {'@type': `type.googleapis.com/${POLICIES[name]}`, locality_lb_config: {zone_aware_lb_config: zones}}
    return {load_balancing_policy: {policies: [{typed_extension_config: {name, typed_config: config}}]}}
  })

const legacy = fc
  .record({lb_policy: fc.constantFrom('ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST'), common_lb_config: common})
  .map((fields): Message => fields)

const PLAIN: Sent = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers: []}}

/** A cluster in zones, asked again and again by an Envoy that stands in the first of them. */
const zones: fc.Arbitrary<Scenario> = fc
  .record({
    proxies,
    localities: upstream,
    fields: fc.oneof({weight: 3, arbitrary: legacy}, {weight: 2, arbitrary: typed}),
    tcp: fc.boolean(),
  })
  .map(({proxies: beside, localities, fields, tcp}) => {
    const route = {name: 'r', match: {prefix: '/'}, route: {cluster: '@@c'}}
    const table = {name: 'table', validate_clusters: false, virtual_hosts: [{name: 'v', domains: ['*'], routes: [route]}]}
    const filter = tcp ? tcpProxy({cluster: '@@c'}) : manager({route_config: table})
    const probe: Probe = {from: '127.0.0.1', sends: tcp ? {kind: 'opaque'} : PLAIN, repeat: REPEAT}
    return {
      listener: {filter_chains: [{name: 'only', filters: [filter]}]},
      clusters: [{name: '@@c', fields, localities}],
      behind: [],
      probes: [probe],
      proxies: beside,
    }
  })

export const ZONE_FAMILIES: readonly Family[] = [{name: 'shares of zones', scenarios: zones, portion: 0.2}]
