import type {EnvoyConfig, Resource} from '../envoy/config/model.js'
import type {View} from '../json/view.js'
import type {AddressFact} from './inferred-chains.js'
import {parseSubsetKey, waypointOfCluster} from './inferred-names.js'
import {normalIp} from './ip.js'

/** Pods of the node as ECDS names them: `WorkloadMetadataResources` of the listener filter `workload_metadata` (envoy-2022 A.9). */
export function announcedPods(config: EnvoyConfig): readonly AddressFact[] {
  const filters = config
    .listeners()
    .flatMap(({view}) => view.list('listener_filters'))
    .filter((filter) => filter.get('config_discovery') !== undefined)
  const names = new Set(filters.flatMap((filter) => filter.str('name') ?? []))
  return [...names]
    .flatMap((name) => config.extension(name) ?? [])
    .flatMap(({view}) => view.get('typed_config')?.message().list('workload_metadata_resources') ?? [])
    .flatMap((resource) =>
      resource.list('ip_addresses').flatMap((address) => {
        const ip = address.text()
        return ip === undefined ? [] : [{ip: normalIp(ip), local: true as const, ...namesOf(resource), view: resource}]
      }),
    )
}

/** What endpoints tell: waypoint pods by cluster name, workload names by the metadata that istiod adds (envoy-2022 A.3, B.4). */
export function endpointFacts(config: EnvoyConfig): readonly AddressFact[] {
  return config.clusterNames().flatMap((name) => {
    const waypoint = waypointOfCluster(name)
    if (waypoint === undefined && parseSubsetKey(name) === undefined) return []
    const cluster = config.cluster(name)
    return cluster === undefined ? [] : hostsOf(config, cluster).flatMap((host) => factOf(host, waypoint))
  })
}

function namesOf(resource: View): Pick<AddressFact, 'pod' | 'controller' | 'namespace'> {
  const pod = resource.str('instance_name')
  const controller = resource.str('workload_name')
  const namespace = resource.str('namespace_name')
  return {
    ...(pod === undefined ? {} : {pod}),
    ...(controller === undefined ? {} : {controller}),
    ...(namespace === undefined ? {} : {namespace}),
  }
}

function hostsOf(config: EnvoyConfig, cluster: Resource): readonly View[] {
  const lookup = config.endpoints(cluster)
  return lookup.kind === 'found' ? lookup.assignment.list('endpoints').flatMap((locality) => locality.list('lb_endpoints')) : []
}

function factOf(host: View, waypoint: string | undefined): readonly AddressFact[] {
  const ip = addressOf(host)
  if (ip === undefined) return []
  if (waypoint !== undefined) return [{ip, identity: waypoint, waypoint: true, view: host}]
  const text = host.path('metadata', 'filter_metadata')?.own('istio')?.str('workload')
  const [controller, namespace] = text?.split(';') ?? []
  return controller === undefined || controller === '' || namespace === undefined ? [] : [{ip, controller, namespace, view: host}]
}

/** A plain socket, or the pod listener of a waypoint: `inbound-pod|<port>||<ip>`. */
function addressOf(host: View): string | undefined {
  const address = host.path('endpoint', 'address')
  const socket = address?.path('socket_address')?.str('address')
  if (socket !== undefined) return normalIp(socket)
  const listener = parseSubsetKey(address?.path('envoy_internal_address')?.str('server_listener_name') ?? '')
  return listener?.direction === 'inbound-pod' ? normalIp(listener.host) : undefined
}
