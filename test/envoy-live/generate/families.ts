import fc from 'fast-check'
import {field, TYPE, type Message} from '../message.js'
import type {Scenario} from '../scenario.js'
import {chains, forgingFilters, PROXY_PROTOCOL} from './chains.js'
import {forgedConnections, forgedRequests} from './connections.js'
import {chainMatches} from './legacy-match.js'
import {manager, normalization} from './manager.js'
import {networkMatcher} from './network-matcher.js'
import {routeTable} from './route-table.js'

const CHAINS = 4

/** Names a chain; now and then one that does not exist. */
const chainAction: fc.Arbitrary<Message> = fc
  .constantFrom('c0', 'c1', 'c2', 'c3', 'c0', 'c1', 'c2', 'c3', 'absent')
  .map((value) => ({action: {name: 'label', typed_config: {'@type': `${TYPE}google.protobuf.StringValue`, value}}}))

/** Filter chains chosen by a unified matcher. */
const unifiedMatcher: fc.Arbitrary<Scenario> = fc
  .record({
    listener_filters: forgingFilters,
    chosen: chains(CHAINS),
    filter_chain_matcher: networkMatcher(chainAction, 4),
    probes: forgedConnections(),
  })
  .map(({listener_filters, chosen, filter_chain_matcher, probes}) => ({
    listener: {listener_filters, ...chosen, filter_chain_matcher},
    clusters: [],
    behind: [],
    probes,
  }))

/** Filter chains chosen by what each of them asks for. */
const legacyMatch: fc.Arbitrary<Scenario> = fc
  .record({listener_filters: forgingFilters, chosen: chains(CHAINS), matches: chainMatches(CHAINS), probes: forgedConnections()})
  .map(({listener_filters, chosen, matches, probes}) => ({
    listener: {
      listener_filters,
      ...field('default_filter_chain', chosen.default_filter_chain),
      filter_chains: chosen.filter_chains.flatMap((chain, index) => {
        const filter_chain_match = matches[index]
        return filter_chain_match === undefined ? [] : [{...chain, filter_chain_match}]
      }),
    },
    clusters: [],
    behind: [],
    probes,
  }))

/** Virtual hosts, routes and what they do to requests. */
const routes: fc.Arbitrary<Scenario> = fc
  .record({table: routeTable({vhost: fc.constant({}), route: fc.constant({})}), options: normalization, probes: forgedRequests()})
  .map(({table, options, probes}) => ({
    listener: {listener_filters: [PROXY_PROTOCOL], filter_chains: [{name: 'http', filters: [manager({route_config: table, ...options})]}]},
    clusters: [],
    behind: [],
    probes,
  }))

export interface Family {
  readonly name: string
  readonly scenarios: fc.Arbitrary<Scenario>
}

export const FAMILIES: readonly Family[] = [
  {name: 'unified matcher', scenarios: unifiedMatcher},
  {name: 'filter_chain_match', scenarios: legacyMatch},
  {name: 'routes', scenarios: routes},
]
