import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {Arrival, HttpRequest, Payload} from '../../flow/connection.js'
import type {Answer, Forwarding, ProxyLog} from '../../flow/forwarder.js'
import {fraction} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import {inboundLine} from '../access-log.js'
import {single, type Branch} from '../branch.js'
import {identityOf, type Workload} from '../config/model.js'
import {checkPeer} from '../inbound/check-peer.js'
import {inbound, type InboundResult} from '../inbound/inbound.js'
import type {InboundConnection, InboundOutcome, InboundTarget} from '../inbound/outcome.js'
import type {ZtunnelState} from '../state/state.js'
import {CLOSED, stop, toForwarding, undetermined, type Ending} from './exits.js'
import {localPod} from './local-pod.js'
import {withoutCertificate} from './own-certificate.js'

export interface InboundArrival {
  readonly arrival: Arrival
  readonly plaintext: boolean
}

/** A connection for a captured pod: HBONE at its own port, everything else as plaintext (ambient-ga C). */
export function forwardInbound(state: ZtunnelState, {arrival, plaintext}: InboundArrival): Forwarding {
  const local = localAddress(arrival, plaintext)
  const workload = local === undefined ? undefined : localPod(state, local.ip)
  const {source} = arrival
  if (local === undefined || source === undefined || workload === undefined) {
    return only(undetermined({what: `which pod ${local?.ip ?? 'the destination'} is: no workload of the dump has this address`}))
  }
  const opened = plaintext ? {inner: arrival.payload} : openTunnel(state, {payload: arrival.payload, workload})
  if ('ending' in opened) return only(opened.ending, opened.steps)
  const {inner, ...peer} = opened
  const passage = {state, inner, connection: {pod: workload, source, local, ...peer}}
  const answer = inbound(state, passage.connection)
  return toForwarding({told: answer.map(({value, requires}) => ({requires, value: toBranches(passage, value)})), complete: true})
}

/** HBONE reaches the pod at the HBONE port; plaintext was redirected, and its original destination counts. */
function localAddress({entry, originalDestination}: Arrival, plaintext: boolean): SocketAddress | undefined {
  if (plaintext) return originalDestination
  return entry.kind === 'socket' ? {ip: entry.ip, port: entry.port} : undefined
}

function only(ending: Ending, steps: readonly Step[] = []): Forwarding {
  return toForwarding({told: [{value: single(ending, steps), requires: []}], complete: true})
}

type Connect = NonNullable<InboundConnection['connect']>

interface Incoming {
  readonly payload: Payload
  readonly workload: Workload
}

interface Opened {
  readonly inner: Payload
  readonly identity?: string
  readonly connect?: Connect
}

interface Shut {
  readonly ending: Ending
  readonly steps?: readonly Step[]
}

/** Mutual TLS with a certificate of the own trust domain, then HTTP/2 (ambient-ga C.1). */
function openTunnel(state: ZtunnelState, {payload, workload}: Incoming): Opened | Shut {
  if (payload.kind === 'unknown') return {ending: undetermined({what: 'what the client sends to the HBONE port'})}
  if (payload.kind !== 'tls') return {ending: tlsFailure('the HBONE port expects TLS')}
  const lacking = withoutCertificate(state, {identity: identityOf(workload), side: 'downstream'})
  if (lacking !== undefined) return {ending: lacking.ending, steps: [lacking.step]}
  const {peer, trusted, payload: http} = payload
  const identity = peer?.uriSans[0]
  if (identity === undefined || !trusted) return {ending: tlsFailure('the HBONE port expects a client certificate of the mesh')}
  const refused = checkPeer(workload, identity)
  if (refused !== undefined) return {ending: {...stop(refused.verdict, CLOSED), log: {details: refused.error}}}
  return openConnect(http, identity)
}

function openConnect(http: Payload, identity: string): Opened | Shut {
  if (http.kind !== 'http' || http.version !== 'h2') return {ending: NOT_HTTP2}
  return {inner: http.tunneled ?? {kind: 'unknown'}, identity, connect: connectOf(http.request)}
}

