import type {SocketAddress} from '../flow/address.js'
import type {Place} from '../flow/forwarder.js'
import {canonicalIp} from '../ztunnel/config/ip.js'
import {serviceKey, type GatewayAddress, type Service, type Workload, type ZtunnelConfig} from '../ztunnel/config/model.js'

/** Whom an address belongs to, as far as somebody knows. */
export type Owner = (address: SocketAddress) => Place | undefined

/** Names for addresses that a ztunnel dials: it knows every workload of the mesh, and at which ports which of them are waypoints or gateways. */
export function ownersIn(config: ZtunnelConfig): Owner {
  const {network} = config.settings
  const local = config.workloads.filter((workload) => workload.network === network && !workload.hostNetwork)
  const byAddress = new Map(local.flatMap((workload) => workload.ips.map((ip) => [ip, workload] as const)))
  return ({ip, port}) => {
    const workload = byAddress.get(canonicalIp(ip))
    if (workload === undefined) return undefined
    const {name, namespace, node} = workload
    return {kind: roleAt({workload, port, config}), name, namespace, ...(node === '' ? {} : {node})}
  }
}

interface Dialled {
  readonly workload: Workload
  readonly port: number
  readonly config: ZtunnelConfig
}

/** A waypoint or network gateway is one only where others are told to reach it (ambient-ga A.3). */
function roleAt({workload, port, config: {workloads, services}}: Dialled): Place['kind'] {
  const own = services.filter(({endpoints}) => endpoints.some(({workloadUid}) => workloadUid === workload.uid))
  const isThis = (gateway: GatewayAddress): boolean => leadsTo(gateway, {workload, own, port})
  if (workloads.some(({waypoints}) => waypoints.some(isThis)) || services.some((service) => waypointsOf(service).some(isThis))) {
    return 'waypoint'
  }
  return workloads.some(({networkGateway}) => networkGateway !== undefined && isThis(networkGateway)) ? 'gateway' : 'app'
}

function waypointsOf({waypoint, weightedWaypoints}: Service): readonly GatewayAddress[] {
  return [...(waypoint === undefined ? [] : [waypoint]), ...weightedWaypoints.map(({gateway}) => gateway)]
}

interface Receiver {
  readonly workload: Workload
  /** The services it is an endpoint of. */
  readonly own: readonly Service[]
  readonly port: number
}

function leadsTo(gateway: GatewayAddress, {workload, own, port}: Receiver): boolean {
  const isPod = gateway.kind === 'address' && workload.ips.includes(gateway.ip)
  if (isPod && gateway.port === port) return true
  return own.some((service) => names(gateway, service) && targetPorts(service, {workload, port: gateway.port}).includes(port))
}

function names(gateway: GatewayAddress, service: Service): boolean {
  return gateway.kind === 'address'
    ? service.vips.some(({ip}) => ip === gateway.ip)
    : serviceKey(service) === `${gateway.namespace}/${gateway.hostname}`
}

function targetPorts(
  {ports, endpoints}: Service,
  {workload, port}: {readonly workload: Workload; readonly port: number},
): readonly (number | undefined)[] {
  const own = endpoints.filter(({workloadUid}) => workloadUid === workload.uid)
  return [ports.get(port), ...own.map((endpoint) => endpoint.ports.get(port))]
}
