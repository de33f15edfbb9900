import {describe, expect, test} from 'vitest'
import {ask, assignment, endpoint, shares, type Locality} from './ask.js'

const healthy = (ip: string): object => endpoint(`${ip}:80`, {health: 'HEALTHY'})
const bad = (ip: string): object => endpoint(`${ip}:80`, {health: 'UNHEALTHY'})
const draining = (ip: string): object => endpoint(`${ip}:80`, {health: 'DRAINING'})
const degraded = (ip: string): object => endpoint(`${ip}:80`, {health: 'DEGRADED'})
const weighted = (ip: string, weight: number): object => endpoint(`${ip}:80`, {weight})
const local = (...hosts: readonly object[]): Locality => ({hosts})
const NO_PANIC = {common_lb_config: {healthy_panic_threshold: {}}}
const BY_LOCALITY = {common_lb_config: {locality_weighted_lb_config: {}}}
const policyList = (name: string, message: object = {}): object => ({
  policies: [
    {
      typed_extension_config: {
        name,
        typed_config: {'@type': `type.googleapis.com/envoy.extensions.load_balancing_policies.${name}.v3.X`, ...message},
      },
    },
  ],
})
const typed = (name: string, message: object = {}): object => ({load_balancing_policy: policyList(name, message)})

interface Case {
  readonly rule: string
  readonly cluster?: object
  readonly runtime?: Readonly<Record<string, unknown>>
  readonly endpoints: readonly Locality[]
  readonly policy?: object
  readonly shares: Readonly<Record<string, string>>
}

// envoy-2022 D9, I.11. Cases named "recorded" are those of a real Envoy in the same situation.
const HEALTH: readonly Case[] = [
  {
    rule: 'equal hosts share equally',
    endpoints: [local(healthy('10.0.0.2'), healthy('10.0.0.1'))],
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'UNKNOWN counts as healthy',
    endpoints: [local(endpoint('10.0.0.1:80', {health: 'UNKNOWN'}), endpoint('10.0.0.2:80'))],
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'TIMEOUT and DRAINING count as unhealthy',
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
    endpoints: [local(healthy('10.0.0.1'), healthy('10.0.0.2'), endpoint('10.0.0.3:80', {health: 'TIMEOUT'}), draining('10.0.0.4'))],
  },
  {
    rule: 'DRAINING hosts do not count against the others: no panic here (seen on Envoy 1.36 to 1.40)',
    shares: {'10.0.0.2:80': '1'},
    endpoints: [local(draining('10.0.0.1'), degraded('10.0.0.2'), bad('10.0.0.3'))],
  },
  {
    rule: 'DRAINING hosts are used in panic all the same',
    shares: {'10.0.0.1:80': '1/4', '10.0.0.2:80': '1/4', '10.0.0.3:80': '1/4', '10.0.0.4:80': '1/4'},
    endpoints: [local(draining('10.0.0.1'), degraded('10.0.0.2'), bad('10.0.0.3'), bad('10.0.0.4'))],
  },
  {
    rule: 'recorded: below the threshold all hosts are used',
    endpoints: [local(healthy('10.0.0.1'), bad('10.0.0.2'), bad('10.0.0.3'))],
    shares: {'10.0.0.1:80': '1/3', '10.0.0.2:80': '1/3', '10.0.0.3:80': '1/3'},
  },
  {
    rule: 'recorded: an empty threshold switches panic off',
    cluster: NO_PANIC,
    endpoints: [local(healthy('10.0.0.1'), bad('10.0.0.2'), bad('10.0.0.3'))],
    shares: {'10.0.0.1:80': '1'},
  },
  {
    rule: 'runtime overrides the threshold',
    runtime: {'upstream.healthy_panic_threshold': 0},
    shares: {'10.0.0.1:80': '1'},
    endpoints: [local(healthy('10.0.0.1'), bad('10.0.0.2'), bad('10.0.0.3'))],
  },
  {
    rule: 'recorded: nobody healthy and no panic',
    cluster: NO_PANIC,
    endpoints: [local(bad('10.0.0.1'))],
    shares: {'none: no usable host among the 1 of cluster "c"': '1'},
  },
  {
    rule: 'recorded: nobody healthy, all hosts are used',
    endpoints: [local(bad('10.0.0.1'), bad('10.0.0.2'))],
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'recorded: panic can fail the traffic instead',
    endpoints: [local(healthy('10.0.0.1'), bad('10.0.0.2'), bad('10.0.0.3'))],
    cluster: {common_lb_config: {zone_aware_lb_config: {fail_traffic_on_panic: true}}},
    shares: {'none: no usable host among the 3 of cluster "c"': '1'},
  },
  {rule: 'recorded: no endpoints', endpoints: [], shares: {'none: cluster "c" has no endpoints': '1'}},
]

