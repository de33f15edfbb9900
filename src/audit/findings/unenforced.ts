import type {Finding} from '../../flow/finding.js'
import type {AuthorizationPolicy} from '../../flow/inventory.js'
import {fullName, type Workload} from '../../mesh/directory.js'
import {policyKey} from '../../ztunnel/config/model.js'
import {policiesOf} from './policies.js'
import {hopsAt, isInbound, listText, passesWaypoint, targetsOf, type Scene} from './scene.js'
import {dialledServices} from './services.js'
import {knownWorkload, servicesOf} from './waypoints.js'

/**
 * Where each policy of the destination is enforced on this way; told when one is enforced nowhere.
 * Source: ambient-ga C.4, D.5; istio issues 43576, 53723.
 */
export function unenforcedPolicies(scene: Scene): readonly Finding[] {
  const [pod] = targetsOf(scene)
  const all = scene.inventory.authorizationPolicies
  if (pod === undefined || all === undefined) return []
  const placed = all.flatMap((policy) => {
    const place = placeOf(scene, {policy, pod})
    return place === undefined ? [] : [{policy, place}]
  })
  const reasons = new Set(placed.flatMap(({place}) => (place.where === 'nowhere' ? place.because : [])))
  return [...reasons].map((because) => findingOf(placed, because))
}

interface PlacedPolicy {
  readonly policy: AuthorizationPolicy
  readonly place: Enforcement
}

type Enforcement =
  | {readonly where: 'waypoint' | 'ztunnel'}
  | {
      readonly where: 'nowhere'
      readonly because: string
    }

/** Policies that one reason leaves unenforced, and where the others are. */
function findingOf(placed: readonly PlacedPolicy[], because: string): Finding {
  const names = (where: Enforcement['where']): readonly string[] =>
    placed.filter(({place}) => place.where === where).map(({policy}) => policyKey(policy))
  const nowhere = placed.flatMap(({policy, place}) => (place.where === 'nowhere' && place.because === because ? policyKey(policy) : []))
  const parts = [
    `${nowhere.length === 1 ? 'policy' : 'policies'} ${listText(nowhere)} ${nowhere.length === 1 ? 'is' : 'are'} enforced NOWHERE on this way: ${because}`,
    ...(names('waypoint').length === 0 ? [] : [`at the waypoint: ${listText(names('waypoint'))}`]),
    ...(names('ztunnel').length === 0 ? [] : [`at the destination ztunnel: ${listText(names('ztunnel'))}`]),
  ]
  const sources = placed.map(({policy: {recorded}}) => ({dump: recorded.file, pointer: recorded.pointer, basis: 'recorded' as const}))
  return {kind: 'policy-not-enforced', fault: true, text: parts.join('; '), evidence: sources}
}

interface PolicyOfPod {
  readonly policy: AuthorizationPolicy
  readonly pod: Workload
}

/** Undefined for a policy of something else. */
function placeOf(scene: Scene, {policy, pod}: PolicyOfPod): Enforcement | undefined {
  return policy.targets.length > 0 ? attachedPlace(scene, {policy, pod}) : selectedPlace(scene, {policy, pod})
}

function attachedPlace(scene: Scene, {policy, pod}: PolicyOfPod): Enforcement | undefined {
  const dialled = dialledServices(scene).map(fullName)
  const concerned = dialled.length > 0 ? dialled : servicesOfPod(scene, pod)
  const targets = policy.targets.flatMap(({kind, name}) => (kind === 'Service' ? `${policy.namespace}/${name}` : []))
  if (!targets.some((target) => concerned.includes(target))) return undefined
  if (!passesWaypoint(scene)) return {where: 'nowhere', because: 'it has targetRefs, which only a waypoint enforces, and none is passed'}
  // ambient-ga D.5: the chains for pod addresses get policies of the Gateway only.
  return dialled.length > 0
    ? {where: 'waypoint'}
    : {where: 'nowhere', because: 'it is for the service, and the waypoint was reached with a pod address'}
}

function servicesOfPod({ztunnel}: Scene, pod: Workload): readonly string[] {
  const known = ztunnel === undefined ? undefined : knownWorkload(ztunnel, pod)
  return ztunnel === undefined || known === undefined ? [] : servicesOf(ztunnel, known).map(fullName)
}

function selectedPlace(scene: Scene, {policy, pod}: PolicyOfPod): Enforcement | undefined {
  const selects = [...(policy.selector ?? [])].every(([key, value]) => pod.labels.get(key) === value)
  if (policy.namespace !== pod.namespace || !selects || pod.role !== 'app' || policy.action === 'AUDIT') return undefined
  if (policy.action === 'CUSTOM') return {where: 'nowhere', because: 'ztunnel knows no CUSTOM, and a waypoint takes it by targetRefs only'}
  return atZtunnel(scene, {policy, pod})
}

function atZtunnel(scene: Scene, {policy, pod}: PolicyOfPod): Enforcement {
  if (!hopsAt(scene, 'ztunnel').some(isInbound)) return {where: 'nowhere', because: 'no ztunnel takes the connection in for the pod'}
  const config = scene.ownZtunnelOf(pod)
  const isThere = config === undefined || policiesOf(config, pod).some((one) => policyKey(one) === policyKey(policy))
  return isThere ? {where: 'ztunnel'} : {where: 'nowhere', because: 'it did not arrive at the ztunnel of the pod'}
}
