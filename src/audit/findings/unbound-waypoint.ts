import type {Finding} from '../../flow/finding.js'
import type {Inventory} from '../../flow/inventory.js'
import {fullName, type MeshService, type Workload} from '../../mesh/directory.js'
import type {ZtunnelConfig} from '../../ztunnel/config/model.js'
import {askedWaypoint} from './missing-waypoint.js'
import {passesWaypoint, type Scene} from './scene.js'
import {knownDestination} from './services.js'
import {obstacleTo, USE_WAYPOINT, type Obstacle} from './waypoint-binding.js'
import {serviceWaypoints, workloadWaypoints} from './waypoints.js'

/**
 * A waypoint that runs beside the destination and that nothing is bound to.
 * Source: ambient-ga B.10 (waypoint binding); istio issues 50249, 50849.
 */
export function unboundWaypoint(scene: Scene): readonly Finding[] {
  const destination = knownDestination(scene)
  if (destination === undefined || passesWaypoint(scene)) return []
  const {ztunnel, service, known} = destination
  if (serviceWaypoints(ztunnel, known).names.length > 0 || askedWaypoint(service, scene.inventory) !== undefined) return []
  // One that fetches what it needs on demand does not know who else is bound.
  if (ztunnel.settings.xdsOnDemand) return []
  const bound = boundWaypoints(ztunnel)
  const waypoints = scene.directory.workloads.filter(({role, namespace}) => role === 'waypoint' && namespace === service.namespace)
  const pod = waypoints.find((one) => !bound.has(gatewayOf(one)))
  if (pod === undefined) return []
  const obstacle = obstacleOf(pod, {service, inventory: scene.inventory})
  const how = `label ${USE_WAYPOINT} of the service or its namespace binds${obstacle === undefined ? '' : `, but ${obstacle.text}`}`
  return [
    {
      kind: 'waypoint-unbound',
      text: `waypoint ${gatewayOf(pod)}: 0 services and 0 workloads bound, so that service ${fullName(service)} does not use it; ${how}`,
      evidence: [pod.evidence, service.evidence, ...(obstacle?.evidence ?? [])],
    },
  ]
}

/** What a label alone would not mend. */
function obstacleOf(
  pod: Workload,
  {service, inventory}: {readonly service: MeshService; readonly inventory: Inventory},
): Obstacle | undefined {
  const [namespace = '', name = ''] = gatewayOf(pod).split('/')
  const obstacle = obstacleTo({wanted: {namespace, name}, namespace: service.namespace, target: 'services'}, inventory)
  return obstacle?.kind === 'unknown' ? undefined : obstacle
}

function boundWaypoints(ztunnel: ZtunnelConfig): ReadonlySet<string> {
  const ofServices = ztunnel.services.flatMap((service) => serviceWaypoints(ztunnel, service).names)
  const ofWorkloads = ztunnel.workloads.flatMap((workload) => workloadWaypoints(ztunnel, workload).names)
  return new Set([...ofServices, ...ofWorkloads])
}

/** istiod labels the pods of a Gateway with its name. */
function gatewayOf({namespace, name, labels, controller}: Workload): string {
  return `${namespace}/${labels.get('gateway.networking.k8s.io/gateway-name') ?? controller ?? name}`
}
