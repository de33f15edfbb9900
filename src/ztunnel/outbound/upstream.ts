import type {SocketAddress} from '../../flow/address.js'
import {fraction, oneOf} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import {andThen, single, type Branch} from '../branch.js'
import {identityOf, type NetworkAddress, type Service, type Workload} from '../config/model.js'
import {serviceByVip} from '../state/service-by-vip.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import {loadBalance, type Balanced, type BalanceRequest, type ResolutionMode} from './load-balance.js'
import type {OutboundFailure, OutboundUnknown} from './outcome.js'
import {pickIp} from './pick-ip.js'
import type {Candidate} from './preference.js'
import type {OutboundQuestion} from './question.js'

/** A workload that was picked, with the port and address to use. */
export interface Upstream {
  readonly kind: 'upstream'
  readonly workload: Workload
  readonly port: number
  /** Absent for a workload that only a network gateway leads to. */
  readonly ip?: string
  readonly service?: Service
}

/** What a look-up ends with; `none`: nothing was found, and the caller says what that means. */
export type UpstreamResult = Upstream | OutboundFailure | OutboundUnknown | {readonly kind: 'none'}

const NONE: UpstreamResult = {kind: 'none'}

export interface UpstreamRequest {
  readonly address: NetworkAddress
  readonly port: number
  readonly mode: ResolutionMode
}

/** The upstream behind an address: services first here, then workloads (ambient-ga B.3). */
export function findUpstream(question: OutboundQuestion, request: UpstreamRequest): readonly Branch<UpstreamResult>[] {
  const {state, source, history} = question
  const {address, port, mode} = request
  const service = serviceByVip(state, {address, namespace: source.namespace, history})
  if (service !== undefined) {
    const passthrough = state.semantics.passthroughServices && service.loadBalancer?.mode === 'Passthrough'
    return passthrough ? single(NONE) : fromService(question, {service, port, mode, reference: address.ip})
  }
  const workload = workloadByAddress(state, {address, history})
  if (workload === undefined) return single(NONE)
  const steps: readonly Step[] = [
    {
      kind: 'service-lookup',
      name: workload.name,
      effect: `${address.ip} is no VIP, it is an address of ${workload.uid}`,
      because: [],
      evidence: state.evidence(workload),
    },
  ]
  return andThen(single(undefined, steps), () => finalize(question, {workload, port, reference: address.ip}))
}

/** One endpoint of a service. `reference` is the address whose family is kept. */
export function fromService(
  question: OutboundQuestion,
  request: BalanceRequest & {readonly reference: string},
): readonly Branch<UpstreamResult>[] {
  const {service, reference} = request
  const balanced = loadBalance(question, request)
  const ranked = (service.loadBalancer?.preferences.length ?? 0) > 0
  if (ranked && balanced.hidden.length > 0) return single(hiddenWorkload(balanced))
  return andThen(draw(question, {request, balanced}), (drawn) => {
    if (drawn === undefined) return single(NONE)
    if (drawn === 'hidden') return single(hiddenWorkload(balanced))
    const target = targetPort(drawn, request)
    return target === undefined ? single(NONE) : finalize(question, {workload: drawn.workload, port: target, reference, service})
  })
}

function hiddenWorkload({hidden}: Balanced): OutboundUnknown {
  const uids = hidden.map(({workloadUid}) => workloadUid).join(', ')
  return {kind: 'unknown', missing: {what: `ztunnel 1.22 prints no workload without an address: ${uids}`}}
}

/** ambient-ga B.3: the endpoint's own port, else the service's, else the asked one where an application tunnel takes any. */
function targetPort({endpoint, workload}: Candidate, {service, port}: BalanceRequest): number | undefined {
  const own = endpoint.ports.get(port)
  if (own !== undefined) return own
  const declared = service.ports.get(port) ?? 0
  if (declared > 0) return declared
  return workload.applicationTunnel?.port === undefined ? undefined : port
}

interface Draw {
  readonly request: BalanceRequest
  readonly balanced: Balanced
}

function draw(question: OutboundQuestion, {request, balanced}: Draw): readonly Branch<Candidate | 'hidden' | undefined>[] {
  const {candidates, hidden} = balanced
  const total = candidates.reduce((sum, {weight}) => sum + weight, 0) + hidden.length
  if (total === 0) return single(undefined, [balanceStep(question, {request, balanced})])
  const known = candidates.map((candidate) => ({
    value: candidate,
    share: fraction(candidate.weight, total),
    steps: [balanceStep(question, {request, balanced, candidate})],
  }))
  return [...known, ...hidden.map(() => ({value: 'hidden' as const, share: oneOf(total), steps: []}))]
}

function balanceStep(question: OutboundQuestion, {request, balanced, candidate}: Draw & {readonly candidate?: Candidate}): Step {
  const {service, port} = request
  const {loadBalancer} = service
  const policy = loadBalancer === undefined ? 'no load balancing policy' : [loadBalancer.mode, ...loadBalancer.preferences].join(' ')
  return {
    kind: 'load-balance',
    name: service.hostname,
    effect: candidate === undefined ? 'no endpoint' : `endpoint ${candidate.workload.uid}`,
    because: [`service port ${port}`, policy],
    evidence: question.state.evidence(service, ...(candidate === undefined ? [] : [candidate.endpoint, candidate.workload])),
    ...(balanced.rejected.length === 0 ? {} : {rejected: balanced.rejected}),
  }
}

interface Picked {
  readonly workload: Workload
  readonly port: number
  readonly reference: string
  readonly service?: Service
}

/** Adds the address to a picked workload (ambient-ga B.5). */
export function finalize(question: OutboundQuestion, picked: Picked): readonly Branch<UpstreamResult>[] {
  const {workload, port, reference, service} = picked
  return andThen(pickIp(question, {workload, reference, families: service?.ipFamilies}), (result): readonly Branch<UpstreamResult>[] => {
    if (result.kind !== 'ip') return single(result)
    const ip = result.ip === undefined ? {} : {ip: result.ip}
    return single({kind: 'upstream', workload, port, ...ip, ...(service === undefined ? {} : {service})})
  })
}

export function dialAddress({ip, port}: Upstream): SocketAddress | undefined {
  return ip === undefined ? undefined : {ip, port}
}

/** ztunnel ignores names of a service that are no SPIFFE identities. */
export function serviceIdentities(service: Service | undefined): readonly string[] {
  return (service?.subjectAltNames ?? []).filter((name) => /^spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(name))
}

/** Identities accepted from the TLS peer: those of the service, and the workload's own. */
export function upstreamIdentities({service, workload}: Upstream): readonly string[] {
  return [...serviceIdentities(service), identityOf(workload)]
}
