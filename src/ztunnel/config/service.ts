import type {View} from '../../json/view.js'
import {readCidrVip, readGateway, readNetworkAddress, readPorts} from './addresses.js'
import type {Endpoint, IpFamilies, LoadBalancer, RoutingScope, Service, WeightedWaypoint} from './model.js'

/** One service of any generation from 1.19 on (ambient-ga A.4, K). */
export function readService(view: View): Service {
  const waypoint = readGateway(view.get('waypoint'))
  const loadBalancer = readLoadBalancer(view.get('load_balancer'))
  const ipFamilies = readFamilies(view.str('ip_families'))
  return {
    view,
    name: view.str('name') ?? '',
    namespace: view.str('namespace') ?? '',
    hostname: view.str('hostname') ?? '',
    vips: view
      .list('vips')
      .flatMap((vip) => vip.text() ?? [])
      .map(readNetworkAddress),
    cidrVips: view.list('cidr_vips').flatMap((vip) => readCidrVip(vip) ?? []),
    ports: readPorts(view.get('ports')),
    endpoints: readEndpoints(view.get('endpoints')),
    subjectAltNames: view.list('subject_alt_names').flatMap((name) => name.text() ?? []),
    ...(waypoint === undefined ? {} : {waypoint}),
    weightedWaypoints: view.list('weighted_waypoints').flatMap((weighted) => readWeighted(weighted) ?? []),
    ...(loadBalancer === undefined ? {} : {loadBalancer}),
    ...(ipFamilies === undefined ? {} : {ipFamilies}),
    canonical: view.bool('canonical') ?? false,
    namespaceOnly: view.str('visibility') === 'Namespace',
  }
}

/** A map by uid, or by `uid:network/address` before 1.24; sorted, so that the order of a dump decides nothing. */
function readEndpoints(view: View | undefined): readonly Endpoint[] {
  const endpoints = (view?.entries() ?? []).map(([key, endpoint]) => ({
    view: endpoint,
    workloadUid: endpoint.str('workload_uid') ?? key,
    ports: readPorts(endpoint.get('port')),
    addressless: endpoint.str('service') !== undefined && endpoint.get('address') === undefined,
  }))
  return endpoints.toSorted((a, b) => (a.workloadUid < b.workloadUid ? -1 : a.workloadUid > b.workloadUid ? 1 : 0))
}

function readWeighted(view: View): WeightedWaypoint | undefined {
  const gateway = readGateway(view.get('destination')) ?? readGateway(view)
  return gateway === undefined ? undefined : {gateway, weight: view.uint('weight') ?? 0}
}

const SCOPES: readonly RoutingScope[] = ['Network', 'Region', 'Zone', 'Subzone', 'Node', 'Cluster']
const MODES = ['Strict', 'Failover', 'Passthrough'] as const
const FAMILIES: readonly IpFamilies[] = ['Dual', 'IPv4', 'IPv6']

function readLoadBalancer(view: View | undefined): LoadBalancer | undefined {
  if (view === undefined) return undefined
  return {
    mode: MODES.find((mode) => mode === view.str('mode')) ?? 'Standard',
    preferences: view.list('routing_preferences').flatMap((scope) => SCOPES.find((known) => known === scope.text()) ?? []),
    allowUnhealthy: view.str('health_policy') === 'AllowAll',
  }
}

function readFamilies(text: string | undefined): IpFamilies | undefined {
  return FAMILIES.find((family) => family === text)
}
