import type {Evidence} from '../../flow/step.js'
import type {MeshService, Workload} from '../../mesh/directory.js'
import {
  evidenceOf,
  serviceKey,
  type GatewayAddress,
  type Service as KnownService,
  type Workload as KnownWorkload,
  type ZtunnelConfig,
} from '../../ztunnel/config/model.js'

/** Waypoints that a ztunnel knows of something, by their names `namespace/name`. */
export interface KnownWaypoints {
  readonly names: readonly string[]
  readonly evidence: readonly Evidence[]
}

export function knownService(
  {services}: ZtunnelConfig,
  {host, namespace}: Pick<MeshService, 'host' | 'namespace'>,
): KnownService | undefined {
  return services.find((service) => service.hostname === host && service.namespace === namespace)
}

export function knownWorkload({workloads}: ZtunnelConfig, {name, namespace, ips}: Workload): KnownWorkload | undefined {
  return workloads.find((known) => known.name === name && known.namespace === namespace && known.ips.some((ip) => ips.includes(ip)))
}

/** ambient-ga A.4: one waypoint, or several with weights. */
export function serviceWaypoints(config: ZtunnelConfig, service: KnownService): KnownWaypoints {
  const {waypoint, weightedWaypoints} = service
  const gateways = [...(waypoint === undefined ? [] : [waypoint]), ...weightedWaypoints.map(({gateway}) => gateway)]
  return {names: namesOf(config, gateways), evidence: [evidenceOf(config, service)]}
}

export function workloadWaypoints(config: ZtunnelConfig, workload: KnownWorkload): KnownWaypoints {
  return {names: namesOf(config, workload.waypoints), evidence: [evidenceOf(config, workload)]}
}

/** Services a workload belongs to; dumps before 1.24 tell it only by their endpoints (ambient-ga A.3). */
export function servicesOf({services}: ZtunnelConfig, workload: KnownWorkload): readonly KnownService[] {
  const keys = new Set(workload.services)
  return services.filter(
    (service) => keys.has(serviceKey(service)) || service.endpoints.some(({workloadUid}) => workloadUid === workload.uid),
  )
}

/** The waypoints of the services of a workload, with the services that have one. */
export function waypointsOfServices(
  config: ZtunnelConfig,
  workload: KnownWorkload,
): KnownWaypoints & {readonly services: readonly KnownService[]} {
  const guarded = servicesOf(config, workload).filter((service) => serviceWaypoints(config, service).names.length > 0)
  const waypoints = guarded.map((service) => serviceWaypoints(config, service))
  return {
    services: guarded,
    names: [...new Set(waypoints.flatMap(({names}) => names))].toSorted(),
    evidence: waypoints.flatMap(({evidence}) => evidence),
  }
}

function namesOf(config: ZtunnelConfig, gateways: readonly GatewayAddress[]): readonly string[] {
  return [...new Set(gateways.map((gateway) => gatewayName(config, gateway)))].toSorted()
}

/** As people name a Gateway: its service has its name. */
function gatewayName({services}: ZtunnelConfig, gateway: GatewayAddress): string {
  if (gateway.kind === 'hostname') return `${gateway.namespace}/${gateway.hostname.split('.')[0] ?? ''}`
  const owner = services.find(({vips}) => vips.some(({ip, network}) => ip === gateway.ip && network === gateway.network))
  return owner === undefined ? gateway.ip : `${owner.namespace}/${owner.name}`
}
