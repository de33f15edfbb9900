import {
  evidenceOf,
  identityOf,
  type GatewayAddress,
  type Service as KnownService,
  type Workload as KnownWorkload,
  type ZtunnelConfig,
} from '../ztunnel/config/model.js'
import type {Evidence} from '../flow/step.js'
import {compareText} from '../flow/compare-text.js'
import type {Enrolment, MeshService, ServiceEndpoint, Workload, WorkloadRole} from './directory.js'
import {normalIp} from './ip.js'

/** Pods and other workloads with an address, as Rust ztunnels know them; all of them know the same mesh (ambient-ga 0.8). */
export function ztunnelWorkloads(configs: readonly ZtunnelConfig[]): readonly Workload[] {
  const known = new Map(configs.flatMap((config) => config.workloads.map((workload) => [workload.uid, {workload, config}] as const)))
  return [...known.values()]
    .filter(({workload}) => workload.ips.length > 0)
    .toSorted((a, b) => compareText(a.workload.uid, b.workload.uid))
    .map(({workload, config}) => toWorkload(workload, config))
}

/** Services as they know them, ServiceEntries among them. */
export function ztunnelServices(configs: readonly ZtunnelConfig[]): readonly MeshService[] {
  const known = new Map(
    configs.flatMap((config) => config.services.map((service) => [`${service.namespace}/${service.hostname}`, {service, config}] as const)),
  )
  return [...known].toSorted(([a], [b]) => compareText(a, b)).map(([, {service, config}]) => toService(service, config))
}

function toWorkload(workload: KnownWorkload, config: ZtunnelConfig): Workload {
  const {name, namespace, ips, node, hostNetwork, serviceAccount, workloadName} = workload
  return {
    name,
    namespace,
    ips: ips.map(normalIp),
    ...(node === '' ? {} : {node}),
    hostNetwork,
    serviceAccount,
    identity: identityOf(workload),
    ...(workloadName === '' || workloadName === name ? {} : {controller: workloadName}),
    labels: new Map(),
    role: roleOf(workload, config),
    enrolment: enrolmentOf(workload, config),
    ready: workload.healthy,
    evidence: inferredFrom(workload, config),
  }
}

/** ambient-ga B.10: HBONE is said of pods that the node agent redirected. */
function enrolmentOf(workload: KnownWorkload, config: ZtunnelConfig): Enrolment {
  const captured = workload.protocol === 'HBONE' ? 'yes' : 'no'
  return {
    captured,
    because: `${config.dump} says protocol ${workload.protocol}`,
    basis: 'inferred',
    evidence: [inferredFrom(workload, config)],
  }
}

function inferredFrom(recorded: KnownWorkload | KnownService, config: ZtunnelConfig): Evidence {
  return {...evidenceOf(config, recorded), basis: 'inferred'}
}

/** What others use a workload as: a waypoint, a network gateway, or a ztunnel by the name of its daemon set. */
function roleOf(workload: KnownWorkload, config: ZtunnelConfig): WorkloadRole {
  const {services, workloads} = config
  const waypoints = [
    ...services.flatMap(({waypoint, weightedWaypoints}) => [
      ...(waypoint === undefined ? [] : [waypoint]),
      ...weightedWaypoints.map(({gateway}) => gateway),
    ]),
    ...workloads.flatMap((one) => one.waypoints),
  ]
  if (waypoints.some((gateway) => leadsTo(gateway, {workload, config}))) return 'waypoint'
  if (workloads.some(({networkGateway}) => networkGateway !== undefined && leadsTo(networkGateway, {workload, config}))) return 'gateway'
  return workload.workloadName === 'ztunnel' || workload.canonicalName === 'ztunnel' ? 'ztunnel' : 'app'
}

function leadsTo(gateway: GatewayAddress, {workload, config}: {readonly workload: KnownWorkload; readonly config: ZtunnelConfig}): boolean {
  if (gateway.kind === 'address') {
    const isService = config.services.some(({vips, endpoints}) => vips.some(({ip}) => ip === gateway.ip) && holds(endpoints, workload))
    return isService || workload.ips.includes(gateway.ip)
  }
  return config.services.some(
    ({namespace, hostname, endpoints}) => namespace === gateway.namespace && hostname === gateway.hostname && holds(endpoints, workload),
  )
}

function holds(endpoints: KnownService['endpoints'], {uid}: KnownWorkload): boolean {
  return endpoints.some(({workloadUid}) => workloadUid === uid)
}

function toService(service: KnownService, config: ZtunnelConfig): MeshService {
  const {name, namespace, hostname, vips, ports} = service
  const kubernetes = hostname.endsWith(`.svc.${config.settings.clusterDomain}`)
  const own = vips.filter(({network}) => network === config.settings.network)
  return {
    name,
    namespace,
    host: hostname,
    vips: own.map(({ip}) => normalIp(ip)),
    headless: kubernetes && vips.length === 0,
    kubernetes,
    ports: [...ports].map(([port, target]) => ({port, protocol: 'TCP', targetPort: target === 0 ? port : target})),
    endpoints: endpointsOf(service, config),
    evidence: inferredFrom(service, config),
  }
}

function endpointsOf({endpoints, ports}: KnownService, {workloads}: ZtunnelConfig): readonly ServiceEndpoint[] {
  const byUid = new Map(workloads.map((workload) => [workload.uid, workload]))
  return endpoints.flatMap((endpoint) => {
    const ip = byUid.get(endpoint.workloadUid)?.ips[0]
    if (ip === undefined) return []
    return [...ports].flatMap(([servicePort, target]) => {
      const port = endpoint.ports.get(servicePort) ?? target
      return port === 0 ? [] : [{ip: normalIp(ip), port, servicePort}]
    })
  })
}