const PRIORITIES: readonly Case[] = [
  {
    rule: 'recorded: priority 1 rests while priority 0 is healthy',
    endpoints: [local(healthy('10.0.0.1')), {priority: 1, hosts: [healthy('10.0.1.1')]}],
    shares: {'10.0.0.1:80': '1'},
  },
  {
    rule: 'recorded: what 140 % cannot cover spills',
    shares: {'10.0.0.1:80': '23/50', '10.0.1.1:80': '27/50'},
    endpoints: [local(healthy('10.0.0.1'), bad('10.0.0.2'), bad('10.0.0.3')), {priority: 1, hosts: [healthy('10.0.1.1')]}],
  },
  {
    rule: 'recorded: half healthy keeps 70 %',
    shares: {'10.0.0.1:80': '7/10', '10.0.1.1:80': '3/10'},
    endpoints: [local(healthy('10.0.0.1'), bad('10.0.0.2')), {priority: 1, hosts: [healthy('10.0.1.1')]}],
  },
  {
    rule: 'recorded: dead priorities are passed over',
    shares: {'10.0.2.1:80': '1'},
    endpoints: [local(bad('10.0.0.1')), {priority: 1, hosts: [bad('10.0.1.1')]}, {priority: 2, hosts: [healthy('10.0.2.1')]}],
  },
  {
    rule: 'recorded: all in panic follow the number of hosts',
    shares: {'10.0.0.1:80': '67/200', '10.0.0.2:80': '67/200', '10.0.1.1:80': '33/100'},
    endpoints: [local(bad('10.0.0.1'), bad('10.0.0.2')), {priority: 1, hosts: [bad('10.0.1.1')]}],
  },
  {rule: 'a priority without hosts takes nothing', endpoints: [{priority: 2, hosts: [healthy('10.0.2.1')]}], shares: {'10.0.2.1:80': '1'}},
  {
    rule: 'weighted_priority_health counts weights',
    policy: {weighted_priority_health: true},
    shares: {'10.0.0.1:80': '1'},
    endpoints: [
      local(endpoint('10.0.0.1:80', {weight: 9}), endpoint('10.0.0.2:80', {weight: 1, health: 'UNHEALTHY'})),
      {priority: 1, hosts: [healthy('10.0.1.1')]},
    ],
  },
]

const DEGRADED: readonly Case[] = [
  {
    rule: 'recorded: degraded hosts help while healthy ones do not suffice',
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
    endpoints: [local(healthy('10.0.0.1'), degraded('10.0.0.2'), bad('10.0.0.3'))],
  },
  {
    rule: 'recorded: they rest while healthy hosts suffice',
    endpoints: [local(...['1', '2', '3', '4', '5', '6', '7', '8'].map((n) => healthy(`10.0.0.${n}`)), degraded('10.0.0.9'))],
    shares: Object.fromEntries(['1', '2', '3', '4', '5', '6', '7', '8'].map((n) => [`10.0.0.${n}:80`, '1/8'])),
  },
  {rule: 'recorded: only degraded ones left', endpoints: [local(degraded('10.0.0.1'), bad('10.0.0.2'))], shares: {'10.0.0.1:80': '1'}},
]

const POLICIES: readonly Case[] = [
  {
    rule: 'recorded: round robin follows weights',
    endpoints: [local(weighted('10.0.0.1', 8), weighted('10.0.0.2', 1))],
    shares: {'10.0.0.1:80': '8/9', '10.0.0.2:80': '1/9'},
  },
  {
    rule: 'random ignores weights',
    cluster: {lb_policy: 'RANDOM'},
    endpoints: [local(weighted('10.0.0.1', 8), weighted('10.0.0.2', 1))],
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'least request with equal weights is even',
    cluster: {lb_policy: 'LEAST_REQUEST'},
    endpoints: [local(weighted('10.0.0.1', 3), weighted('10.0.0.2', 3))],
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'least request with weights depends on load',
    cluster: {lb_policy: 'LEAST_REQUEST'},
    endpoints: [local(weighted('10.0.0.1', 8), weighted('10.0.0.2', 1))],
    shares: {'10.0.0.1:80': 'one of 2', '10.0.0.2:80': 'one of 2'},
  },
  {
    rule: 'a hash gives one of the hosts',
    cluster: {lb_policy: 'RING_HASH'},
    endpoints: [local(healthy('10.0.0.1'), healthy('10.0.0.2'), bad('10.0.0.3'))],
    shares: {'10.0.0.1:80': 'one of 2', '10.0.0.2:80': 'one of 2'},
  },
  {
    rule: 'a hash table does not hold degraded hosts',
    cluster: {lb_policy: 'MAGLEV'},
    endpoints: [local(healthy('10.0.0.1'), degraded('10.0.0.2'), bad('10.0.0.3'))],
    shares: {'10.0.0.1:80': '1'},
  },
  {
    rule: 'slow start weighs by age',
    cluster: {round_robin_lb_config: {slow_start_config: {slow_start_window: '30s'}}},
    endpoints: [local(healthy('10.0.0.1'), healthy('10.0.0.2'))],
    shares: {'10.0.0.1:80': 'one of 2', '10.0.0.2:80': 'one of 2'},
  },
  {
    rule: 'a typed policy wins over the legacy one',
    cluster: {lb_policy: 'RANDOM', ...typed('round_robin')},
    endpoints: [local(weighted('10.0.0.1', 8), weighted('10.0.0.2', 1))],
    shares: {'10.0.0.1:80': '8/9', '10.0.0.2:80': '1/9'},
  },
  {
    rule: 'weights measured by the client are not in a dump',
    cluster: typed('client_side_weighted_round_robin'),
    endpoints: [local(healthy('10.0.0.1'), healthy('10.0.0.2'))],
    shares: {'10.0.0.1:80': 'one of 2', '10.0.0.2:80': 'one of 2'},
  },
  {
    rule: 'an unknown policy decides nothing',
    cluster: typed('quota_aware'),
    endpoints: [local(healthy('10.0.0.1'))],
    shares: {
      'undetermined: which hosts load balancing policy envoy.extensions.load_balancing_policies.quota_aware.v3.X picks in cluster c': '1',
    },
  },
]

