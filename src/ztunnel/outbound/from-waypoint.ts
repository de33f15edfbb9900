import {identityOf, type Workload} from '../config/model.js'
import {byHostname} from '../state/service-by-host.js'
import {serviceByVip} from '../state/service-by-vip.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import type {OutboundQuestion} from './question.js'

/**
 * Whether the client is the waypoint of the workload it talks to: a captured waypoint is not sent through itself again
 * (ambient-ga B.2 step 5).
 */
export function isFromWaypoint(question: OutboundQuestion, workload: Workload): boolean {
  const identity = identityOf(question.source)
  return waypointPods(question, workload).some((pod) => identityOf(pod) === identity && pod.ips.includes(question.sourceIp))
}

function waypointPods({state, history, source}: OutboundQuestion, {waypoints: [waypoint]}: Workload): readonly Workload[] {
  if (waypoint === undefined) return []
  if (waypoint.kind === 'hostname') {
    const found = byHostname(state, waypoint)
    if (found === undefined) return []
    return 'workload' in found ? [found.workload] : podsOf(found.service)
  }
  const workload = workloadByAddress(state, {address: waypoint, history})
  if (workload !== undefined) return [workload]
  const service = serviceByVip(state, {address: waypoint, namespace: source.namespace, history})
  return service === undefined ? [] : podsOf(service)

  function podsOf({endpoints}: {readonly endpoints: readonly {readonly workloadUid: string}[]}): readonly Workload[] {
    return endpoints.flatMap(({workloadUid}) => state.workloadsByUid.get(workloadUid) ?? [])
  }
}
