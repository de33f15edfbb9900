import type {Finding} from '../../flow/finding.js'
import type {Inventory} from '../../flow/inventory.js'
import {fullName, type Directory, type MeshService, type Workload} from '../../mesh/directory.js'
import type {ZtunnelConfig} from '../../ztunnel/config/model.js'
import {targetsOf, type Scene} from './scene.js'
import {knownDestination} from './services.js'
import {askedFor, obstacleTo, USE_WAYPOINT, type Asked, type Obstacle, type Target} from './waypoint-binding.js'
import {knownWorkload, serviceWaypoints, workloadWaypoints, type KnownWaypoints} from './waypoints.js'

/**
 * Labels ask for a waypoint, and ztunnel knows none: the control plane has not done what was asked, or its Gateway does not let it.
 * Source: ambient-ga B.2, B.10; istio issues 61527, 50849.
 */
export function missingWaypoint(scene: Scene): readonly Finding[] {
  if (scene.trace.flow.clientKind !== 'ambient') return []
  return [...ofService(scene), ...ofPods(scene)].slice(0, 1)
}

function ofService(scene: Scene): readonly Finding[] {
  const destination = knownDestination(scene)
  if (destination === undefined || destination.service.headless) return []
  const {ztunnel, service, known} = destination
  const asked = askedWaypoint(service, scene.inventory)
  if (asked === undefined || isGateway(service, scene.directory)) return []
  return about(scene, {asked, target: 'services', of: service, known: serviceWaypoints(ztunnel, known)})
}

/** Only the pod's own waypoint counts for its address (ambient-ga 0.6). */
function ofPods(scene: Scene): readonly Finding[] {
  const {destination, ztunnel} = scene
  const isByAddress = destination.workload !== undefined || destination.service?.headless === true
  if (!isByAddress || ztunnel === undefined) return []
  const pods = destination.workload === undefined ? targetsOf(scene) : [destination.workload]
  return pods.flatMap((pod) => ofPod(scene, {pod, ztunnel}))
}

function ofPod(scene: Scene, {pod, ztunnel}: {readonly pod: Workload; readonly ztunnel: ZtunnelConfig}): readonly Finding[] {
  const object = scene.inventory.pods?.find(({name, namespace}) => name === pod.name && namespace === pod.namespace)
  const asked = object === undefined ? undefined : askedFor({namespace: pod.namespace, object, called: 'the pod'}, scene.inventory)
  const known = knownWorkload(ztunnel, pod)
  if (asked === undefined || known === undefined || pod.role !== 'app') return []
  return about(scene, {asked, target: 'workloads', of: pod, known: workloadWaypoints(ztunnel, known)})
}

interface Wanting {
  readonly asked: Asked
  readonly target: Target
  readonly of: {readonly namespace: string; readonly name: string}
  readonly known: KnownWaypoints
}

function about({inventory}: Scene, {asked, target, of, known}: Wanting): readonly Finding[] {
  if (known.names.length > 0) return []
  const obstacle = obstacleTo({wanted: asked.gateway, namespace: of.namespace, target}, inventory)
  if (target === 'workloads' && mayBeMeantForServices(asked, obstacle)) return []
  const what = `${target === 'services' ? 'service' : 'pod'} ${fullName(of)}`
  return [
    {
      kind: 'waypoint-missing',
      fault: true,
      text: textOf({asked, what, obstacle}),
      evidence: [...(obstacle?.evidence ?? []), ...known.evidence, asked.evidence],
    },
  ]
}

/** As istiod reports it: what a pod inherits from its namespace is an error only where the Gateway is for workloads. */
function mayBeMeantForServices({owner}: Asked, obstacle: Obstacle | undefined): boolean {
  return owner === 'its namespace' && (obstacle?.kind === 'traffic' || obstacle?.kind === 'unknown')
}

interface Told {
  readonly asked: Asked
  readonly what: string
  readonly obstacle: Obstacle | undefined
}

function textOf({asked, what, obstacle}: Told): string {
  const label = `label ${USE_WAYPOINT}=${asked.value} of ${asked.owner} asks for one`
  if (obstacle === undefined || obstacle.kind === 'unknown') {
    return `no waypoint: ztunnel knows none for ${what}, but ${label}${obstacle === undefined ? '' : `; ${obstacle.text}`}`
  }
  return `no waypoint for ${what}: ${obstacle.text}, though ${label}`
}

/** The service of a waypoint or gateway itself never gets a waypoint, whatever its namespace asks for; that of an agentgateway has itself (ambient-ga I.24). */
function isGateway({name, namespace}: MeshService, {workloads}: Directory): boolean {
  return workloads.some((pod) => pod.namespace === namespace && pod.labels.get('gateway.networking.k8s.io/gateway-name') === name)
}

/** What labels ask for a service or a ServiceEntry; undefined too where neither was recorded. */
export function askedWaypoint({name, namespace, kubernetes}: MeshService, inventory: Inventory): Asked | undefined {
  const objects = kubernetes ? inventory.services : inventory.serviceEntries
  const object = objects?.find((one) => one.name === name && one.namespace === namespace)
  return object === undefined ? undefined : askedFor({namespace, object, called: 'the service'}, inventory)
}
