import {describe, expect, test} from 'vitest'
import type {Json} from '../../../src/flow/connection.js'
import {ask, assignment, connection, endpoint, shares, stream, type Asking} from './ask.js'

type Labels = Readonly<Record<string, Json>>

const host = (ip: string, lb: Labels, health = 'HEALTHY'): object => endpoint(`${ip}:80`, {health, metadata: {'envoy.lb': lb}})
const HOSTS = [
  host('10.0.0.1', {a: 'x', v: '1'}),
  host('10.0.0.2', {a: 'x', v: '2'}),
  host('10.0.0.3', {a: 'y', v: '2'}),
  host('10.0.0.4', {v: '3'}, 'UNHEALTHY'),
]
const ALL = {'10.0.0.1:80': '1/3', '10.0.0.2:80': '1/3', '10.0.0.3:80': '1/3'}
const NONE = (subset: string): Record<string, string> => ({[`none: cluster "c" has no usable host for subset ${subset}`]: '1'})
const keys = (...names: readonly string[]): object => ({keys: names})

interface Case {
  readonly rule: string
  readonly config: object
  readonly match?: readonly Json[]
  readonly hosts?: readonly object[]
  readonly more?: Partial<Asking>
  readonly shares: Readonly<Record<string, string>>
}

const RECORDED = {
  subset_selectors: [
    {keys: ['v']},
    {keys: ['a', 'v'], fallback_policy: 'KEYS_SUBSET', fallback_keys_subset: ['v']},
    {keys: ['a'], fallback_policy: 'ANY_ENDPOINT'},
  ],
}

const CASES: readonly Case[] = [
  {rule: 'recorded: the subset of one key', config: RECORDED, match: [{v: '1'}], shares: {'10.0.0.1:80': '1'}},
  {
    rule: 'recorded: several hosts in the subset',
    config: RECORDED,
    match: [{v: '2'}],
    shares: {'10.0.0.2:80': '1/2', '10.0.0.3:80': '1/2'},
  },
  {rule: 'recorded: the subset of two keys', config: RECORDED, match: [{a: 'y', v: '2'}], shares: {'10.0.0.3:80': '1'}},
  {
    rule: 'recorded: KEYS_SUBSET drops keys',
    config: RECORDED,
    match: [{a: 'z', v: '2'}],
    shares: {'10.0.0.2:80': '1/2', '10.0.0.3:80': '1/2'},
  },
  {
    rule: 'recorded: a policy on keys that begin an earlier selector is lost',
    config: RECORDED,
    match: [{a: 'q'}],
    shares: NONE('{"a":"q"}'),
  },
  {
    rule: 'the same policy counts when its selector comes first',
    match: [{a: 'q'}],
    shares: ALL,
    config: {subset_selectors: [{keys: ['a'], fallback_policy: 'ANY_ENDPOINT'}, {keys: ['a', 'v']}]},
  },
  {rule: 'recorded: keys no selector has', config: RECORDED, match: [{q: '1'}], shares: NONE('{"q":"1"}')},
  {rule: 'recorded: nothing asked for', config: RECORDED, shares: NONE('{}')},
  {rule: 'recorded: a subset of sick hosts is in panic, not empty', config: RECORDED, match: [{v: '3'}], shares: {'10.0.0.4:80': '1'}},
  {rule: 'a number is not its text', config: RECORDED, match: [{v: 1}], shares: NONE('{"v":1}')},
  {rule: 'later criteria override earlier ones', config: RECORDED, match: [{v: '1'}, {v: '2', a: 'y'}], shares: {'10.0.0.3:80': '1'}},
  {
    rule: 'metadata of the request overrides the route',
    config: RECORDED,
    match: [{v: '2'}],
    shares: {'10.0.0.1:80': '1'},
    more: {stream: {...stream, metadata: new Map([['envoy.lb', {v: '1'}]])}},
  },
  {
    rule: "a request does not see its connection's",
    config: RECORDED,
    match: [{v: '2'}],
    shares: {'10.0.0.2:80': '1/2', '10.0.0.3:80': '1/2'},
    more: {stream, connection: {metadata: new Map([['envoy.lb', {v: '1'}]])}},
  },
  {
    rule: "tcp_proxy sees the connection's",
    config: RECORDED,
    match: [{v: '2'}],
    shares: {'10.0.0.1:80': '1'},
    more: {connection: {...connection, metadata: new Map([['envoy.lb', {v: '1'}]])}},
  },
  {
    rule: 'ANY_ENDPOINT for the cluster',
    config: {subset_selectors: [keys('v')], fallback_policy: 'ANY_ENDPOINT'},
    match: [{v: '9'}],
    shares: ALL,
  },
  {
    rule: 'DEFAULT_SUBSET',
    config: {subset_selectors: [keys('v')], fallback_policy: 'DEFAULT_SUBSET', default_subset: {a: 'x'}},
    match: [{v: '9'}],
    shares: {'10.0.0.1:80': '1/2', '10.0.0.2:80': '1/2'},
  },
  {
    rule: 'NO_FALLBACK of a selector beats the cluster',
    match: [{v: '9'}],
    shares: NONE('{"v":"9"}'),
    config: {subset_selectors: [{keys: ['v'], fallback_policy: 'NO_FALLBACK'}], fallback_policy: 'ANY_ENDPOINT'},
  },
  {
    rule: 'panic_mode_any when the default subset has no hosts',
    match: [{v: '9'}],
    shares: ALL,
    config: {subset_selectors: [keys('v')], fallback_policy: 'DEFAULT_SUBSET', default_subset: {a: 'none'}, panic_mode_any: true},
  },
  {
    rule: 'recorded: list_as_any',
    config: {subset_selectors: [keys('v')], list_as_any: true},
    match: [{v: '1'}],
    shares: {'10.0.0.1:80': '1'},
    hosts: [host('10.0.0.1', {v: ['1', '2']}), host('10.0.0.2', {v: ['2']})],
  },
  {
    rule: 'without it a list equals only a list',
    config: {subset_selectors: [keys('v')]},
    match: [{v: ['1', '2']}],
    shares: {'10.0.0.1:80': '1'},
    hosts: [host('10.0.0.1', {v: ['1', '2']}), host('10.0.0.2', {v: ['2']})],
  },
  {
    rule: 'recorded: FALLBACK_LIST tries one after another',
    match: [{fallback_list: [{v: '9'}, {v: '2'}]}],
    shares: {'10.0.0.2:80': '1/2', '10.0.0.3:80': '1/2'},
    config: {subset_selectors: [keys('v')], metadata_fallback_policy: 'FALLBACK_LIST'},
  },
  {
    rule: 'entries of the list join the other criteria',
    match: [{a: 'y', fallback_list: [{v: '1'}, {v: '2'}]}],
    shares: {'10.0.0.3:80': '1'},
    config: {subset_selectors: [keys('a', 'v')], metadata_fallback_policy: 'FALLBACK_LIST'},
  },
  {
    rule: 'allow_redundant_keys: the first selector that fits',
    match: [{v: '1', other: 'x'}],
    shares: {'10.0.0.1:80': '1'},
    config: {subset_selectors: [keys('v')], allow_redundant_keys: true},
  },
  {
    rule: 'redundant keys without it',
    match: [{v: '1', other: 'x'}],
    shares: NONE('{"other":"x","v":"1"}'),
    config: {subset_selectors: [keys('v')]},
  },
  {
    rule: 'single_host_per_subset ignores health',
    match: [{v: '3'}],
    shares: {'10.0.0.4:80': '1'},
    config: {subset_selectors: [{keys: ['v'], single_host_per_subset: true}]},
  },
  {
    rule: 'single_host_per_subset with two hosts keeps one of them',
    match: [{v: '2'}],
    shares: {'10.0.0.2:80': 'one of 2', '10.0.0.3:80': 'one of 2'},
    config: {subset_selectors: [{keys: ['v'], single_host_per_subset: true}]},
  },
  {rule: 'no selectors: no subsets', config: {fallback_policy: 'NO_FALLBACK'}, match: [{v: '9'}], shares: ALL},
  {
    rule: 'a KEYS_SUBSET that drops nothing ends',
    match: [{v: '9'}],
    shares: NONE('{"v":"9"}'),
    config: {subset_selectors: [{keys: ['v'], fallback_policy: 'KEYS_SUBSET', fallback_keys_subset: ['v']}]},
  },
]

