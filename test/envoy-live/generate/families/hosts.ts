import fc from 'fast-check'
import type {Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import type {GeneratedCluster, Scenario} from '../../scenario.js'
import {tcpProxy} from '../chains.js'
import {assignmentPolicy, balancing, circuitBreakers, localities, subsets, transportSockets, wanted} from '../hosts.js'
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
  {repeat, asks}: {repeat: number; asks: fc.Arbitrary<Message>},
): fc.Arbitrary<Scenario> {
  return fc
    .record({
      cluster: clusterOf(fields),
      asked: asks,
      tcp: fc.boolean(),
      priority: fc.constantFrom<Message>({}, {}, {}, {priority: 'HIGH'}),
    })
    .map(({cluster, asked, tcp, priority}) => {
      const route = {name: 'r', match: {prefix: '/'}, route: {cluster: '@@c', ...asked, ...priority}}
      const table = {name: 'table', validate_clusters: false, virtual_hosts: [{name: 'v', domains: ['*'], routes: [route]}]}
      const filter = tcp ? tcpProxy({cluster: '@@c', ...asked}) : manager({route_config: table})
      const probe: Probe = {from: '127.0.0.1', sends: tcp ? {kind: 'opaque'} : PLAIN, repeat}
      return {listener: {filter_chains: [{name: 'only', filters: [filter]}]}, clusters: [cluster], behind: [], probes: [probe]}
    })
}

const nothing = fc.constant<Message>({})

export const HOSTS: readonly Family[] = [
  {
    name: 'hosts',
    scenarios: hostsScenario(fc.tuple(balancing), {repeat: REPEAT, asks: nothing}),
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
    name: 'circuit breakers',
    scenarios: hostsScenario(fc.tuple(circuitBreakers), {repeat: 2, asks: nothing}),
    portion: 0.5,
  },
]
