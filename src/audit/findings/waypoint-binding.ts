import type {Gateway, GatewayListener, Inventory, InventorySource, StringMap} from '../../flow/inventory.js'
import type {Evidence} from '../../flow/step.js'

/** A label of a service, a pod or a namespace that asks for a waypoint. */
export interface Asked {
  /** As the label has it. */
  readonly value: string
  /** The Gateway it names. */
  readonly gateway: {readonly namespace: string; readonly name: string}
  readonly owner: 'the service' | 'the pod' | 'its namespace'
  readonly evidence: Evidence
}

export interface Labelled {
  readonly labels: StringMap
  readonly recorded: InventorySource
}

export interface Asking {
  readonly namespace: string
  readonly object: Labelled | undefined
  readonly called: 'the service' | 'the pod'
}

export const USE_WAYPOINT = 'istio.io/use-waypoint'

/** The object's own label goes before that of its namespace; `none` asks for no waypoint (ambient-ga B.10). */
export function askedFor({namespace, object, called}: Asking, {namespaces = []}: Inventory): Asked | undefined {
  const around = namespaces.find(({name}) => name === namespace)
  const owners = [
    ...(object === undefined ? [] : [{...object, owner: called}]),
    ...(around === undefined ? [] : [{...around, owner: 'its namespace' as const}]),
  ]
  const asking = owners.find(({labels}) => labels.has(USE_WAYPOINT))
  const value = asking?.labels.get(USE_WAYPOINT)
  if (asking === undefined || value === undefined || value === 'none') return undefined
  const gateway = {namespace: asking.labels.get(`${USE_WAYPOINT}-namespace`) ?? namespace, name: value}
  return {value, gateway, owner: asking.owner, evidence: evidenceOf(asking.recorded)}
}

/** What a waypoint may be asked for. */
export type Target = 'services' | 'workloads'

/** Why the control plane binds nothing to a Gateway. */
export interface Obstacle {
  /** `traffic`: it is for other traffic, by a choice that somebody made or did not make. */
  readonly kind: 'unknown' | 'absent' | 'no-address' | 'namespace' | 'traffic'
  readonly text: string
  readonly evidence: readonly Evidence[]
}

/**
 * What keeps something of a namespace from using the waypoint it asks for; undefined when nothing is seen.
 * Source: ambient-ga B.10 (waypoint binding); istio issue 50849.
 */
export function obstacleTo(
  {wanted, namespace, target}: {readonly wanted: Asked['gateway']; readonly namespace: string; readonly target: Target},
  inventory: Inventory,
): Obstacle | undefined {
  const name = `${wanted.namespace}/${wanted.name}`
  if (inventory.gateways === undefined) {
    const text = `whether Gateway ${name} is for ${target} is not known: no Gateways were recorded (kubectl get gateways -A)`
    return {kind: 'unknown', text, evidence: []}
  }
  const gateway = inventory.gateways.find((one) => one.name === wanted.name && one.namespace === wanted.namespace)
  if (gateway === undefined) return {kind: 'absent', text: `there is no Gateway ${name}`, evidence: []}
  const obstacle = unready(gateway) ?? keptOut(gateway, {namespace, inventory}) ?? otherTraffic(gateway, {target, inventory})
  return obstacle === undefined ? undefined : {...obstacle, evidence: [evidenceOf(gateway.recorded), ...obstacle.evidence]}
}

function unready({namespace, name, hasAddress}: Gateway): Obstacle | undefined {
  const text = `Gateway ${namespace}/${name} has no address in its status: no pod of it was ready yet`
  return hasAddress ? undefined : {kind: 'no-address', text, evidence: []}
}

interface Around {
  readonly namespace: string
  readonly inventory: Inventory
}

/** The HBONE listener says which namespaces may attach; without one it is the own namespace. */
function keptOut(gateway: Gateway, {namespace, inventory}: Around): Obstacle | undefined {
  const listener = gateway.listeners.find(({protocol, port}) => protocol === 'HBONE' && port === 15_008)
  if (!isKeptOut(gateway, {listener, namespace, inventory})) return undefined
  const from = listener === undefined || listener.from === 'Same' ? 'its own namespace alone' : 'namespaces with other labels'
  const text = `Gateway ${gateway.namespace}/${gateway.name} admits ${from} (allowedRoutes), not ${namespace}`
  return {kind: 'namespace', text, evidence: []}
}

function isKeptOut(gateway: Gateway, {listener, namespace, inventory}: Around & {readonly listener: GatewayListener | undefined}): boolean {
  // A binding of its own chooses another listener: that one is not looked at.
  if (gateway.annotations.has('ambient.istio.io/waypoint-inbound-binding')) return false
  if (listener?.from === 'All') return false
  if (listener?.from !== 'Selector') return gateway.namespace !== namespace
  const labels = inventory.namespaces?.find(({name}) => name === namespace)?.labels
  if (labels === undefined || listener.namespaceLabels === undefined) return false
  return [...listener.namespaceLabels].some(([key, value]) => labels.get(key) !== value)
}

const WAYPOINT_FOR = 'istio.io/waypoint-for'

/** What a Gateway is for, and who says so; nobody: services. */
function otherTraffic(
  gateway: Gateway,
  {target, inventory}: {readonly target: Target; readonly inventory: Inventory},
): Obstacle | undefined {
  const labelled = labelledFor(gateway, inventory)
  const name = `Gateway ${gateway.namespace}/${gateway.name}`
  if (labelled === undefined && inventory.gatewayClasses === undefined && target === 'workloads') {
    return {kind: 'unknown', text: `whether ${name} is for ${target} is not known: no GatewayClasses were recorded`, evidence: []}
  }
  const traffic = labelled?.labels.get(WAYPOINT_FOR)
  if (isFor(traffic, target)) return undefined
  const evidence = labelled === undefined || labelled === gateway ? [] : [evidenceOf(labelled.recorded)]
  return {kind: 'traffic', text: `${name} is ${trafficText(traffic)}; ${target} need ${target.slice(0, -1)} or all)`, evidence}
}

/** The Gateway's own label goes before that of its class. */
function labelledFor(gateway: Gateway, {gatewayClasses = []}: Inventory): Labelled | undefined {
  const ofClass = gatewayClasses.filter(({name}) => name === gateway.className)
  return [gateway, ...ofClass].find(({labels}) => labels.has(WAYPOINT_FOR))
}

function isFor(traffic: string | undefined, target: Target): boolean {
  const served = traffic ?? 'service'
  return served === 'all' || `${served}s` === target
}

function trafficText(traffic: string | undefined): string {
  if (traffic === undefined) return `for services only (no label ${WAYPOINT_FOR}`
  const only = traffic === 'service' || traffic === 'workload' ? `for ${traffic}s only` : 'for no traffic'
  return `${only} (label ${WAYPOINT_FOR}=${traffic}`
}

function evidenceOf({file, pointer}: InventorySource): Evidence {
  return {dump: file, pointer, basis: 'recorded'}
}
