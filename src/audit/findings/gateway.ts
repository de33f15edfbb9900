import type {Finding} from '../../flow/finding.js'
import type {Inventory, StringMap} from '../../flow/inventory.js'
import type {Hop} from '../../flow/trace.js'
import {fullName, type MeshService} from '../../mesh/directory.js'
import {hopsAt, listText, passesWaypoint, type Scene} from './scene.js'
import {servicesBehind} from './services.js'
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
  const isAsked = asksForWaypoint(service, inventory)
  const why = isAsked ? `though label ${LABEL} asks for it` : `because service ${fullName(service)} lacks label ${LABEL}=true`
  return [
    {
      kind: 'gateway-bypasses-waypoint',
      ...(isAsked ? {fault: true as const} : {}),
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
