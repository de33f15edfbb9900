import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseSocket, type SocketAddress} from '../../../src/flow/address.js'
import {inboundLine, outboundLine, statusError, type AccessLine} from '../../../src/ztunnel/access-log.js'
import {identityOf, type CapturedPod, type Workload} from '../../../src/ztunnel/config/model.js'
import {checkPeer} from '../../../src/ztunnel/inbound/check-peer.js'
import {inbound} from '../../../src/ztunnel/inbound/inbound.js'
import type {InboundConnection, InboundOutcome} from '../../../src/ztunnel/inbound/outcome.js'
import {outbound} from '../../../src/ztunnel/outbound/outbound.js'
import type {OutboundOutcome, OutboundRequest} from '../../../src/ztunnel/outbound/outcome.js'
import type {ZtunnelState} from '../../../src/ztunnel/state/state.js'
import {inventory, type LogInput} from './ztunnel-case.js'

/** The two ztunnels of a flow, and what the inventory says about applications. */
interface Lab {
  readonly states: readonly ZtunnelState[]
  readonly listens: (address: SocketAddress) => boolean | undefined
  /** The uid of the pod that has an address, where the inventory tells. */
  readonly podUidAt: (ip: string) => string | undefined
  /** A pod with its proxy, another pod or machine, or nobody; undefined where no inventory tells. */
  readonly holderOf: (ip: string) => 'captured' | 'other' | 'nobody' | undefined
}

export interface LogQuestion {
  readonly input: LogInput
  readonly lab: Lab
}

interface Lines {
  readonly srcLog: readonly AccessLine[]
  readonly dstLog: readonly AccessLine[]
}

const NONE: Lines = {srcLog: [], dstLog: []}
const REFUSED = 'Connection refused (os error 111)'
const NO_ROUTE = 'No route to host (os error 113)'
const NO_ANSWER = 'deadline has elapsed'

/** What the inventory knows of pods: ports that applications listen on, and uids; undefined for a pod it does not list. */
export function podsOf(scenarioDir: string): Pick<Lab, 'listens' | 'podUidAt' | 'holderOf'> {
  const file = join(scenarioDir, 'inventory.json')
  const listed = existsSync(file) ? inventory.parse(JSON.parse(readFileSync(file, 'utf8'))).pods : undefined
  const pods = listed ?? []
  return {
    holderOf: (ip) => {
      const pod = pods.find(({ips}) => ips?.includes(ip))
      if (pod !== undefined) return pod.capturedByZtunnel === true ? 'captured' : 'other'
      return listed === undefined ? undefined : 'nobody'
    },
    listens: ({ip, port}) => pods.find(({ips}) => ips?.includes(ip))?.listensOn?.includes(port),
    podUidAt: (ip) => pods.find(({ips}) => ips?.includes(ip))?.podUid ?? undefined,
  }
}

/** One live flow: from the application through both ztunnels. */
export function predictLogs({input, lab}: LogQuestion): unknown {
  const target = parseSocket(input.destination)
  if (target === undefined) return {undetermined: `the destination is not understood: ${input.destination}`}
  // A pod that calls its own address is not captured (ambient-ga B.0).
  if (target.ip === input.source.ip) return NONE
  const isLoopback = target.ip.startsWith('127.') || target.ip === '::1'
  const client = {ip: isLoopback ? target.ip : input.source.ip, port: 0}
  return input.source.captured ? leave(lab, {input, client, target}) : arrive(lab, {client, to: target})
}

interface Leaving {
  readonly input: LogInput
  readonly client: SocketAddress
  readonly target: SocketAddress
}

/** From a captured pod, by the ztunnel of its node. */
function leave(lab: Lab, {input, client, target}: Leaving): Lines {
  const state = lab.states.find(({config}) => config.settings.localNode === input.source.node)
  const source = state?.workloadsByUid.get(input.source.uid)
  if (state === undefined || source === undefined) return NONE
  const outcome = outbound(state, {source: {...source, ip: client.ip}, target}).histories[0]?.value[0]?.value
  return outcome === undefined ? NONE : forward(lab, {source, client, outcome})
}

interface Sent {
  readonly source: Workload
  readonly client: SocketAddress
  readonly outcome: OutboundOutcome
}