const LOCALITIES = [
  {region: 'r1', weight: 3, hosts: [host('10.1.0.1', {v: '1'}), host('10.1.0.2', {v: '2'})]},
  {region: 'r2', weight: 1, hosts: [host('10.2.0.1', {v: '1'})]},
]

describe('subsets', () => {
  test.each(CASES)('$rule', ({config, match = [], hosts = HOSTS, more, shares: expected}) => {
    const branches = ask({
      cluster: 'c',
      clusters: [{name: 'c', type: 'EDS', lb_subset_config: config}],
      assignments: {c: assignment({hosts})},
      metadataMatch: match,
      ...more,
    })
    expect(shares(branches)).toEqual(expected)
  })

  test.each([
    {rule: 'locality weights do not count inside a subset', aware: {}, expected: {'10.1.0.1:80': '1/2', '10.2.0.1:80': '1/2'}},
    {rule: 'locality_weight_aware', aware: {locality_weight_aware: true}, expected: {'10.1.0.1:80': '3/4', '10.2.0.1:80': '1/4'}},
    {
      rule: 'scaled by the hosts left',
      aware: {locality_weight_aware: true, scale_locality_weight: true},
      expected: {'10.1.0.1:80': '2/3', '10.2.0.1:80': '1/3'},
    },
  ])('$rule', ({aware, expected}) => {
    const cluster = {
      name: 'c',
      type: 'EDS',
      common_lb_config: {locality_weighted_lb_config: {}},
      lb_subset_config: {subset_selectors: [keys('v')], ...aware},
    }
    const branches = ask({cluster: 'c', clusters: [cluster], assignments: {c: assignment(...LOCALITIES)}, metadataMatch: [{v: '1'}]})
    expect(shares(branches)).toEqual(expected)
  })

  test('the Subset extension has the same fields', () => {
    const config = (name: string, message: object): object => ({
      policies: [
        {
          typed_extension_config: {
            typed_config: {'@type': `x/envoy.extensions.load_balancing_policies.${name}.v3.X`, ...message},
          },
        },
      ],
    })
    const cluster = {name: 'c', type: 'EDS', load_balancing_policy: config('subset', {...RECORDED, subset_lb_policy: config('random', {})})}
    expect(
      shares(ask({cluster: 'c', clusters: [cluster], assignments: {c: assignment({hosts: HOSTS})}, metadataMatch: [{v: '2'}]})),
    ).toEqual({'10.0.0.2:80': '1/2', '10.0.0.3:80': '1/2'})
  })
})
