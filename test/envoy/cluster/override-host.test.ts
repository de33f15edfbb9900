import {describe, expect, test} from 'vitest'
import type {Stream} from '../../../src/envoy/connection.js'
import {ask, assignment, endpoint, shares, stream, type Asking} from './ask.js'

const POLICY = 'type.googleapis.com/envoy.extensions.load_balancing_policies.'
const policies = (name: string, fields: object = {}): object => ({
  policies: [{typed_extension_config: {name, typed_config: {'@type': `${POLICY}${name}.v3.X`, ...fields}}}],
})
const OVERRIDING = {
  load_balancing_policy: policies('override_host', {
    override_host_sources: [{header: 'x-host'}, {metadata: {key: 'gen', path: [{key: 'host'}]}}],
    fallback_policy: policies('round_robin'),
  }),
}

const LISTED = assignment({hosts: [endpoint('10.0.0.1:80'), endpoint('10.0.0.2:80', {health: 'UNHEALTHY'}), endpoint('10.0.0.3:80')]})
const TWICE = assignment({hosts: [endpoint('10.0.0.1:80'), endpoint('10.0.0.1:80', {health: 'UNHEALTHY'})]})
const FALLBACK = {'10.0.0.1:80': '1/2', '10.0.0.3:80': '1/2'}

function asked(cluster: object, change: Partial<Stream>): Record<string, string> {
  const listed = 'load_assignment' in cluster ? {c: cluster.load_assignment} : {c: LISTED}
  const asking: Asking = {cluster: 'c', clusters: [{name: 'c', type: 'EDS', ...cluster}], assignments: listed}
  return shares(ask({...asking, stream: {...stream, ...change}}))
}

const header = (value: string): Partial<Stream> => ({request: {...stream.request, headers: [['x-host', value]]}})
const metadata = (host: string): Partial<Stream> => ({metadata: new Map([['gen', {host}]])})

// Envoy override_host/load_balancer.cc.
describe('override_host', () => {
  test.each([
    {rule: 'nobody names a host', change: {}, expected: FALLBACK},
    {rule: 'a header does', change: header('10.0.0.3:80'), expected: {'10.0.0.3:80': '1'}},
    {rule: 'its health means nothing', change: header('10.0.0.2:80'), expected: {'10.0.0.2:80': '1'}},
    {
      rule: 'the first of the named that the cluster has',
      change: header('10.9.9.9:80, 10.0.0.3:80,10.0.0.1:80'),
      expected: {'10.0.0.3:80': '1'},
    },
    {rule: 'none of them', change: header('10.9.9.9:80'), expected: FALLBACK},
    {rule: 'metadata does', change: metadata('10.0.0.1:80'), expected: {'10.0.0.1:80': '1'}},
    {rule: 'the header comes first', change: {...metadata('10.0.0.1:80'), ...header('10.0.0.3:80')}, expected: {'10.0.0.3:80': '1'}},
  ])('$rule', ({change, expected}) => {
    expect(asked(OVERRIDING, change)).toEqual(expected)
  })
})

// Envoy host_utility.cc selectOverrideHost.
describe('the host of a session', () => {
  const session = (address: string, strict = false): Partial<Stream> => ({overrideHost: {address, strict}})
  const STATUSES = {common_lb_config: {override_host_status: {statuses: ['UNHEALTHY']}}}
  test.each([
    {rule: 'is taken', cluster: {}, change: session('10.0.0.3:80'), expected: {'10.0.0.3:80': '1'}},
    {rule: 'is passed over while it is ill', cluster: {}, change: session('10.0.0.2:80'), expected: FALLBACK},
    {
      rule: 'leaves open what the dump does not tell of an ill host',
      cluster: STATUSES,
      change: session('10.0.0.2:80'),
      expected: {
        'undetermined: with which status host 10.0.0.2:80 is unhealthy, which decides whether the session keeps it in cluster c': '1',
      },
    },
    {
      rule: 'may have the statuses the cluster allows',
      cluster: {common_lb_config: {override_host_status: {statuses: ['UNHEALTHY', 'TIMEOUT', 'DRAINING']}}},
      change: session('10.0.0.2:80'),
      expected: {'10.0.0.2:80': '1'},
    },
    {rule: 'may have no other', cluster: STATUSES, change: session('10.0.0.1:80'), expected: FALLBACK},
    {rule: 'is none of the cluster', cluster: {}, change: session('10.9.9.9:80'), expected: FALLBACK},
    {
      rule: 'is the only one of a strict session',
      cluster: {},
      change: session('10.9.9.9:80', true),
      expected: {'none: no usable host among the 3 of cluster "c"': '1'},
    },
    {
      rule: 'of a cluster that lists its endpoints itself tells its status',
      cluster: {...STATUSES, type: 'STATIC', load_assignment: LISTED},
      change: session('10.0.0.2:80'),
      expected: {'10.0.0.2:80': '1'},
    },
    {
      rule: 'comes before what a policy takes',
      cluster: OVERRIDING,
      change: {...header('10.0.0.1:80'), ...session('10.0.0.3:80')},
      expected: {'10.0.0.3:80': '1'},
    },
    {
      rule: 'is open where one address has two statuses',
      cluster: {type: 'STATIC', load_assignment: TWICE},
      change: session('10.0.0.1:80'),
      expected: {
        'undetermined: with which status host 10.0.0.1:80 is healthy, which decides whether the session keeps it in cluster c': '1',
      },
    },
  ])('$rule', ({cluster, change, expected}) => {
    expect(asked(cluster, change)).toEqual(expected)
  })
})

/** Each seen on Envoy 1.40.0 and 1.36.2. */
describe('an aggregate', () => {
  const aggregate = {
    name: 'a',
    cluster_type: {
      name: 'envoy.clusters.aggregate',
      typed_config: {'@type': 'type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig', clusters: ['c']},
    },
  }
  const sharesOf = (member: object, change: Partial<Stream>): unknown =>
    shares(
      ask({
        cluster: 'a',
        clusters: [aggregate, {name: 'c', type: 'EDS', ...member}],
        assignments: {c: LISTED},
        stream: {...stream, ...change},
      }),
    )

  test('does not tell its member which host a request names', () => {
    expect(sharesOf(OVERRIDING, header('10.0.0.3:80'))).toEqual(FALLBACK)
  })

  test('knows no host of a session', () => {
    expect(sharesOf({}, {overrideHost: {address: '10.0.0.3:80', strict: false}})).toEqual(FALLBACK)
    expect(sharesOf({}, {overrideHost: {address: '10.0.0.3:80', strict: true}})).toEqual({
      'none: the session allows no other host than 10.0.0.3:80, and an aggregate cluster has none of its own': '1',
    })
  })
})