function forward(lab: Lab, {source, client, outcome}: Sent): Lines {
  const line = (error?: string, answeredBy?: Workload): Lines => {
    const known = {...(error === undefined ? {} : {error}), ...(answeredBy === undefined ? {} : {answeredBy})}
    return {srcLog: [outboundLine({source, outcome, ...known})].filter((one) => one !== undefined), dstLog: []}
  }
  if (outcome.kind !== 'request') return line()
  if (outcome.protocol === 'TCP') {
    const {dstLog} = arrive(lab, {client, to: outcome.dial})
    const failed = dstLog.length === 0 ? plainFailure(lab, outcome.dial) : undefined
    return {...line(failed === undefined ? undefined : `io error: ${failed}`), dstLog}
  }
  const {error, dstLog, answeredBy} = tunnel(lab, {source, client, request: outcome})
  return {...line(error, tellsBack(lab, source) ? answeredBy : undefined), dstLog}
}

/** Beyond the pods and machines of the inventory nobody is: what is no workload either has left the network of the pods. */
function plainFailure(lab: Lab, to: SocketAddress): string | undefined {
  if (lab.listens(to) === false) return REFUSED
  if (lab.holderOf(to.ip) !== 'nobody') return undefined
  return isWorkload(lab, to.ip) ? NO_ROUTE : NO_ANSWER
}

/** A pod that the control plane knows and no node has: a captured one is in the list of the pods that its ztunnel holds (ambient-ga A.8). */
function isGone(lab: Lab, {ip}: SocketAddress): boolean {
  const holder = lab.holderOf(ip)
  return holder === 'nobody' || holder === 'captured'
}

function isWorkload({states}: Lab, ip: string): boolean {
  return states.some(({workloadsByUid}) => [...workloadsByUid.values()].some(({ips}) => ips.includes(ip)))
}

interface Tunnelled {
  readonly source: Workload
  readonly client: SocketAddress
  readonly request: OutboundRequest
}

interface Answered {
  readonly error?: string
  readonly dstLog: readonly AccessLine[]
  readonly answeredBy?: Workload
}

/** HBONE as far as its first end, and beyond it where that is a network gateway: what both sides log. */
function tunnel(lab: Lab, {source, client, request}: Tunnelled): Answered {
  const captured = capturedAt(lab, request.dial)
  if (captured === undefined) return {error: `io error: ${isGone(lab, request.dial) ? NO_ROUTE : REFUSED}`, dstLog: []}
  const opening = {client, identity: identityOf(source), expected: request.upstreamSans, at: request.dial, baggage: source}
  const host = request.service === undefined ? {} : {forwardedHost: request.service.hostname}
  const connect = {method: 'CONNECT', authority: request.authority ?? '', ...host}
  const outer = open(lab, {captured, opening, connect, broken: 'AlertReceived(CertificateUnknown)'})
  if (request.protocol !== 'DOUBLEHBONE' || outer.error !== undefined) return outer
  return beyond(lab, {captured, opening: {...opening, client: request.dial, expected: request.finalSans}, connect, outer})
}

/** One TLS handshake and one CONNECT inside it. */
interface Opening {
  readonly client: SocketAddress
  readonly identity: string
  /** Identities of which the client accepts one. */
  readonly expected: readonly string[]
  readonly at: SocketAddress
  readonly baggage: Workload
}

interface Opened {
  readonly captured: Captured
  readonly opening: Opening
  readonly connect: NonNullable<InboundConnection['connect']>
  /** How the other side sees the client give up. */
  readonly broken: string
}

function open(lab: Lab, {captured, opening, connect, broken}: Opened): Answered {
  const {client, identity, expected, at, baggage} = opening
  const logged = (error: string): readonly AccessLine[] => (captured.state.semantics.logsHandshakes ? [{direction: 'inbound', error}] : [])
  const presented = presentedBy(captured)
  if (!expected.includes(presented)) {
    const reason = `peer did not present the expected SAN (${expected.join(', ')}), got ${presented}`
    return {
      error: `io error: invalid peer certificate: Other(OtherError(identity verification error: ${reason}))`,
      dstLog: logged(`tls handshake error: Custom { kind: ${broken === EOF ? 'UnexpectedEof' : 'InvalidData'}, error: ${broken} }`),
    }
  }
  const handshake = checkPeer(captured.workload, identity)
  if (handshake !== undefined) return {error: 'h2 failed: received fatal alert: CertificateUnknown', dstLog: logged(handshake.error)}
  const {namespace, workloadName} = baggage
  const connection = {pod: captured.pod, source: client, identity, local: at, connect: {...connect, baggage: {namespace, workloadName}}}
  const {status, dstLog} = receive(lab, {captured, connection})
  return {...(status === undefined ? {} : {error: statusError(status)}), dstLog}
}

/** Before 1.24 the certificate is that of whoever has the address; later that of the pod the node agent named (ambient-ga K.7). */
function presentedBy({state, workload, pod}: Captured): string {
  return identityOf(state.semantics.sourceByAddress ? workload : {...pod, trustDomain: workload.trustDomain})
}

const EOF = '"tls handshake eof"'

