import type {Finding} from '../../flow/finding.js'
import type {Workload} from '../../mesh/directory.js'
import {bypass} from './bypass.js'
import {listText, passesWaypoint, targetsOf, type Scene} from './scene.js'
import {knownWorkload, waypointsOfServices, workloadWaypoints} from './waypoints.js'

/**
 * Waypoints of services and of workloads are different worlds, and the dialled address chooses between them.
 * Source: ambient-ga 0.6, B.2; istio issues 57764, 52527, istio.io issue 17520.
 */
export function podAddress(scene: Scene): readonly Finding[] {
  const {destination, trace, ztunnel} = scene
  const isByAddress = destination.workload !== undefined || destination.service?.headless === true
  if (trace.flow.clientKind !== 'ambient' || !isByAddress || ztunnel === undefined) return []
  const pods = destination.workload === undefined ? targetsOf(scene) : [destination.workload]
  return pods.slice(0, 1).flatMap((pod) => aboutPod(scene, pod))
}

function aboutPod(scene: Scene, pod: Workload): readonly Finding[] {
  const {ztunnel, destination} = scene
  const known = ztunnel === undefined ? undefined : knownWorkload(ztunnel, pod)
  if (ztunnel === undefined || known === undefined) return []
  const own = workloadWaypoints(ztunnel, known)
  const others = waypointsOfServices(ztunnel, known)
  const ignored = others.names.filter((name) => !own.names.includes(name))
  if (ignored.length === 0) return []
  const how = destination.service === undefined ? 'addressed by pod address' : 'addressed by pod address (headless)'
  const mine = own.names.length === 0 ? 'the pod has no waypoint of its own' : `${listText(own.names)} of the pod counts`
  const services = listText(others.services.map(({name}) => name))
  const finding: Finding = {
    kind: 'addressed-by-pod',
    text: `${how}: ${mine}, and ${listText(ignored)} of service ${services} does not count`,
    evidence: [...own.evidence, ...others.evidence],
  }
  return [finding, ...(passesWaypoint(scene) ? [] : bypass(scene, {pod, waypoints: others}))]
}