const LOCALITIES: readonly Case[] = [
  {
    rule: 'recorded: locality weights decide, weight 0 takes nothing',
    cluster: BY_LOCALITY,
    shares: {'10.0.1.1:80': '9/10', '10.0.2.1:80': '1/10'},
    endpoints: [
      {region: 'r1', weight: 9, hosts: [healthy('10.0.1.1')]},
      {region: 'r2', weight: 1, hosts: [healthy('10.0.2.1')]},
      {region: 'r4', weight: 0, hosts: [healthy('10.0.4.1')]},
    ],
  },
  {
    rule: 'recorded: without the setting weights mean nothing',
    shares: {'10.0.1.1:80': '1/2', '10.0.2.1:80': '1/2'},
    endpoints: [
      {region: 'r1', weight: 9, hosts: [healthy('10.0.1.1')]},
      {region: 'r2', hosts: [healthy('10.0.2.1')]},
    ],
  },
  {
    rule: 'an ailing locality gives up what 140 % cannot cover',
    cluster: BY_LOCALITY,
    shares: {'10.0.1.1:80': '7/17', '10.0.2.1:80': '10/17'},
    endpoints: [
      {region: 'r1', weight: 1, hosts: [healthy('10.0.1.1'), bad('10.0.1.2')]},
      {region: 'r2', weight: 1, hosts: [healthy('10.0.2.1')]},
    ],
  },
  {
    rule: 'no weight anywhere: hosts share evenly',
    cluster: BY_LOCALITY,
    shares: {'10.0.1.1:80': '1/2', '10.0.2.1:80': '1/2'},
    endpoints: [
      {region: 'r1', hosts: [healthy('10.0.1.1')]},
      {region: 'r2', hosts: [healthy('10.0.2.1')]},
    ],
  },
  {
    rule: 'a hash table without locality weights stays empty',
    cluster: {lb_policy: 'RING_HASH', ...BY_LOCALITY},
    endpoints: [{region: 'r1', hosts: [healthy('10.0.1.1')]}],
    shares: {'none: no usable host among the 1 of cluster "c"': '1'},
  },
  {
    rule: 'wrr_locality turns locality weights on',
    shares: {'10.0.1.1:80': '3/4', '10.0.2.1:80': '1/4'},
    cluster: typed('wrr_locality', {endpoint_picking_policy: policyList('round_robin')}),
    endpoints: [
      {region: 'r1', weight: 3, hosts: [healthy('10.0.1.1')]},
      {region: 'r2', weight: 1, hosts: [healthy('10.0.2.1')]},
    ],
  },
]

describe.each([
  ['health and panic', HEALTH],
  ['priorities', PRIORITIES],
  ['degraded hosts', DEGRADED],
  ['policies', POLICIES],
  ['localities', LOCALITIES],
])('%s', (_, cases) => {
  test.each(cases)('$rule', ({cluster, endpoints, policy, runtime = {}, shares: expected}) => {
    const dumped = {...assignment(...endpoints), ...(policy === undefined ? {} : {policy})}
    const branches = ask({cluster: 'c', clusters: [{name: 'c', type: 'EDS', ...cluster}], assignments: {c: dumped}, runtime})
    expect(shares(branches)).toEqual(expected)
  })
})
