import type {Finding} from '../../flow/finding.js'
import type {Workload} from '../../mesh/directory.js'
import {bypass} from './bypass.js'
import {listText, passesWaypoint, targetsOf, type Scene} from './scene.js'
import {knownService, knownWorkload, serviceWaypoints, waypointsOfServices, workloadWaypoints} from './waypoints.js'

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

/** The other way round: a virtual address leaves out what the pods behind it have. */
export function virtualAddress(scene: Scene): readonly Finding[] {
  const {destination, trace, ztunnel} = scene
  const {service} = destination
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  if (trace.flow.clientKind !== 'ambient' || service?.headless === true || ztunnel === undefined || known === undefined) return []
  const own = serviceWaypoints(ztunnel, known)
  const pods = targetsOf(scene).flatMap((pod) => knownWorkload(ztunnel, pod) ?? [])
  const others = pods.map((pod) => workloadWaypoints(ztunnel, pod))
  const ignored = [...new Set(others.flatMap(({names}) => names))].filter((name) => !own.names.includes(name)).toSorted()
  if (ignored.length === 0) return []
  const mine = own.names.length === 0 ? 'the service has no waypoint' : `${listText(own.names)} of the service counts`
  return [
    {
      kind: 'addressed-by-vip',
      text: `addressed by VIP: ${mine}, and ${listText(ignored)} of its pods does not count`,
      evidence: [...own.evidence, ...others.flatMap(({evidence}) => evidence)],
    },
  ]
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
  return [...(passesWaypoint(scene) ? [] : bypass(scene, {pod, waypoints: others})), finding]
}
