import type {Finding} from '../../flow/finding.js'
import type {Evidence} from '../../flow/step.js'
import type {Workload} from '../../mesh/directory.js'
import {bypass} from './bypass.js'
import {listText, passesWaypoint, targetsOf, type Scene} from './scene.js'
import {knownService, knownWorkload, serviceWaypoints, waypointsOfServices, type KnownWaypoints} from './waypoints.js'

/**
 * Who does not enter a ztunnel with a virtual address never comes to a service waypoint.
 * Source: ambient-ga D.8, J.10; istio issues 44534, 57213.
 */
export function uncapturedClient(scene: Scene): readonly Finding[] {
  const {trace, source, destination, ztunnel} = scene
  const words = CLIENTS.get(trace.flow.clientKind)
  const {service} = destination
  const known = ztunnel === undefined || service === undefined ? undefined : knownService(ztunnel, service)
  if (words === undefined || ztunnel === undefined || known === undefined || passesWaypoint(scene)) return []
  const waypoints = serviceWaypoints(ztunnel, known)
  if (waypoints.names.length === 0) return []
  const finding: Finding = {
    kind: `client-${trace.flow.clientKind}`,
    text: `${words}, so waypoint ${listText(waypoints.names)} is not used`,
    evidence: [...evidenceOfClient(source), ...waypoints.evidence],
  }
  return [
    finding,
    ...targetsOf(scene)
      .slice(0, 1)
      .flatMap((pod) => bypass(scene, {pod, waypoints})),
  ]
}

const CLIENTS: ReadonlyMap<string, string> = new Map([
  ['uncaptured', 'uncaptured client: kube-proxy has already turned the VIP into a pod address'],
  ['outside', 'client outside the mesh: kube-proxy has already turned the VIP into a pod address'],
  ['sidecar', 'sidecar client: it balances by itself and goes straight to the pods'],
])

function evidenceOfClient(source: Workload | undefined): readonly Evidence[] {
  if (source === undefined) return []
  return source.enrolment.evidence ?? [source.evidence]
}

/**
 * The waypoint of the client's own services acts for those who call them, never for what they call.
 * Source: ambient-ga 0.6; istio issue 50522.
 */
export function clientSideWaypoint(scene: Scene): readonly Finding[] {
  const {trace, source, ztunnel} = scene
  if (trace.flow.clientKind !== 'ambient' || source === undefined || ztunnel === undefined || passesWaypoint(scene)) return []
  if (targetsOf(scene).length === 0) return []
  const {names, evidence} = ownWaypoints(scene, source)
  if (names.length === 0) return []
  return [
    {
      kind: 'client-side-waypoint',
      text: `waypoint ${listText(names)} of the client's side is not passed: ambient waypoints act for the destination only`,
      evidence,
    },
  ]
}

function ownWaypoints({ztunnel}: Scene, source: Workload): KnownWaypoints {
  const known = ztunnel === undefined ? undefined : knownWorkload(ztunnel, source)
  return ztunnel === undefined || known === undefined ? {names: [], evidence: []} : waypointsOfServices(ztunnel, known)
}
