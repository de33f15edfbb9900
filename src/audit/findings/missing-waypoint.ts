import type {Finding} from '../../flow/finding.js'
import type {Inventory, StringMap} from '../../flow/inventory.js'
import type {Evidence} from '../../flow/step.js'
import type {Directory, MeshService} from '../../mesh/directory.js'
import type {Scene} from './scene.js'
import {knownDestination} from './services.js'
import {serviceWaypoints} from './waypoints.js'

/**
 * Labels ask for a waypoint, and ztunnel knows none: the control plane has not done what was asked.
 * Source: ambient-ga B.2, B.10; istio issue 61527.
 */
export function missingWaypoint(scene: Scene): readonly Finding[] {
  const destination = knownDestination(scene)
  if (destination === undefined || destination.service.headless || scene.trace.flow.clientKind !== 'ambient') return []
  const {ztunnel, service, known} = destination
  const {names, evidence} = serviceWaypoints(ztunnel, known)
  const asked = askedWaypoint(service, scene.inventory)
  if (names.length > 0 || asked === undefined || isGateway(service, scene.directory)) return []
  return [
    {
      kind: 'waypoint-missing',
      fault: true,
      text: `no waypoint: ztunnel knows none for service ${service.namespace}/${service.name}, but label ${LABEL}=${asked.value} of ${asked.owner} asks for one`,
      evidence: [...evidence, asked.evidence],
    },
  ]
}

const LABEL = 'istio.io/use-waypoint'

/** The service of a waypoint or gateway itself never gets a waypoint, whatever its namespace asks for; that of an agentgateway has itself (ambient-ga I.24). */
function isGateway({name, namespace}: MeshService, {workloads}: Directory): boolean {
  return workloads.some((pod) => pod.namespace === namespace && pod.labels.get('gateway.networking.k8s.io/gateway-name') === name)
}

interface Asked {
  readonly value: string
  readonly owner: string
  readonly evidence: Evidence
}

/** The service's own label goes before that of its namespace; `none` asks for no waypoint. */
export function askedWaypoint({name, namespace}: MeshService, {services = [], namespaces = []}: Inventory): Asked | undefined {
  const service = services.find((one) => one.name === name && one.namespace === namespace)
  const owner = namespaces.find((one) => one.name === namespace)
  const asked = [
    ...(service === undefined ? [] : [{...service, owner: 'the service'}]),
    ...(owner === undefined ? [] : [{...owner, owner: 'its namespace'}]),
  ].find(({labels}: {readonly labels: StringMap}) => labels.has(LABEL))
  const value = asked?.labels.get(LABEL)
  if (asked === undefined || value === undefined || value === 'none') return undefined
  return {value, owner: asked.owner, evidence: {dump: asked.recorded.file, pointer: asked.recorded.pointer, basis: 'recorded'}}
}
