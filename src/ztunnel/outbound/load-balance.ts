import type {Rejected} from '../../flow/step.js'
import type {Endpoint, Service, Workload} from '../config/model.js'
import {rankByPreference, type Candidate} from './preference.js'
import type {OutboundQuestion} from './question.js'

/** `waypoint`: ztunnel looks for the waypoint behind a service, whose port need not be declared (ambient-ga B.3). */
export type ResolutionMode = 'standard' | 'waypoint'

export interface BalanceRequest {
  readonly service: Service
  readonly port: number
  readonly mode: ResolutionMode
}

/** Who may be picked, and who may not with the reason. */
export interface Balanced {
  readonly candidates: readonly (Candidate & {readonly weight: number})[]
  readonly rejected: readonly Rejected[]
  /** Endpoints whose workload the dump does not print, though ztunnel knows it (1.22; ambient-ga K.6). */
  readonly hidden: readonly Endpoint[]
}

/** All endpoints that may be drawn, with their weights (ambient-ga B.3). */
export function loadBalance(question: OutboundQuestion, request: BalanceRequest): Balanced {
  const {service, port, mode} = request
  if (mode === 'standard' && !service.ports.has(port)) {
    return {candidates: [], rejected: [{candidate: service.hostname, because: `the service does not declare port ${port}`}], hidden: []}
  }
  const {usable, rejected, hidden} = usableEndpoints(question, request)
  const {source, state} = question
  const preference = {source, balancer: service.loadBalancer, networkWeighs: state.semantics.weightedWaypoints}
  const preferred = rankByPreference(preference, {usable, hidden})
  const drawn = weigh(question, preferred.candidates)
  return {candidates: drawn.candidates, rejected: [...rejected, ...preferred.rejected, ...drawn.rejected], hidden: preferred.hidden}
}

interface Usable {
  readonly usable: readonly Candidate[]
  readonly rejected: Rejected[]
  readonly hidden: readonly Endpoint[]
}

function usableEndpoints(question: OutboundQuestion, request: BalanceRequest): Usable {
  const usable: Candidate[] = []
  const rejected: Rejected[] = []
  const hidden: Endpoint[] = []
  for (const endpoint of request.service.endpoints) {
    const workload = question.state.workloadsByUid.get(endpoint.workloadUid)
    const because = workload === undefined ? 'its workload is not known' : unusable(question, {request, endpoint, workload})
    if (workload !== undefined && because === undefined) usable.push({endpoint, workload})
    else if (workload === undefined && endpoint.addressless) hidden.push(endpoint)
    else rejected.push({candidate: endpoint.workloadUid, because: because ?? ''})
  }
  return {usable, rejected: [...rejected, ...unhealthyMembers(question, request.service)], hidden}
}

function unusable(question: OutboundQuestion, one: Candidate & {readonly request: BalanceRequest}): string | undefined {
  const {request, endpoint, workload} = one
  const {semantics} = question.state
  if (semantics.remoteWaypoints && unreachable(question, workload)) return 'it has no address, and no network gateway leads to it'
  const declared = request.service.ports.get(request.port)
  if (request.mode === 'standard') {
    return (declared ?? 0) > 0 || endpoint.ports.has(request.port) ? undefined : `it has no port for service port ${request.port}`
  }
  const tunnelled = semantics.tunnelledWaypointPorts && workload.applicationTunnel !== undefined
  return declared === undefined && !tunnelled ? `its service does not declare port ${request.port}` : undefined
}

/** ambient-ga B.3: without an address only the gateway of another network leads there. */
function unreachable({source}: OutboundQuestion, workload: Workload): boolean {
  if (workload.ips.length > 0 || workload.hostname !== '') return false
  return workload.network === source.network || workload.networkGateway === undefined
}

/** Unhealthy endpoints are not stored; their workloads still name the service (ambient-ga A.4). */
function unhealthyMembers({state}: OutboundQuestion, service: Service): readonly Rejected[] {
  const stored = new Set(service.endpoints.map(({workloadUid}) => workloadUid))
  const key = `${service.namespace}/${service.hostname}`
  return (state.unhealthyByService.get(key) ?? [])
    .filter(({uid}) => !stored.has(uid))
    .map(({uid}) => ({candidate: uid, because: 'it is unhealthy'}))
}

/** From 1.26 capacities are the weights, and 0 is never drawn (ambient-ga B.3). */
function weigh({state}: OutboundQuestion, candidates: readonly Candidate[]): Pick<Balanced, 'candidates' | 'rejected'> {
  if (!state.semantics.capacity) return {candidates: candidates.map((candidate) => ({...candidate, weight: 1})), rejected: []}
  const [some, none] = [candidates.filter(({workload}) => workload.capacity > 0), candidates.filter(({workload}) => workload.capacity <= 0)]
  return {
    candidates: some.map((candidate) => ({...candidate, weight: candidate.workload.capacity})),
    rejected: none.map(({workload}) => ({candidate: workload.uid, because: 'its capacity is 0'})),
  }
}
