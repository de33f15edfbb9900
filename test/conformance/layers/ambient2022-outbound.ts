import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import type {View} from '../../../src/json/view.js'
import {clusterFacts, optional, type Facts} from './ambient2022-cluster.js'

interface Query {
  readonly source: string
  readonly destination: {readonly ip: string; readonly port: string}
}

const LISTENER = 'ztunnel_outbound'

/** Walks the maps of the outbound listener by key, one level after the other. */
export function outboundFacts(config: EnvoyConfig, query: Query): Facts {
  const listener = config.listener(LISTENER)?.view
  const root = listener?.get('filter_chain_matcher')
  if (listener === undefined || root === undefined) return {}
  const capture = lookUp(root, query.destination.port)
  const sources = root.path('on_no_match', 'matcher')
  const source = sources && lookUp(sources, query.source)
  return {
    listener: LISTENER,
    default_filter_chain: listener.get('default_filter_chain')?.str('name') ?? null,
    destination_port_in_root_map: capture !== undefined,
    source_ip_in_map: source !== undefined,
    ...(capture === undefined ? destinationFacts({config, listener}, {source, query}) : actionFacts({config, listener}, capture)),
  }
}

interface Dump {
  readonly config: EnvoyConfig
  readonly listener: View
}

function destinationFacts(dump: Dump, {source, query}: {source: View | undefined; query: Query}): Facts {
  if (source === undefined) return {}
  const matcher = source.get('matcher')
  const destination = matcher && lookUp(matcher, query.destination.ip)
  if (destination === undefined) return {destination_ip_in_map: false}
  const ports = destination.get('matcher')
  if (ports === undefined) return {destination_ip_in_map: true, key: 'destination_ip', ...actionFacts(dump, destination)}
  const port = lookUp(ports, query.destination.port)
  const facts = {destination_ip_in_map: true, destination_port_in_map: port !== undefined, key: 'destination_ip+port'}
  return port === undefined ? facts : {...facts, ...actionFacts(dump, port)}
}

function actionFacts({config, listener}: Dump, match: View): Facts {
  const action = match.path('action', 'typed_config')?.str('value')
  const chain = listener.list('filter_chains').find((one) => one.str('name') === action)
  return {
    ...optional('action_value', action),
    chain_present: chain !== undefined,
    ...(chain === undefined ? {} : chainFacts(config, chain)),
  }
}

function chainFacts(config: EnvoyConfig, chain: View): Facts {
  const proxy = chain
    .list('filters')
    .map((filter) => filter.get('typed_config'))
    .find((filter) => filter?.str('cluster') !== undefined)
  const tunnel = proxy?.get('tunneling_config')
  const headers = tunnel?.list('headers_to_add').map((option) => option.get('header')?.value)
  return {
    chain_cluster: clusterFacts(config, proxy?.str('cluster') ?? ''),
    tunneling_hostname: tunnel?.str('hostname') ?? null,
    ...optional('tunneling_headers', headers),
  }
}

function lookUp(matcher: View, key: string): View | undefined {
  return matcher.path('matcher_tree', 'exact_match_map', 'map')?.own(key)
}
