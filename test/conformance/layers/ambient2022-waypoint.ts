import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import type {View} from '../../../src/json/view.js'
import {clusterFacts, endpointsOf, type Facts} from './ambient2022-cluster.js'

const LISTENER = 'inbound_CONNECT_terminate'

/** The CONNECT routes for one authority, and what follows the cluster behind them. */
export function connectFacts(config: EnvoyConfig, authority: string): Facts {
  const listener = config.listener(LISTENER)?.view
  if (listener === undefined) return {}
  const routes = listener.list('filter_chains').flatMap((chain) => routesOf(config, chain))
  const own = routes.filter((route) => authoritiesOf(route).includes(authority))
  const cluster = own[0]?.get('route')?.str('cluster')
  return {
    listener: LISTENER,
    port: listener.path('address', 'socket_address')?.num('port_value'),
    authority,
    routes_with_this_authority: own.length,
    routes_total: routes.length,
    ...(cluster === undefined ? {} : behind(config, cluster)),
  }
}

function behind(config: EnvoyConfig, name: string): Facts {
  const cluster = clusterFacts(config, name)
  const endpoints = endpointsOf(config, name)
  if (endpoints === undefined) return {cluster}
  const names = endpoints.flatMap(
    (endpoint) => endpoint.path('endpoint', 'address', 'envoy_internal_address')?.str('server_listener_name') ?? [],
  )
  return {cluster, next: [...new Set(names)].sort().flatMap((listener) => nextFacts(config, listener))}
}

function nextFacts(config: EnvoyConfig, name: string): Facts[] {
  const listener = config.listener(name)?.view
  if (listener === undefined) return []
  const chains = listener.list('filter_chains')
  const clusters = new Set(chains.flatMap((chain) => clustersOf(config, chain)))
  return [
    {
      listener: name,
      chains: chains.map((chain) => chain.str('name') ?? null),
      has_filter_chain_matcher: listener.get('filter_chain_matcher') !== undefined,
      listener_filters: listener.list('listener_filters').map((filter) => filter.str('name')),
      next_clusters: [...clusters].map((cluster) => clusterFacts(config, cluster)),
    },
  ]
}

function clustersOf(config: EnvoyConfig, chain: View): string[] {
  const tcp = chain.list('filters').flatMap((filter) => filter.get('typed_config')?.str('cluster') ?? [])
  return [...tcp, ...routesOf(config, chain).flatMap((route) => targetsOf(route.get('route')))]
}

function targetsOf(action: View | undefined): string[] {
  const weighted =
    action
      ?.get('weighted_clusters')
      ?.list('clusters')
      .flatMap((entry) => entry.str('name') ?? []) ?? []
  return [...(action?.str('cluster') === undefined ? [] : [action.str('cluster') ?? '']), ...weighted]
}

function routesOf(config: EnvoyConfig, chain: View): View[] {
  const managers = chain.list('filters').flatMap((filter) => filter.get('typed_config') ?? [])
  const tables = managers.flatMap(
    (manager) => manager.get('route_config') ?? config.routeTable(manager.get('rds')?.str('route_config_name') ?? '')?.view ?? [],
  )
  return tables.flatMap((table) => table.list('virtual_hosts').flatMap((host) => host.list('routes')))
}

function authoritiesOf(route: View): string[] {
  return (route.get('match')?.list('headers') ?? [])
    .filter((header) => header.str('name') === ':authority')
    .flatMap((header) => header.str('exact_match') ?? header.get('string_match')?.str('exact') ?? [])
}
