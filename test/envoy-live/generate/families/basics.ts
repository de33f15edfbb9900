import fc from 'fast-check'
import {field, TYPE, type Message} from '../../message.js'
import {sink, type Scenario} from '../../scenario.js'
import {chains, forgingFilters, PROXY_PROTOCOL, tcpProxy, TLS_INSPECTOR} from '../chains.js'
import {forgedConnections, forgedRequests, fromElsewhere} from '../connections.js'
import {chainMatches} from '../legacy-match.js'
import {manager, normalization, ROUTER} from '../manager.js'
import {networkMatcher} from '../network-matcher.js'
import {httpRbac, networkRbac, rbacOverride, rbacSettings} from '../rbac.js'
import {routeTable} from '../route-table.js'
import type {Family} from './family.js'

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
  .record({table: routeTable({}), options: normalization, probes: forgedRequests()})
  .map(({table, options, probes}) => ({
    listener: {listener_filters: [PROXY_PROTOCOL], filter_chains: [{name: 'http', filters: [manager({route_config: table, ...options})]}]},
    clusters: [],
    behind: [],
    probes: options['use_remote_address'] === true ? fromElsewhere(probes) : probes,
  }))

/** Network RBAC before tcp_proxy, once or twice. */
const networkAuthorization: fc.Arbitrary<Scenario> = fc
  .record({
    listener_filters: forgingFilters,
    filters: fc.array(rbacSettings('network').map(networkRbac), {minLength: 1, maxLength: 2}),
    probes: forgedConnections(),
  })
  .map(({listener_filters, filters, probes}) => ({
    listener: {listener_filters, filter_chains: [{name: 'tcp', filters: [...filters, tcpProxy({cluster: sink(0)})]}]},
    clusters: [],
    behind: [],
    probes,
  }))

/** HTTP RBAC before the router, with overrides at every level. */
const httpAuthorization: fc.Arbitrary<Scenario> = fc
  .record({
    table: routeTable({vhost: rbacOverride, route: rbacOverride, table: rbacOverride}),
    options: normalization,
    rbac: rbacSettings('http').map(httpRbac),
    probes: forgedRequests(),
  })
  .map(({table, options, rbac, probes}) => ({
    listener: {
      listener_filters: [PROXY_PROTOCOL, TLS_INSPECTOR],
      filter_chains: [{name: 'http', filters: [manager({route_config: table, http_filters: [rbac, ROUTER], ...options})]}],
    },
    clusters: [],
    behind: [],
    probes: options['use_remote_address'] === true ? fromElsewhere(probes) : probes,
  }))

export const BASICS: readonly Family[] = [
  {name: 'unified matcher', scenarios: unifiedMatcher},
  // With ranges of all addresses, chains fall into places that Envoy leaves to chance: they are rare, but never quite absent.
  {name: 'filter_chain_match', conditional: 0.06, scenarios: legacyMatch},
  {name: 'routes', scenarios: routes},
  {name: 'network RBAC', scenarios: networkAuthorization},
  {name: 'HTTP RBAC', scenarios: httpAuthorization},
]
