import type {SocketAddress} from '../../flow/address.js'
import type {GatewayAddress, Service, Workload} from '../config/model.js'
import {missingOnDemand} from '../on-demand.js'
import type {History} from '../state/history.js'
import {byHostname} from '../state/service-by-host.js'
import {serviceByVip} from '../state/service-by-vip.js'
import type {ZtunnelState} from '../state/state.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import type {Authority} from './authority.js'
import type {InboundRejected, InboundUnknown} from './outcome.js'
import {rejected} from './rejection.js'

export interface AuthorityQuestion {
  readonly state: ZtunnelState
  readonly workload: Workload
  readonly local: SocketAddress
  readonly authority: Authority
  readonly history: History
}

/** An authority that is not the pod itself is accepted by a waypoint only: of its own tunnel, or of what was asked for (ambient-ga C.1). */
export function checkAuthority(question: AuthorityQuestion): InboundRejected | InboundUnknown | undefined {
  const {state, workload, local, authority} = question
  if (authority.kind === 'host' || authority.ip === local.ip || workload.applicationTunnel !== undefined) return undefined
  const owner = ownerOf(question, authority)
  if (owner === undefined && state.config.settings.xdsOnDemand) return {kind: 'unknown', missing: missingOnDemand(authority.ip)}
  if (isWaypointOf(question, owner)) return undefined
  const error = `ip mismatch: ${local.ip} != ${authority.ip}`
  return rejected(error, {status: 400, verdict: {kind: 'ip-mismatch', expected: local.ip, presented: authority.ip, reason: error}})
}

type Owner = Workload | Service

function ownerOf({state, history}: AuthorityQuestion, {ip}: SocketAddress): Owner | undefined {
  const address = {network: state.config.settings.network, ip}
  return workloadByAddress(state, {address, history}) ?? serviceByVip(state, {address, history})
}

/** Looks at `waypoint` alone: weighted waypoints do not count here. */
function isWaypointOf(question: AuthorityQuestion, owner: Owner | undefined): boolean {
  const {workload, local} = question
  const waypoint = owner === undefined ? undefined : 'waypoints' in owner ? owner.waypoints[0] : owner.waypoint
  const resolved = waypoint === undefined ? undefined : resolve(question, waypoint)
  if (resolved === undefined) return false
  return 'workload' in resolved
    ? resolved.workload.ips.includes(local.ip)
    : resolved.service.endpoints.some(({workloadUid}) => workloadUid === workload.uid)
}

function resolve(
  {state, history}: AuthorityQuestion,
  waypoint: GatewayAddress,
): {readonly workload: Workload} | {readonly service: Service} | undefined {
  if (waypoint.kind === 'hostname') return byHostname(state, waypoint)
  const workload = workloadByAddress(state, {address: waypoint, history})
  if (workload !== undefined) return {workload}
  const service = serviceByVip(state, {address: waypoint, history})
  return service === undefined ? undefined : {service}
}
