import {closeSync, openSync, writeSync} from 'node:fs'

/** What a synthetic dump of one Envoy holds. The same size gives the same bytes. */
export interface Synthetic {
  readonly services: number
  /** Clusters, endpoint assignments, route tables and listeners together. */
  readonly resources: number
  readonly bytes: number
}

const SERVICES_PER_ROUTE_TABLE = 4
const SERVICES_PER_LISTENER = 40
const HOSTS = 6
const CHUNK_CHARACTERS = 1024 * 1024

/** Writes a dump of about this many bytes, in the layout and print of Envoy's `config_dump?include_eds`. */
export function writeSynthetic(path: string, bytes: number): Synthetic {
  const services = servicesFor(bytes)
  const file = openSync(path, 'w')
  let written = 0
  for (const chunk of syntheticChunks(services)) written += writeSync(file, chunk)
  closeSync(file)
  return {
    services,
    resources: 2 * services + countOf(services, SERVICES_PER_ROUTE_TABLE) + countOf(services, SERVICES_PER_LISTENER),
    bytes: written,
  }
}

/** The same text in pieces, without a file. */
export function* syntheticChunks(services: number): Generator<string, void, undefined> {
  let pending = ''
  for (const piece of pieces(services)) {
    pending += piece
    if (pending.length < CHUNK_CHARACTERS) continue
    yield pending
    pending = ''
  }
  yield pending
}

/** Services that make a dump of about this many bytes. */
export function servicesFor(bytes: number): number {
  const sample = 4 * SERVICES_PER_LISTENER
  const size = [...pieces(sample)].reduce((sum, piece) => sum + piece.length, 0)
  return Math.max(SERVICES_PER_LISTENER, Math.round((bytes / size) * sample))
}

/** The listener near this service, and the host of a service that its route table knows. */
export function questionNear(service: number): {readonly listener: string; readonly host: string} {
  const listener = Math.floor(service / SERVICES_PER_LISTENER)
  return {listener: listenerName(listener), host: hostOf(listener * SERVICES_PER_LISTENER)}
}

const TYPE = 'type.googleapis.com'

function* pieces(services: number): Generator<string, void, undefined> {
  const tables = countOf(services, SERVICES_PER_ROUTE_TABLE)
  const listeners = countOf(services, SERVICES_PER_LISTENER)
  yield `{\n "configs": [\n  ${print(bootstrap(), 2)},\n`
  yield* section('ClustersConfigDump', {dynamic_active_clusters: [services, cluster]})
  yield ',\n'
  yield* section('EndpointsConfigDump', {dynamic_endpoint_configs: [services, endpoints]})
  yield ',\n'
  yield* section('ListenersConfigDump', {dynamic_listeners: [listeners, listener]})
  yield ',\n'
  yield* section('RoutesConfigDump', {dynamic_route_configs: [tables, routeTable]})
  yield '\n ]\n}\n'
}

type Make = (index: number) => unknown

function* section(type: string, lists: Readonly<Record<string, readonly [count: number, make: Make]>>): Generator<string, void, undefined> {
  yield `  {\n   "@type": "${TYPE}/envoy.admin.v3.${type}"`
  for (const [key, [count, make]] of Object.entries(lists)) {
    yield `,\n   "${key}": [`
    for (let index = 0; index < count; index++) yield `${index === 0 ? '' : ','}\n    ${print(make(index), 4)}`
    yield '\n   ]'
  }
  yield '\n  }'
}

/** Envoy prints with one space per level. */
function print(value: unknown, level: number): string {
  return JSON.stringify(value, null, 1).replaceAll('\n', `\n${' '.repeat(level)}`)
}

function countOf(services: number, per: number): number {
  return Math.ceil(services / per)
}

function hostOf(index: number): string {
  return `service-${index}.namespace-${index % 97}.svc.cluster.local`
}

function clusterName(index: number): string {
  return `outbound|8080||${hostOf(index)}`
}

function listenerName(index: number): string {
  return `${listenerIp(index)}_8080`
}

function listenerIp(index: number): string {
  return `10.${100 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`
}

function bootstrap(): unknown {
  return {
    '@type': `${TYPE}/envoy.admin.v3.BootstrapConfigDump`,
    bootstrap: {
      node: {
        id: 'sidecar~10.9.8.7~load-test.default~default.svc.cluster.local',
        cluster: 'load-test.default',
        user_agent_name: 'envoy',
        user_agent_build_version: {version: {major_number: 1, minor_number: 36}},
        metadata: {NAME: 'load-test', NAMESPACE: 'default', SERVICE_ACCOUNT: 'load-test', INSTANCE_IPS: '10.9.8.7'},
      },
    },
    last_updated: '2026-01-01T00:00:00.000Z',
  }
}

