import fc from 'fast-check'
import type {Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import {sink, type Scenario} from '../../scenario.js'
import {tcpProxy} from '../chains.js'
import {manager} from '../manager.js'
import type {Family} from './family.js'

/** Enough that shares which are wrong by much become implausible. */
const REPEAT = 48

function weightedFrom(min: number): fc.Arbitrary<Message> {
  return fc
    .array(fc.record({name: fc.constantFrom(sink(0), sink(1), sink(2)), weight: fc.integer({min, max: 4})}), {minLength: 2, maxLength: 4})
    .filter((clusters) => clusters.some(({weight}) => weight > 0))
    .map((clusters) => ({weighted_clusters: {clusters}}))
}

/** A weighted cluster of a route may get nothing, one of tcp_proxy may not. */
const weighted = weightedFrom(0)

const fraction = fc
  .constantFrom([0, 'HUNDRED'], [25, 'HUNDRED'], [70, 'HUNDRED'], [5_000, 'TEN_THOUSAND'], [250_000, 'MILLION'], [100, 'HUNDRED'])
  .map(([numerator, denominator]) => ({runtime_fraction: {default_value: {numerator, denominator}}}))

/** Copies of requests that nobody waits for: they change nothing for the client. */
const mirrors = fc.oneof(
  {weight: 2, arbitrary: fc.constant<Message>({})},
  {
    weight: 1,
    arbitrary: fraction.map((part): Message => ({request_mirror_policies: [{cluster: sink(4), ...part}, {cluster: sink(5)}]})),
  },
)

const PLAIN: Sent = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers: []}}

function repeated(sends: Sent): readonly Probe[] {
  return [{from: '127.0.0.1', sends, repeat: REPEAT}]
}

/** A route that takes a part of the requests, and weighted clusters inside it and behind it: one random value decides all of them. */
const routes: fc.Arbitrary<Scenario> = fc
  .record({part: fraction, first: weighted, rest: fc.oneof(weighted, fc.constant<Message>({cluster: sink(3)})), copies: mirrors})
  .map(({part, first, rest, copies}) => {
    const list = [
      {name: 'part', match: {prefix: '/', ...part}, route: {...first, ...copies}},
      {name: 'rest', match: {prefix: '/'}, route: rest},
    ]
    const table = {name: 'table', virtual_hosts: [{name: 'v', domains: ['*'], routes: list}]}
    return scenarioOf({filter: manager({route_config: table}), sends: PLAIN})
  })

const connections: fc.Arbitrary<Scenario> = weightedFrom(1).map((fields) => scenarioOf({filter: tcpProxy(fields), sends: {kind: 'opaque'}}))

function scenarioOf({filter, sends}: {filter: Message; sends: Sent}): Scenario {
  return {listener: {filter_chains: [{name: 'only', filters: [filter]}]}, clusters: [], behind: [], probes: repeated(sends)}
}

export const CHANCE: readonly Family[] = [
  {name: 'shares of requests', scenarios: routes, portion: 0.2},
  {name: 'shares of connections', scenarios: connections, portion: 0.1},
]
