import type {Finding} from '../../flow/finding.js'
import type {Workload} from '../../mesh/directory.js'
import {evidenceOf, policyKey, type Policy} from '../../ztunnel/config/model.js'
import {policiesOf} from './policies.js'
import {listText, type Scene} from './scene.js'
import type {KnownWaypoints} from './waypoints.js'

/**
 * A connection that goes round a waypoint, who else can, and what still stands in the way: only policies at the pod's ztunnel.
 * Source: ambient-ga C.3, D.8, J.10; istio.io issue 17520.
 */
export function bypass(scene: Scene, {pod, waypoints}: {readonly pod: Workload; readonly waypoints: KnownWaypoints}): readonly Finding[] {
  const ztunnel = scene.ztunnelOf(pod)
  if (ztunnel === undefined) return []
  const policies = policiesOf(ztunnel, pod)
  const limiting = policies.filter(({action, dryRun}) => action === 'Allow' && !dryRun)
  const ways = ['pod address', ...(policies.some(demandsIdentity) ? [] : ['uncaptured client']), 'sidecar client']
  const guard =
    limiting.length === 0 ? 'no L4 policy demands its identity' : `L4 policy ${listText(limiting.map(policyKey))} still limits them`
  return [
    {
      kind: 'waypoint-bypassed',
      text: `waypoint ${listText(waypoints.names)} bypassed: none of its routes and L7 policies applies; ways round it: ${ways.join(', ')} (${guard})`,
      evidence: [...waypoints.evidence, ...limiting.map((policy) => evidenceOf(ztunnel, policy))],
    },
  ]
}

/** ambient-ga C.4: what STRICT becomes. */
function demandsIdentity({namespace, name, action}: Policy): boolean {
  return action === 'Deny' && name === 'istio_converted_static_strict' && namespace !== ''
}
