import type {DumpStore} from '../../../../src/json/store.js'
import {memoryStore} from '../../../../src/json/memory-store.js'

/** A small mesh as one 2022 ztunnel sees it. */
export interface Mesh {
  readonly sources: readonly string[]
  readonly services: readonly Service[]
  readonly waypoints: readonly {readonly identity: string; readonly ips: readonly string[]; readonly localSources: readonly string[]}[]
}

interface Service {
  readonly host: string
  readonly addresses: readonly string[]
  /** Tunnelled endpoints carry the source identity, plain ones do not. */
  readonly tunnelled: boolean
}

export interface Row {
  readonly name: string
  readonly cluster: object
  readonly assignment: object
}

const spiffe = (account: string): string => `spiffe://cluster.local/ns/default/sa/${account}`

export function rowsOf({sources, services, waypoints}: Mesh): Row[] {
  const direct = sources.flatMap((source) => services.map((service) => serviceRow(source, service)))
  const through = waypoints.flatMap((waypoint) => waypoint.localSources.map((source) => waypointRow(source, waypoint)))
  return [...direct, ...through]
}

/** The dump with the names of all assignments lost; both lists in the order given. */
export function namelessDump(rows: readonly Row[], order: readonly Row[] = rows): DumpStore {
  const configs = [
    {'@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump', dynamic_active_clusters: rows.map(({cluster}) => ({cluster}))},
    {
      '@type': 'type.googleapis.com/envoy.admin.v3.EndpointsConfigDump',
      dynamic_endpoint_configs: order.map(({assignment}) => ({endpoint_config: assignment})),
    },
  ]
  return memoryStore({name: 'ztunnel.json', document: {configs}})
}

function serviceRow(source: string, {host, addresses, tunnelled}: Service): Row {
  const name = `${spiffe(source)}_to_http_${host}_outbound_internal`
  const internal = {
    name: 'internal_upstream',
    match: {tunnel: 'http'},
    transport_socket: {name: 'envoy.transport_sockets.internal_upstream'},
  }
  return {
    name,
    cluster: {name, type: 'EDS', transport_socket_matches: [internal, {name: 'tlsMode-disabled', match: {}}]},
    assignment: assignmentOf(addresses.map((address) => (tunnelled ? tunnelEndpoint(source, address) : plainEndpoint(address)))),
  }
}

function waypointRow(source: string, {identity, ips}: Mesh['waypoints'][number]): Row {
  const name = `${spiffe(source)}_to_server_waypoint_proxy_${spiffe(identity)}`
  return {
    name,
    cluster: {name, type: 'EDS', transport_socket: {name: 'envoy.transport_sockets.tls'}},
    assignment: assignmentOf(ips.map((ip) => plainEndpoint(`${ip}:15006`))),
  }
}

function assignmentOf(endpoints: readonly object[]): object {
  return {endpoints: [{locality: {}, lb_endpoints: endpoints}], policy: {overprovisioning_factor: 140}}
}

function tunnelEndpoint(source: string, destination: string): object {
  const address = destination.replace(/:\d+$/, ':15008')
  return {
    endpoint: {
      address: {envoy_internal_address: {server_listener_name: `outbound_tunnel_lis_${spiffe(source)}`, endpoint_id: destination}},
    },
    health_status: 'HEALTHY',
    load_balancing_weight: 1,
    metadata: {filter_metadata: {'envoy.transport_socket_match': {tunnel: 'http'}, tunnel: {address, destination}}},
  }
}

function plainEndpoint(address: string): object {
  const [ip, port] = address.split(':')
  return {
    endpoint: {address: {socket_address: {address: ip, port_value: Number(port)}}},
    health_status: 'HEALTHY',
    load_balancing_weight: 1,
  }
}
