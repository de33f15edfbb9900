import fc from 'fast-check'
import {extension, type Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import type {GeneratedCluster, Scenario} from '../../scenario.js'
import {tcpProxy} from '../chains.js'
import {
  aggregateOf,
  assignmentPolicy,
  balancing,
  bind,
  circuitBreakers,
  localities,
  socketMatcher,
  subsets,
  transportSockets,
  wanted,
} from '../hosts.js'
import {manager} from '../manager.js'
import type {Family} from './family.js'

/** Enough to tell 0 from little, and shares that differ much. */
const REPEAT = 24

const PLAIN: Sent = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers: []}}

function clusterOf(fields: fc.Arbitrary<readonly Message[]>): fc.Arbitrary<GeneratedCluster> {
  return fc.record({localities, policy: assignmentPolicy, fields}).map((parts) => ({
    name: '@@c',
    localities: parts.localities,
    policy: parts.policy,
    fields: parts.fields.reduce((all, one) => ({...all, ...one}), {}),
  }))
}

/** One cluster behind a route or a tcp_proxy, asked again and again. */
function hostsScenario(
  fields: fc.Arbitrary<readonly Message[]>,
  {repeat, asks, before = fc.constant([])}: {repeat: number; asks: fc.Arbitrary<Message>; before?: fc.Arbitrary<readonly Message[]>},
): fc.Arbitrary<Scenario> {
  return fc
    .record({
      cluster: clusterOf(fields),
      asked: asks,
      early: before,
      tcp: fc.boolean(),
      priority: fc.constantFrom<Message>({}, {}, {}, {priority: 'HIGH'}),
    })
    .map(({cluster, asked, early, tcp, priority}) => {
      const route = {name: 'r', match: {prefix: '/'}, route: {cluster: '@@c', ...asked, ...priority}}
      const table = {name: 'table', validate_clusters: false, virtual_hosts: [{name: 'v', domains: ['*'], routes: [route]}]}
      const filter = tcp ? tcpProxy({cluster: '@@c', ...asked}) : manager({route_config: table})
      const probe: Probe = {from: '127.0.0.1', sends: tcp ? {kind: 'opaque'} : PLAIN, repeat}
      return {listener: {filter_chains: [{name: 'only', filters: [...early, filter]}]}, clusters: [cluster], behind: [], probes: [probe]}
    })
}

/** An object that travels to the upstream connection, or one that does not. */
const sharedState = fc.constantFrom<readonly Message[]>([], [fixedState({shared_with_upstream: 'ONCE'})], [fixedState({})])

function fixedState(sharing: Message): Message {
  const value = {object_key: 'gen.a', factory_key: 'envoy.string', format_string: {text_format_source: {inline_string: 'fixed'}}}
  return extension('state', 'envoy.extensions.filters.network.set_filter_state.v3.Config', {on_new_connection: [{...value, ...sharing}]})
}

const nothing = fc.constant<Message>({})

const panic = fc.constantFrom<Message>({}, {}, {common_lb_config: {healthy_panic_threshold: {value: 0}}})

/** Two clusters of up to three priorities each, one after the other, behind a route or a tcp_proxy. */
const aggregates: fc.Arbitrary<Scenario> = fc
  .record({
    first: clusterOf(fc.tuple(balancing)),
    second: clusterOf(fc.tuple(balancing)),
    members: fc.constantFrom(['@@c', '@@d'], ['@@d', '@@c'], ['@@c', 'absent', '@@d'], ['@@c', '@@c']),
    own: panic,
    tcp: fc.boolean(),
  })
  .map(({first, second, members, own, tcp}) => {
    const route = {name: 'r', match: {prefix: '/'}, route: {cluster: '@@aggregate'}}
    const table = {name: 'table', validate_clusters: false, virtual_hosts: [{name: 'v', domains: ['*'], routes: [route]}]}
    const filter = tcp ? tcpProxy({cluster: '@@aggregate'}) : manager({route_config: table})
    return {
      listener: {filter_chains: [{name: 'only', filters: [filter]}]},
      clusters: [first, {...second, name: '@@d'}, aggregateOf(members, own)],
      behind: [],
      probes: [{from: '127.0.0.1', sends: tcp ? {kind: 'opaque'} : PLAIN, repeat: REPEAT}],
    }
  })

export const HOSTS: readonly Family[] = [
  {name: 'clusters of clusters', scenarios: aggregates, portion: 0.5},
  {
    name: 'hosts',
    scenarios: hostsScenario(fc.tuple(balancing, bind), {repeat: REPEAT, asks: nothing}),
  },
  {
    name: 'subsets of hosts',
    scenarios: hostsScenario(fc.tuple(balancing, subsets), {repeat: REPEAT, asks: wanted}),
  },
  {
    name: 'transport sockets of hosts',
    scenarios: hostsScenario(fc.tuple(transportSockets), {repeat: 6, asks: nothing}),
    portion: 0.5,
  },
  {
    name: 'transport socket matchers',
    // Once each: requests of one time may meet in one pool, which does not ask whose address a socket chosen so announces.
    scenarios: hostsScenario(fc.tuple(socketMatcher), {repeat: 1, asks: nothing, before: sharedState}),
  },
  {
    name: 'circuit breakers',
    scenarios: hostsScenario(fc.tuple(circuitBreakers), {repeat: 2, asks: nothing}),
    portion: 0.5,
  },
]