const ISTIO_FILTER = {filter_metadata: {istio: {config: '/apis/networking.istio.io/v1/namespaces/istio-system/destination-rule/default'}}}

function cluster(index: number): unknown {
  return {
    version_info: '2026-01-01T00:00:00Z/1',
    cluster: {
      '@type': `${TYPE}/envoy.config.cluster.v3.Cluster`,
      name: clusterName(index),
      type: 'EDS',
      connect_timeout: '10s',
      lb_policy: 'LEAST_REQUEST',
      eds_cluster_config: {
        eds_config: {ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3'},
        service_name: clusterName(index),
      },
      circuit_breakers: {
        thresholds: [
          {
            max_connections: 4294967295,
            max_pending_requests: 4294967295,
            max_requests: 4294967295,
            max_retries: 4294967295,
            track_remaining: true,
          },
        ],
      },
      metadata: {
        filter_metadata: {
          istio: {
            default_original_port: 8080,
            services: [{name: `service-${index}`, host: hostOf(index), namespace: `namespace-${index % 97}`}],
            ...ISTIO_FILTER.filter_metadata.istio,
          },
        },
      },
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': `${TYPE}/envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
          explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 2147483647}},
        },
      },
    },
    last_updated: '2026-01-01T00:00:00.000Z',
  }
}

function endpoints(index: number): unknown {
  const host = (number: number): unknown => ({
    endpoint: {
      address: {socket_address: {address: `10.${number + 1}.${(index >> 8) & 255}.${index & 255}`, port_value: 8080}},
      health_check_config: {},
    },
    health_status: 'HEALTHY',
    metadata: {
      filter_metadata: {istio: {workload: `service-${index}-v${number};namespace-${index % 97};service-${index};v${number};Kubernetes`}},
    },
    load_balancing_weight: 1,
  })
  return {
    endpoint_config: {
      '@type': `${TYPE}/envoy.config.endpoint.v3.ClusterLoadAssignment`,
      cluster_name: clusterName(index),
      endpoints: [
        {locality: {region: 'region-1', zone: `zone-${index % 3}`}, lb_endpoints: Array.from({length: HOSTS}, (_, number) => host(number))},
      ],
      policy: {overprovisioning_factor: 140},
    },
  }
}

function listener(index: number): unknown {
  const manager = {
    '@type': `${TYPE}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: `outbound_${listenerName(index)}`,
    rds: {
      config_source: {ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3'},
      route_config_name: tableName(index * (SERVICES_PER_LISTENER / SERVICES_PER_ROUTE_TABLE)),
    },
    http_filters: [{name: 'envoy.filters.http.router', typed_config: {'@type': `${TYPE}/envoy.extensions.filters.http.router.v3.Router`}}],
  }
  const filters = [{name: 'envoy.filters.network.http_connection_manager', typed_config: manager}]
  return {
    name: listenerName(index),
    active_state: {
      version_info: '2026-01-01T00:00:00Z/1',
      listener: {
        '@type': `${TYPE}/envoy.config.listener.v3.Listener`,
        name: listenerName(index),
        address: {socket_address: {address: listenerIp(index), port_value: 8080}},
        filter_chains: [{filters}],
        traffic_direction: 'OUTBOUND',
      },
      last_updated: '2026-01-01T00:00:00.000Z',
    },
  }
}

function tableName(index: number): string {
  return `table-${index}`
}

function routeTable(index: number): unknown {
  const first = index * SERVICES_PER_ROUTE_TABLE
  const hosts = Array.from({length: SERVICES_PER_ROUTE_TABLE}, (_, offset) => virtualHost(first + offset))
  return {
    version_info: '2026-01-01T00:00:00Z/1',
    route_config: {
      '@type': `${TYPE}/envoy.config.route.v3.RouteConfiguration`,
      name: tableName(index),
      virtual_hosts: hosts,
      validate_clusters: false,
    },
    last_updated: '2026-01-01T00:00:00.000Z',
  }
}

function virtualHost(index: number): unknown {
  const retry = {
    retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
    num_retries: 2,
    host_selection_retry_max_attempts: '5',
  }
  return {
    name: `${hostOf(index)}:8080`,
    domains: [
      hostOf(index),
      `service-${index}`,
      `service-${index}.namespace-${index % 97}.svc`,
      `service-${index}.namespace-${index % 97}`,
    ],
    routes: [
      {
        match: {prefix: '/'},
        name: 'default',
        decorator: {operation: `${hostOf(index)}:8080/*`},
        route: {cluster: clusterName(index), timeout: '0s', max_grpc_timeout: '0s', retry_policy: retry},
      },
    ],
    include_request_attempt_count: true,
  }
}
