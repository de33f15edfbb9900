import type {Finding} from '../../flow/finding.js'
import type {Inventory, StringMap} from '../../flow/inventory.js'
import type {Hop} from '../../flow/trace.js'
import {fullName, type MeshService} from '../../mesh/directory.js'
import {hopsAt, listText, passesWaypoint, type Scene} from './scene.js'
import {knownService, serviceWaypoints} from './waypoints.js'

/**
 * A gateway goes straight to the pods of a service unless a label sends it through the waypoint.
 * Source: ambient-ga D.8 (ingress gateway); istio issues 51214, 60985.
 */
export function gatewayBypass(scene: Scene): readonly Finding[] {
  if (passesWaypoint(scene)) return []
  return hopsAt(scene, 'gateway')
    .flatMap((gateway) => servicesBehind(scene, gateway).flatMap((service) => pastWaypoint(scene, {gateway, service})))
    .slice(0, 1)
}

/** istiod names a cluster `outbound|PORT|SUBSET|HOST` (ambient-ga D.4). */
function servicesBehind({directory}: Scene, {steps, next}: Hop): readonly MeshService[] {
  const all = [...steps, ...next.flatMap((branch) => branch.steps)]
  const hosts = new Set(all.flatMap((step) => (step.kind === 'cluster' ? (/^outbound\|\d+\|[^|]*\|(.+)$/.exec(step.name)?.[1] ?? []) : [])))
  return directory.services.filter(({host}) => hosts.has(host))
}

interface Passage {
  readonly gateway: Hop
  readonly service: MeshService
}

function pastWaypoint({ztunnel, inventory}: Scene, {gateway, service}: Passage): readonly Finding[] {
  const known = ztunnel === undefined ? undefined : knownService(ztunnel, service)
  if (ztunnel === undefined || known === undefined) return []
  const {names, evidence} = serviceWaypoints(ztunnel, known)
  if (names.length === 0) return []
  const {namespace = '', name} = gateway.place
  const why = asksForWaypoint(service, inventory)
    ? `though label ${LABEL} asks for it`
    : `because service ${fullName(service)} lacks label ${LABEL}=true`
  return [
    {
      kind: 'gateway-bypasses-waypoint',
      text: `gateway goes straight to the pods, waypoint ${listText(names)} is bypassed ${why} (gateway ${namespace}/${name})`,
      evidence: [...evidence, service.evidence],
    },
  ]
}

const LABEL = 'istio.io/ingress-use-waypoint'

function asksForWaypoint({name, namespace}: MeshService, {services = [], namespaces = []}: Inventory): boolean {
  const own = services.find((one) => one.name === name && one.namespace === namespace)
  const owner = namespaces.find((one) => one.name === namespace)
  const isAsked = (labels: StringMap | undefined): boolean => labels?.get(LABEL) === 'true'
  return isAsked(own?.labels) || isAsked(owner?.labels)
}
