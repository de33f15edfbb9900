import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {Arrival, Departure, Payload} from '../../flow/connection.js'
import type {Forwarding, ProxyLog} from '../../flow/forwarder.js'
import {WHOLE} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import {outboundLine} from '../access-log.js'
import type {Branch} from '../branch.js'
import {identityOf, type Workload} from '../config/model.js'
import {outbound} from '../outbound/outbound.js'
import type {OutboundOutcome, OutboundRequest} from '../outbound/outcome.js'
import type {Resolver} from '../outbound/question.js'
import type {SourcePod} from '../outbound/source.js'
import type {ZtunnelState} from '../state/state.js'
import {CLOSED, stop, toForwarding, undetermined, type Ending} from './exits.js'
import {localPod} from './local-pod.js'
import {withoutCertificate} from './own-certificate.js'

export interface OutboundArrival {
  readonly arrival: Arrival
  readonly resolve: Resolver
  readonly podAt: PodAt
}

/** Whose network namespace an address stands for. */
export type PodAt = (ip: string) => Omit<SourcePod, 'ip'> | undefined

/** A connection that a captured pod opened (ambient-ga B). */
export function forwardOutbound(state: ZtunnelState, {arrival, resolve, podAt}: OutboundArrival): Forwarding {
  const {source: client, originalDestination: target} = arrival
  if (client === undefined || target === undefined) return lost('the source and the original destination of the connection')
  const source = localPod(state, client.ip)
  // ambient-ga B.0: without its workload the connections of a pod that ztunnel holds fail; who it is, the node agent told.
  const known = source ?? podAt(client.ip)
  const pod = podOf(known, client.ip)
  if (known === undefined && !state.semantics.sourceByAddress) return lost(`which pod ${client.ip} is: no workload has this address`)
  const {histories, complete} = outbound(state, {source: pod, target, resolve})
  const passage = {state, source, client, target, payload: arrival.payload}
  const told = histories.map(({value, requires}) => ({requires, value: value.map((branch) => leave(passage, branch))}))
  return toForwarding({told, complete})
}

const NOBODY = {name: '', namespace: '', serviceAccount: ''}

function podOf(source: Omit<SourcePod, 'ip'> | undefined, ip: string): SourcePod {
  const {name, namespace, serviceAccount} = source ?? NOBODY
  return {name, namespace, serviceAccount, ip}
}

function lost(what: string): Forwarding {
  return toForwarding({told: [{value: [{value: undetermined({what}), share: WHOLE, steps: []}], requires: []}], complete: true})
}

interface Passage {
  readonly state: ZtunnelState
  readonly source: Workload | undefined
  readonly client: SocketAddress
  readonly target: SocketAddress
  readonly payload: Payload
}

function leave(passage: Passage, branch: Branch<OutboundOutcome>): Branch<Ending> {
  const left = leaveUnlogged(passage, branch)
  const access = accessOf(passage, branch.value)
  return access === undefined ? left : {...left, value: {...left.value, log: {...left.value.log, access}}}
}

/** The line that ztunnel prints if all goes well, or why it fails at once (ambient-ga C.5). */
function accessOf({source, target}: Passage, outcome: OutboundOutcome): Readonly<Record<string, string>> | undefined {
  const line = source === undefined ? undefined : outboundLine({source, outcome})
  if (line === undefined) return undefined
  return {...line, 'dst.addr': formatSocket(outcome.kind === 'request' ? outcome.dial : target)}
}

function leaveUnlogged(passage: Passage, branch: Branch<OutboundOutcome>): Branch<Ending> {
  const outcome = branch.value
  switch (outcome.kind) {
    case 'failure':
      return {...branch, value: {...stop(outcome.verdict, CLOSED), log: {details: outcome.error}}}
    case 'unknown':
      return {...branch, value: undetermined(outcome.missing)}
    case 'request': {
      const {ending, steps} = serve(passage, outcome)
      return {...branch, value: ending, steps: [...branch.steps, ...steps]}
    }
    default:
      return outcome satisfies never
  }
}