const NOT_HTTP2 = stop({kind: 'refused', reason: 'the HBONE port expects HTTP/2'}, CLOSED)

function tlsFailure(reason: string): Ending {
  return stop({kind: 'tls-failure', reason}, CLOSED)
}

function connectOf({method, authority, headers}: HttpRequest): Connect {
  const forwarded = headers.find(([name]) => name === 'forwarded')?.[1]
  const host = /(?:^|;)\s*host="?([^";]+)"?/i.exec(forwarded ?? '')?.[1]
  return {method, authority, ...(host === undefined ? {} : {forwardedHost: host})}
}

interface Passage {
  readonly state: ZtunnelState
  readonly connection: InboundConnection
  readonly inner: Payload
}

/** Several results name different policies for the same denial: which one, is random. */
function toBranches(passage: Passage, results: readonly InboundResult[]): readonly Branch<Ending>[] {
  return results.map(({outcome, steps}) => ({
    value: logged(passage, outcome),
    share: fraction(1, results.length),
    steps: [...checkSteps(passage, outcome), ...steps],
  }))
}

/** The ending with the line that ztunnel prints about it. */
function logged(passage: Passage, outcome: InboundOutcome): Ending {
  const ending = toEnding(passage, outcome)
  const line = inboundLine({...passage, outcome})
  return line === undefined ? ending : {...ending, log: {...ending.log, access: {...line, ...dialled(passage)}}}
}

/** ambient-ga C.5: `dst.addr` is the accepted socket. */
function dialled({connection: {local}}: Passage): {'dst.addr': string} {
  return {'dst.addr': formatSocket(local)}
}

function toEnding(passage: Passage, outcome: InboundOutcome): Ending {
  switch (outcome.kind) {
    case 'allowed':
      return deliver(passage, outcome.target)
    case 'denied': {
      const verdict = {
        kind: 'denied' as const,
        layer: 'l4' as const,
        reason: outcome.error,
        ...(outcome.policy === undefined ? {} : {policy: outcome.policy}),
      }
      return {...stop(verdict, answerOf(outcome.status)), log: logOf(outcome.error, outcome.status)}
    }
    case 'rejected':
      return {...stop(outcome.verdict, answerOf(outcome.status)), log: logOf(outcome.error, outcome.status)}
    case 'unknown':
      return undetermined(outcome.missing)
    default:
      return outcome satisfies never
  }
}

function answerOf(status: number | undefined): Answer {
  return status === undefined ? CLOSED : {kind: 'http', status}
}

function logOf(details: string, code: number | undefined): ProxyLog {
  return {details, ...(code === undefined ? {} : {code})}
}

/** ambient-ga C.1: the pod gets the connection from its client's address; an application tunnel puts the PROXY header in front. */
function deliver({connection, inner}: Passage, {upstream, tunnel}: InboundTarget): Ending {
  const log: ProxyLog = {handledBy: connection.connect === undefined ? 'tcp' : 'connect', upstreamHost: formatSocket(upstream)}
  const payload: Payload =
    tunnel?.protocol === 'PROXY'
      ? {kind: 'proxy-protocol', source: connection.source, destination: tunnel.target, tlvs: {}, payload: inner}
      : inner
  return {kind: 'depart', log, departure: {to: {kind: 'socket', ...upstream}, source: {kind: 'kept', address: connection.source}, payload}}
}

function checkSteps({state, connection}: Passage, outcome: InboundOutcome): readonly Step[] {
  if (connection.connect === undefined) return []
  const {authority} = connection.connect
  const effect = outcome.kind === 'rejected' ? outcome.error : `the connection is for port ${portOf(outcome)}`
  return [
    {
      kind: 'inbound-check',
      name: authority,
      effect,
      because: [`authority ${authority}`, `pod ${connection.local.ip}`],
      evidence: 'target' in outcome ? state.evidence(outcome.target.workload) : [],
    },
  ]
}

function portOf(outcome: InboundOutcome): string {
  return 'target' in outcome ? String(outcome.target.upstream.port) : '?'
}