interface Beyond extends Omit<Opened, 'broken'> {
  readonly outer: Answered
}

/**
 * A network gateway hands the inner tunnel to an endpoint of the service that its authority names (ambient-ga B.6). When the inner
 * connection ends, the client drops the outer one, which the ztunnel in front of the gateway logs.
 */
function beyond(lab: Lab, {captured: gateway, opening, connect, outer}: Beyond): Answered {
  const ip = endpointOf(gateway.state, connect.authority)
  const captured = ip === undefined ? undefined : capturedAt(lab, {ip, port: opening.at.port})
  const outerLog = outer.dstLog.map((line) => ({...line, error: 'while closing connection: receive: io error: broken pipe'}))
  if (ip === undefined || captured === undefined) return {...outer, dstLog: outerLog}
  const at = {ip, port: opening.at.port}
  const inner = open(lab, {captured, opening: {...opening, client: {...opening.client, port: 0}, at}, connect, broken: EOF})
  return {...inner, dstLog: [...outerLog, ...inner.dstLog], ...(inner.error === undefined ? {answeredBy: captured.workload} : {})}
}

function endpointOf(state: ZtunnelState, authority: string): string | undefined {
  const [service] = state.servicesByHost.get(authority.slice(0, authority.lastIndexOf(':'))) ?? []
  return state.workloadsByUid.get(service?.endpoints[0]?.workloadUid ?? '')?.ips[0]
}

/** A plaintext connection at whoever holds the address. */
function arrive(lab: Lab, {client, to}: {readonly client: SocketAddress; readonly to: SocketAddress}): Lines {
  const captured = capturedAt(lab, to)
  if (captured === undefined) return NONE
  return {srcLog: [], dstLog: receive(lab, {captured, connection: {pod: captured.pod, source: client, local: to}}).dstLog}
}

interface Captured {
  readonly state: ZtunnelState
  readonly workload: Workload
  readonly pod: InboundConnection['pod']
}

/** `workloadState` is the list of pods that a ztunnel really holds (ambient-ga A.8). */
function capturedAt(lab: Lab, {ip}: SocketAddress): Captured | undefined {
  for (const state of lab.states) {
    const workload = [...state.workloadsByUid.values()].find(({ips}) => ips.includes(ip))
    const pod = state.config.capturedPods?.find((one) => workload !== undefined && one.up && isPod(one, {workload, uid: lab.podUidAt(ip)}))
    if (workload !== undefined && pod !== undefined) return {state, workload, pod: namedAs(pod, workload)}
  }
  return undefined
}

/** The pod's uid tells, where the inventory has it: the proxy may run under another name than the control plane gave the address. */
function isPod(pod: CapturedPod, {workload, uid}: {readonly workload: Workload; readonly uid: string | undefined}): boolean {
  if (uid !== undefined) return pod.uid === uid
  return pod.name === workload.name && pod.namespace === workload.namespace && pod.serviceAccount === workload.serviceAccount
}

function namedAs({name, namespace, serviceAccount}: CapturedPod, workload: Workload): InboundConnection['pod'] {
  return {
    name: name ?? workload.name,
    namespace: namespace ?? workload.namespace,
    serviceAccount: serviceAccount ?? workload.serviceAccount,
  }
}

interface Received {
  readonly captured: Captured
  readonly connection: InboundConnection
}

function receive(lab: Lab, {captured, connection}: Received): {readonly status?: number; readonly dstLog: readonly AccessLine[]} {
  const {state} = captured
  const outcome = inbound(state, connection)[0]?.value[0]?.outcome
  if (outcome === undefined) return {dstLog: []}
  const refused = outcome.kind === 'allowed' && lab.listens(outcome.target.upstream) === false
  const line = inboundLine({state, connection, outcome, ...(refused ? {error: refusal(state, connection)} : {})})
  const status = refused ? 503 : statusOf(outcome)
  return {...(status === undefined ? {} : {status}), dstLog: line === undefined ? [] : [line]}
}

/** ambient-ga K.9: 1.22 had no prefix for HBONE connections. */
function refusal({semantics}: ZtunnelState, {connect}: InboundConnection): string {
  return semantics.denialReasons || connect === undefined ? `connection failed: ${REFUSED}` : REFUSED
}

function statusOf(outcome: InboundOutcome): number | undefined {
  return outcome.kind === 'denied' || outcome.kind === 'rejected' ? outcome.status : undefined
}

/** From 1.29 the far ztunnel says who it is, if the client's is configured to read it. */
function tellsBack({states}: Lab, {uid}: Workload): boolean {
  const own = states.find(({workloadsByUid}) => workloadsByUid.has(uid))
  return own?.semantics.forwardedNetwork === true
}
