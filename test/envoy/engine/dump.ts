import {createEnvoyForwarder} from '../../../src/envoy/forward.js'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {EnvoyVersion} from '../../../src/flow/envoy-version.js'
import type {Arrival} from '../../../src/flow/connection.js'
import type {Exit, Forwarder, Forwarding} from '../../../src/flow/forwarder.js'
import {parseSocket} from '../../../src/flow/address.js'
import {memoryStore} from '../../../src/json/memory-store.js'

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
}): Message {
  const {major, minor} = parts.version ?? {major: 1, minor: 36}
  return {
    configs: [
      {
        '@type': `${TYPE}envoy.admin.v3.BootstrapConfigDump`,
        bootstrap: {node: {id: 'test', user_agent_build_version: {version: {major_number: major, minor_number: minor}}}},
      },
      {'@type': `${TYPE}envoy.admin.v3.ClustersConfigDump`, static_clusters: (parts.clusters ?? []).map((cluster) => ({cluster}))},
      {'@type': `${TYPE}envoy.admin.v3.ListenersConfigDump`, static_listeners: (parts.listeners ?? []).map((listener) => ({listener}))},
      {'@type': `${TYPE}envoy.admin.v3.EndpointsConfigDump`, static_endpoint_configs: []},
      ...(parts.sections ?? []),
    ],
  }
}

export function forwarder(document: Message, envoyVersion?: EnvoyVersion): Forwarder {
  const config = readEnvoyConfig(memoryStore({name: 'test.json', document}))
  return createEnvoyForwarder({config, place: {kind: 'envoy', name: 'test'}, ...(envoyVersion === undefined ? {} : {envoyVersion})})
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

export function arrive(destination: string, options: Partial<Arrival> & {readonly from?: string; readonly on?: string} = {}): Arrival {
  const {from = '10.1.1.1:40000', on = '10.9.9.9:15001', ...rest} = options
  const entry = parseSocket(on) ?? {ip: '', port: 0}
  const original = parseSocket(destination)
  const source = parseSocket(from)
  return {
    entry: {kind: 'socket', ...entry},
    payload: {kind: 'opaque'},
    ...(source === undefined ? {} : {source}),
    ...(original === undefined ? {} : {originalDestination: original}),
    ...rest,
  }
}

/** The only exit of a forwarding that must not branch. */
export function onlyExit(forwarding: Forwarding): Exit {
  const [exit, ...others] = forwarding.exits
  if (exit === undefined || others.length > 0) throw new Error(`expected one exit, got ${forwarding.exits.length}`)
  return exit
}

/** Name of the filter chain a connection takes, or why it takes none. */
export function chainTaken(forwarding: Forwarding): string {
  const exit = onlyExit(forwarding)
  return exit.log?.filterChain ?? (exit.kind === 'stop' ? exit.verdict.kind : 'unnamed')
}
