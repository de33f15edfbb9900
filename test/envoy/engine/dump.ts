import type {EnvoyVersion} from '../../../src/flow/envoy-version.js'
import {parseSocket} from '../../../src/flow/address.js'

type Message = Readonly<Record<string, unknown>>

const TYPE = 'type.googleapis.com/'
const NETWORK = `${TYPE}envoy.extensions.filters.network.`
const INPUTS = `${TYPE}envoy.extensions.matching.common_inputs.network.v3.`

/** A dump with these listeners and clusters, as Envoy would print it; `sections` are further ones. */
export function dump(parts: {
  listeners?: readonly Message[]
  clusters?: readonly Message[]
  version?: EnvoyVersion
  sections?: readonly Message[]
  /** Flat runtime values. */
  runtime?: Message
}): Message {
  const {major, minor} = parts.version ?? {major: 1, minor: 36}
  return {
    configs: [
      {
        '@type': `${TYPE}envoy.admin.v3.BootstrapConfigDump`,
        bootstrap: {
          node: {id: 'test', user_agent_build_version: {version: {major_number: major, minor_number: minor}}},
          ...(parts.runtime === undefined ? {} : {layered_runtime: {layers: [{name: 'static', static_layer: parts.runtime}]}}),
        },
      },
      {'@type': `${TYPE}envoy.admin.v3.ClustersConfigDump`, static_clusters: (parts.clusters ?? []).map((cluster) => ({cluster}))},
      {'@type': `${TYPE}envoy.admin.v3.ListenersConfigDump`, static_listeners: (parts.listeners ?? []).map((listener) => ({listener}))},
      {'@type': `${TYPE}envoy.admin.v3.EndpointsConfigDump`, static_endpoint_configs: []},
      ...(parts.sections ?? []),
    ],
  }
}

export function listener(fields: Message & {readonly address?: string}): Message {
  const {address = '0.0.0.0:15001', ...rest} = fields
  return {name: 'in', address: socketAddress(address), ...rest}
}

function socketAddress(text: string): Message {
  const socket = parseSocket(text)
  return {socket_address: {address: socket?.ip, port_value: socket?.port}}
}

/** A chain whose tcp_proxy goes to a cluster named like the chain. */
export function chain(name: string, fields: Message = {}): Message {
  return {name, filters: [tcpProxy({cluster: name})], ...fields}
}

export function tcpProxy(fields: Message): Message {
  return {name: 'tcp', typed_config: {'@type': `${NETWORK}tcp_proxy.v3.TcpProxy`, stat_prefix: 'x', ...fields}}
}

export function networkFilter(type: string, fields: Message = {}): Message {
  return {name: type, typed_config: {'@type': `${NETWORK}${type}`, ...fields}}
}

export function listenerFilter(type: string, fields: Message = {}): Message {
  return {name: type, typed_config: {'@type': `${TYPE}envoy.extensions.filters.listener.${type}`, ...fields}}
}

/** A STATIC cluster with socket endpoints. */
export function cluster(name: string, ...hosts: readonly string[]): Message {
  return {
    name,
    type: 'STATIC',
    load_assignment: {cluster_name: name, endpoints: [{lb_endpoints: hosts.map((host) => ({endpoint: {address: socketAddress(host)}}))}]},
  }
}

/** A matcher action that names a filter chain. */
export function toChain(name: string): Message {
  return {action: {name: `label-${name}`, typed_config: {'@type': `${TYPE}google.protobuf.StringValue`, value: name}}}
}

export function input(type: string, fields: Message = {}): Message {
  return {name: type, typed_config: {'@type': `${INPUTS}${type}`, ...fields}}
}

export function exactMap(inputType: string, map: Message): Message {
  return {matcher_tree: {input: input(inputType), exact_match_map: {map}}}
}
