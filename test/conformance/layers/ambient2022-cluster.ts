import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import {formatSocket} from '../../../src/flow/address.js'
import type {View} from '../../../src/json/view.js'

export type Facts = Record<string, unknown>

/** What the dump holds about a cluster of this name. */
export function clusterFacts(config: EnvoyConfig, name: string): Facts {
  const cluster = config.cluster(name)
  if (cluster === undefined) return {name, present: false}
  const {view} = cluster
  const type = view.str('type') ?? 'STATIC'
  const targets =
    type === 'ORIGINAL_DST' ? {original_dst_lb_config: view.get('original_dst_lb_config')?.value ?? null} : endpointFacts(config, name)
  return {name, present: true, type, ...targets, ...tlsFacts(view)}
}

/** Undefined when the dump does not tell. */
export function endpointsOf(config: EnvoyConfig, name: string): View[] | undefined {
  const cluster = config.cluster(name)
  const found = cluster && config.endpoints(cluster)
  return found?.kind === 'found' ? found.assignment.list('endpoints').flatMap((locality) => locality.list('lb_endpoints')) : undefined
}

function endpointFacts(config: EnvoyConfig, name: string): Facts {
  return optional(
    'endpoints',
    endpointsOf(config, name)
      ?.map((endpoint) => oneEndpoint(config, endpoint))
      .sort(byText),
  )
}

/** Endpoints are a set; the recordings list them sorted. */
function byText(a: Facts, b: Facts): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

function oneEndpoint(config: EnvoyConfig, endpoint: View): Facts {
  const address = endpoint.path('endpoint', 'address')
  const internal = address?.get('envoy_internal_address')
  const metadata = endpoint.path('metadata', 'filter_metadata')
  return {
    ...(internal === undefined ? {address: socketOf(address)} : internalFacts(config, internal)),
    ...optional('tunnel', metadata?.own('tunnel')?.value),
    ...optional('transport_socket_match', metadata?.own('envoy.transport_socket_match')?.value),
  }
}

function internalFacts(config: EnvoyConfig, internal: View): Facts {
  const name = internal.str('server_listener_name') ?? ''
  return {
    internal_listener: name,
    internal_listener_present: config.listener(name) !== undefined,
    ...optional('endpoint_id', internal.str('endpoint_id')),
  }
}

function socketOf(address: View | undefined): string {
  const socket = address?.get('socket_address')
  return formatSocket({ip: socket?.str('address') ?? '', port: socket?.num('port_value') ?? 0})
}

function tlsFacts(cluster: View): Facts {
  const context = cluster.path('transport_socket', 'typed_config')?.get('common_tls_context')
  return context === undefined ? {} : {tls_secret: tlsSecrets(context), tls_validation: validates(context)}
}

export function tlsSecrets(context: View): string[] {
  return context.list('tls_certificate_sds_secret_configs').map((secret) => secret.str('name') ?? '')
}

function validates(context: View): boolean {
  return ['validation_context', 'combined_validation_context', 'validation_context_sds_secret_config'].some(
    (field) => context.get(field) !== undefined,
  )
}

export function optional(key: string, value: unknown): Facts {
  return value === undefined ? {} : {[key]: value}
}