/** The certificate comes before the first packet: without it nothing is dialled. */
function serve(passage: Passage, request: OutboundRequest): {readonly ending: Ending; readonly steps: readonly Step[]} {
  const {state, source} = passage
  const isTunnel = request.protocol !== 'TCP' && source !== undefined
  const lacking = isTunnel ? withoutCertificate(state, {identity: identityOf(source), side: 'upstream'}) : undefined
  if (lacking !== undefined) return {ending: lacking.ending, steps: [lacking.step]}
  return {ending: depart(passage, request), steps: requestSteps(passage, request)}
}

function depart(passage: Passage, request: OutboundRequest): Ending {
  const departure: Departure = {
    to: {kind: 'socket', ...request.dial},
    // ambient-ga B.7: the socket is opened inside the pod, so the pod's address stays the source.
    source: {kind: 'kept', address: passage.client},
    payload: wrap(passage, request),
  }
  const log: ProxyLog = {handledBy: 'tcp', upstreamHost: formatSocket(request.dial)}
  if (request.protocol !== 'DOUBLEHBONE' || request.finalSans.length > 0) return {kind: 'depart', departure, log}
  // ambient-ga I.6: without any identity to accept, the inner handshake cannot succeed.
  const reason = `the service ${request.service?.hostname ?? ''} has no subjectAltNames: nobody beyond the network gateway can present an accepted identity`
  return {kind: 'stop', verdict: {kind: 'tls-failure', reason, expected: []}, answer: CLOSED, log, dialled: departure}
}

function wrap({state, source, client, payload}: Passage, request: OutboundRequest): Payload {
  if (request.protocol === 'TCP' || source === undefined) return payload
  const authority = request.authority ?? ''
  const host = request.service === undefined ? '' : `;host=${request.service.hostname}`
  const forwarded = ['forwarded', `for="${formatSocket(client)}"${host}`] as const
  const network = state.semantics.forwardedNetwork ? [['x-forwarded-network', source.network] as const] : []
  const tunnel = ({headers, inner, sans}: Tunnel): Payload => ({
    kind: 'tls',
    alpn: ['h2'],
    peer: {uriSans: [identityOf(source)], dnsSans: []},
    expects: sans.map((value) => ({match: 'exact', value})),
    trusted: true,
    payload: {kind: 'http', version: 'h2', request: {method: 'CONNECT', authority, headers}, tunneled: inner},
  })
  const final = request.protocol === 'HBONE' ? payload : tunnel({headers: [forwarded, ...network], inner: payload, sans: request.finalSans})
  return tunnel({headers: [forwarded], inner: final, sans: request.upstreamSans})
}

interface Tunnel {
  readonly headers: readonly (readonly [string, string])[]
  readonly inner: Payload
  /** Identities of which the far end must present one (ambient-ga B.2, B.6). */
  readonly sans: readonly string[]
}

function requestSteps({state, source}: Passage, request: OutboundRequest): readonly Step[] {
  if (request.via === 'passthrough') return [passthroughStep(state, request)]
  const evidence = state.evidence(...(request.nextHop === undefined ? [] : [request.nextHop]))
  const endpoint: Step = {kind: 'endpoint', address: {kind: 'socket', ...request.dial}, because: [`protocol ${request.protocol}`], evidence}
  if (request.protocol === 'TCP' || source === undefined) return [endpoint]
  const identity = identityOf(source)
  return [
    endpoint,
    {kind: 'tls', side: 'upstream', identity, expected: request.upstreamSans, alpn: ['h2'], effect: 'mutual TLS', because: [], evidence},
    {kind: 'tunnel', method: 'CONNECT', authority: request.authority ?? '', headers: [], identity, because: [request.via], evidence},
  ]
}

/** ambient-ga A.2: of a staged service only endpoints arrived, so that ztunnel does not know its VIPs. */
function passthroughStep({config}: ZtunnelState, {dial}: OutboundRequest): Step {
  const {stagedServices: staged, shape, dump} = config
  const unknown = staged.length === 0 ? [] : [`ztunnel does not have these services yet, only endpoints of them: ${staged.join(', ')}`]
  const pointer = shape === 'flattened' ? '/staged_services' : '/stagedServices'
  return {
    kind: 'original-destination',
    from: 'the connection',
    address: dial,
    because: ['no service and no workload decides otherwise', ...unknown],
    evidence: staged.length === 0 ? [] : [{dump, pointer, basis: 'recorded'}],
  }
}
