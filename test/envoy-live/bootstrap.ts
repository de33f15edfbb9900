import path from 'node:path'
import {accessLog} from './access-log.js'
import {extension, field, socketAddress, TYPE, type Message} from './message.js'
import {sink, SINK_COUNT, type GeneratedCluster, type GeneratedHost, type GeneratedLocality, type Scenario} from './scenario.js'
import {hostAddress} from './upstream.js'

export const LOG_FILE = 'access.log'

/** A scenario with the place it got in an Envoy. */
export interface PlacedScenario {
  readonly name: string
  readonly port: number
  readonly scenario: Scenario
}

const PROXIES = 'proxies'

/** A static bootstrap that serves all scenarios, each on its own port of 127.0.0.1; they have the same proxies beside them. */
export function bootstrapOf(placed: readonly PlacedScenario[], at: {directory: string; upstreamPort: number}): Message {
  const log = path.join(at.directory, LOG_FILE)
  const sinks = Array.from({length: SINK_COUNT}, (_, index) => sinkCluster(index))
  const proxies = placed[0]?.scenario.proxies
  return {
    node: {id: 'differential', cluster: 'differential', ...(proxies === undefined ? {} : {locality: {zone: 'z0'}})},
    ...(proxies === undefined ? {} : {cluster_manager: {local_cluster_name: PROXIES}}),
    admin: {address: socketAddress('127.0.0.1', 0)},
    bootstrap_extensions: [extension('internal', 'envoy.extensions.bootstrap.internal_listener.v3.InternalListener')],
    static_resources: {
      listeners: placed.flatMap((one) => listenersOf(one, log)),
      clusters: [
        ...(proxies === undefined ? [] : [renderCluster({name: PROXIES, fields: {}, localities: proxies}, at.upstreamPort)]),
        ...sinks.map((cluster) => renderCluster(cluster, at.upstreamPort)),
        ...placed.flatMap((one) => one.scenario.clusters.map((cluster) => renamed(renderCluster(cluster, at.upstreamPort), one.name))),
      ],
    },
    layered_runtime: {
      layers: [{name: 'static', static_layer: {'re2.max_program_size.error_level': 1000}}],
    },
  }
}

function listenersOf({name, port, scenario}: PlacedScenario, file: string): Message[] {
  const main = {...scenario.listener, name, address: socketAddress('127.0.0.1', port)}
  return [main, ...scenario.behind.map((listener) => renamed(listener, name))].map((listener) => withLogs(renamed(listener, name), file))
}

/** Puts the scenario's name where its generator wrote `@@`. */
function renamed(message: Message, name: string): Message {
  return replaceTexts(message, (text) => (text.startsWith('@@') ? `${name}-${text.slice(2)}` : text))
}

function replaceTexts(message: Message, change: (text: string) => string): Message {
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, replaceIn(value, change)]))
}

function replaceIn(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => replaceIn(item, change))
  return isMessage(value) ? replaceTexts(value, change) : value
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const MANAGER = `${TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`

function withLogs(listener: Message, file: string): Message {
  const name = String(listener['name'])
  const logged = addToManagers(listener, {access_log: [accessLog({listener: name, level: 'request', file})]})
  return {...logged, access_log: [accessLog({listener: name, level: 'listener', file})]}
}

function addToManagers(message: Message, fields: Message): Message {
  const inside = Object.fromEntries(Object.entries(message).map(([key, value]) => [key, addInside(value, fields)]))
  return message['@type'] === MANAGER ? {...inside, ...fields} : inside
}

function addInside(value: unknown, fields: Message): unknown {
  if (Array.isArray(value)) return value.map((item) => addInside(item, fields))
  return isMessage(value) ? addToManagers(value, fields) : value
}

function sinkCluster(index: number): GeneratedCluster {
  return {name: sink(index), fields: {}, localities: [{fields: {}, hosts: [{host: index, fields: {}}]}]}
}

/** Every request opens a connection of its own: what one decision does must not depend on the one before. */
const ONE_REQUEST = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': `${TYPE}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
    common_http_protocol_options: {max_requests_per_connection: 1},
    explicit_http_config: {http_protocol_options: {}},
  },
}

function renderCluster({name, fields, localities, policy}: GeneratedCluster, port: number): Message {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '5s',
    typed_extension_protocol_options: ONE_REQUEST,
    ...(localities === undefined ? {} : {load_assignment: assignment({name, localities, policy, port})}),
    ...fields,
  }
}

function assignment({
  name,
  localities,
  policy,
  port,
}: {
  name: string
  localities: readonly GeneratedLocality[]
  policy: Message | undefined
  port: number
}): Message {
  return {
    cluster_name: name,
    ...field('policy', policy),
    endpoints: localities.map((locality) => ({
      ...locality.fields,
      lb_endpoints: locality.hosts.map((host) => ({endpoint: {address: endpointAddress(host, port)}, ...host.fields})),
    })),
  }
}

function endpointAddress({host, internal}: GeneratedHost, port: number): Message {
  return internal === undefined
    ? socketAddress(hostAddress(host), port)
    : {envoy_internal_address: {server_listener_name: internal.listener, ...field('endpoint_id', internal.endpointId)}}
}
