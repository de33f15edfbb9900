import type {Finding} from '../../flow/finding.js'
import {policyName} from '../../flow/policy-name.js'
import type {Step} from '../../flow/step.js'
import {denials, hopsAt, isInbound, listText, tunnelIdentity, type Denial, type Scene} from './scene.js'

/**
 * The classic outage after adding a waypoint: the destination's ztunnel sees its identity instead of the client's.
 * Source: ambient-ga D.8 (7); istio issue 44671.
 */
export function waypointIdentity(scene: Scene): readonly Finding[] {
  const denied = denials(scene).find(({hop}) => isInbound(hop) && isWaypoint(scene, tunnelIdentity(hop)))
  if (denied === undefined) return []
  const identity = tunnelIdentity(denied.hop) ?? ''
  return [
    {
      kind: 'waypoint-identity',
      fault: true,
      text: `destination ztunnel sees the waypoint, not the client: ${because(denied)} ${identity}; admit it there, or move the policy to the waypoint (targetRefs)`,
      evidence: authorizations(denied.steps).flatMap(({evidence}) => evidence),
    },
  ]
}

function because({verdict, steps}: Denial): string {
  if (verdict.policy !== undefined) return `DENY policy ${policyName(verdict.policy)} matches`
  const tried = [
    ...new Set(
      authorizations(steps).flatMap(({policy, action}) =>
        policy === undefined || policy === 'none' || action !== 'ALLOW' ? [] : policyName(policy),
      ),
    ),
  ]
  return tried.length === 0 ? 'no ALLOW policy admits' : `no ALLOW policy (${listText(tried)}) admits`
}

function authorizations(steps: readonly Step[]): readonly Extract<Step, {kind: 'authorization'}>[] {
  return steps.flatMap((step) => (step.kind === 'authorization' && step.shadow !== true ? [step] : []))
}

function isWaypoint(scene: Scene, identity: string | undefined): boolean {
  const pods = hopsAt(scene, 'waypoint').flatMap(({place: {name, namespace}}) =>
    namespace === undefined ? [] : (scene.directory.workload({name, namespace}) ?? []),
  )
  return identity !== undefined && pods.some((pod) => pod.identity === identity)
}

/**
 * Policies for the waypoint's own port are judged on the tunnel, before anybody knows which service it is for.
 * Source: ambient-ga D.2 (layered authorization); istio issue 54718.
 */
export function tunnelDenied(scene: Scene): readonly Finding[] {
  const denied = denials(scene).find(({hop}) => hop.place.kind === 'waypoint' && hop.arrival.entry.kind === 'socket')
  if (denied === undefined) return []
  const {hop, verdict, steps} = denied
  const listener = steps.flatMap((step) => (step.kind === 'listener' ? step.name : []))[0] ?? 'connect_terminate'
  const policy = verdict.policy === undefined ? 'no ALLOW policy there admits' : `policy ${policyName(verdict.policy)} there denies`
  return [
    {
      kind: 'tunnel-denied',
      fault: true,
      text: `denied at ${listener}: the waypoint refuses the tunnel itself, before any service of it is looked at; ${policy} ${tunnelIdentity(hop) ?? 'a client without identity'}`,
      evidence: authorizations(steps).flatMap(({evidence}) => evidence),
    },
  ]
}
