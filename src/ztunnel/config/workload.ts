import type {View} from '../../json/view.js'
import {readGateway} from './addresses.js'
import {canonicalIp} from './ip.js'
import type {ApplicationTunnel, GatewayAddress, Locality, Workload} from './model.js'

/** 1.18 printed plain waypoint addresses; their port was fixed. */
const HBONE_PORT = 15_008

/** One workload of any generation; what was not printed has ztunnel's default (ambient-ga A.3, K). */
export function readWorkload(view: View): Workload {
  const networkGateway = readGateway(view.get('network_gateway'))
  const applicationTunnel = readTunnel(view.get('application_tunnel'))
  const ips = readIps(view)
  return {
    view,
    uid: view.str('uid') ?? ips[0] ?? '',
    ips,
    ...readNames(view),
    protocol: view.str('protocol') === 'HBONE' ? 'HBONE' : 'TCP',
    hostNetwork: view.str('network_mode') === 'HostNetwork',
    healthy: view.str('status') !== 'Unhealthy',
    capacity: view.uint('capacity') ?? 1,
    locality: readLocality(view.get('locality')),
    waypoints: readWaypoints(view),
    ...(networkGateway === undefined ? {} : {networkGateway}),
    ...(applicationTunnel === undefined ? {} : {applicationTunnel}),
    services: view.list('services').flatMap((key) => key.text() ?? []),
    authorizationPolicies: view.list('authorization_policies').flatMap((policy) => policy.text() ?? []),
  }
}

type Names =
  | 'name'
  | 'namespace'
  | 'serviceAccount'
  | 'trustDomain'
  | 'network'
  | 'hostname'
  | 'node'
  | 'clusterId'
  | 'workloadName'
  | 'canonicalName'

function readNames(view: View): Pick<Workload, Names> {
  const text = (field: string): string => view.str(field) ?? ''
  return {
    name: text('name'),
    namespace: text('namespace'),
    serviceAccount: text('service_account'),
    // The first alpha knew one trust domain only (ambient-ga K.2).
    trustDomain: view.str('trust_domain') ?? (view.get('workload_ip') === undefined ? '' : 'cluster.local'),
    network: text('network'),
    hostname: text('hostname'),
    node: text('node'),
    clusterId: text('cluster_id'),
    workloadName: text('workload_name'),
    canonicalName: text('canonical_name'),
  }
}

function readIps(view: View): readonly string[] {
  const single = view.str('workload_ip')
  const listed = view.list('workload_ips').flatMap((ip) => ip.text() ?? [])
  return [...(single === undefined ? [] : [single]), ...listed].map(canonicalIp)
}

function readWaypoints(view: View): readonly GatewayAddress[] {
  const waypoint = readGateway(view.get('waypoint'))
  if (waypoint !== undefined) return [waypoint]
  const addresses = view.list('waypoint_addresses').flatMap((ip) => ip.text() ?? [])
  return addresses.map((ip) => ({kind: 'address', network: '', ip: canonicalIp(ip), port: HBONE_PORT}))
}

function readLocality(view: View | undefined): Locality {
  return {region: view?.str('region') ?? '', zone: view?.str('zone') ?? '', subzone: view?.str('subzone') ?? ''}
}

function readTunnel(view: View | undefined): ApplicationTunnel | undefined {
  if (view === undefined) return undefined
  const port = view.get('port') === undefined ? undefined : view.port('port')
  return {protocol: view.str('protocol') === 'PROXY' ? 'PROXY' : 'NONE', ...(port === undefined ? {} : {port})}
}
