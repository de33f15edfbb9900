import type {Finding} from '../../flow/finding.js'
import {fullName, type Workload} from '../../mesh/directory.js'
import type {ZtunnelConfig} from '../../ztunnel/config/model.js'
import {askedWaypoint} from './missing-waypoint.js'
import {passesWaypoint, type Scene} from './scene.js'
import {knownService, serviceWaypoints, workloadWaypoints} from './waypoints.js'

/**
 * A waypoint that runs beside the destination and that nothing is bound to.
 * Source: ambient-ga B.10 (waypoint binding); istio issues 50249, 50849.
 */
export function unboundWaypoint(scene: Scene): readonly Finding[] {
  const {ztunnel, destination, directory, inventory} = scene
  const {service} = destination
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  if (ztunnel === undefined || service === undefined || known === undefined || passesWaypoint(scene)) return []
  if (serviceWaypoints(ztunnel, known).names.length > 0 || askedWaypoint(service, inventory) !== undefined) return []
  const bound = boundWaypoints(ztunnel)
  const [pod] = directory.workloads.filter(
    (one) => one.role === 'waypoint' && one.namespace === service.namespace && !bound.has(gatewayOf(one)),
  )
  if (pod === undefined) return []
  return [
    {
      kind: 'waypoint-unbound',
      text: `waypoint ${gatewayOf(pod)}: 0 services and 0 workloads bound, so that service ${fullName(service)} does not use it; label istio.io/use-waypoint of the service or its namespace binds`,
      evidence: [pod.evidence, service.evidence],
    },
  ]
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
