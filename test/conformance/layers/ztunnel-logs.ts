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

/** Ports that applications listen on, as the inventory lists them; undefined for a pod it does not know. */
export function listeners(scenarioDir: string): Lab['listens'] {
  const file = join(scenarioDir, 'inventory.json')
  const pods = existsSync(file) ? (inventory.parse(JSON.parse(readFileSync(file, 'utf8'))).pods ?? []) : []
  return ({ip, port}) => pods.find(({ips}) => ips?.includes(ip))?.listensOn?.includes(port)
}

/** One live flow: from the application through both ztunnels. */
export function predictLogs({input, lab}: LogQuestion): unknown {
  const target = parseSocket(input.destination)
  if (target === undefined) return {undetermined: `the destination is not understood: ${input.destination}`}
  // A pod that calls its own address is not captured (ambient-ga B.0).
  if (target.ip === input.source.ip) return NONE
  const client = {ip: target.ip.startsWith('127.') ? target.ip : input.source.ip, port: 0}
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
  const line = (error?: string): Lines => ({
    srcLog: [outboundLine({source, outcome, ...(error === undefined ? {} : {error})})].filter((one) => one !== undefined),
    dstLog: [],
  })
  if (outcome.kind !== 'request') return line()
  if (outcome.protocol === 'TCP') {
    const {dstLog} = arrive(lab, {client, to: outcome.dial})
    return {...line(dstLog.length === 0 && lab.listens(outcome.dial) === false ? `io error: ${REFUSED}` : undefined), dstLog}
  }
  const {error, dstLog} = tunnel(lab, {source, client, request: outcome})
  return {...line(error), dstLog}
}

interface Tunnelled {
  readonly source: Workload
  readonly client: SocketAddress
  readonly request: OutboundRequest
}

/** HBONE as far as its first end: the error the client's ztunnel logs, and the lines of the other one. */
function tunnel(lab: Lab, {source, client, request}: Tunnelled): {readonly error?: string; readonly dstLog: readonly AccessLine[]} {
  const captured = capturedAt(lab, request.dial)
  if (captured === undefined) return {error: `io error: ${REFUSED}`, dstLog: []}
  const handshake = checkPeer(captured.workload, identityOf(source))
  if (handshake !== undefined) {
    const logged = captured.state.semantics.logsHandshakes
    return {
      error: 'h2 failed: received fatal alert: CertificateUnknown',
      dstLog: logged ? [{direction: 'inbound', error: handshake.error}] : [],
    }
  }
  const host = request.service === undefined ? {} : {forwardedHost: request.service.hostname}
  const connect = {method: 'CONNECT', authority: request.authority ?? '', ...host}
  const connection = {pod: captured.pod, source: client, identity: identityOf(source), local: request.dial, connect}
  const {status, dstLog} = receive(lab, {captured, connection})
  return {...(status === undefined ? {} : {error: statusError(status)}), dstLog}
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
    const pod = state.config.capturedPods?.find((one) => workload !== undefined && one.up && isPod(one, workload))
    if (workload !== undefined && pod !== undefined) return {state, workload, pod: workload}
  }
  return undefined
}

function isPod(pod: CapturedPod, workload: Workload): boolean {
  return pod.name === workload.name && pod.namespace === workload.namespace && pod.serviceAccount === workload.serviceAccount
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
