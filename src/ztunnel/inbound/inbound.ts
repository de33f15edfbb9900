import type {Step} from '../../flow/step.js'
import {authorize, type Authorization} from '../authorization/authorize.js'
import {canonicalIp} from '../config/ip.js'
import type {Workload} from '../config/model.js'
import {findSource, isPod} from '../outbound/source.js'
import {overHistories, type History, type Told} from '../state/history.js'
import type {ZtunnelState} from '../state/state.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import {parseAuthority} from './authority.js'
import {checkAuthority} from './check-authority.js'
import type {InboundConnection, InboundDenied, InboundOutcome, InboundRejected, InboundTarget, InboundUnknown} from './outcome.js'
import {rejected, selfCall} from './rejection.js'
import {inboundTarget} from './target.js'

/** One legitimate result, with the steps that led to it. */
export interface InboundResult {
  readonly outcome: InboundOutcome
  readonly steps: readonly Step[]
}

/** Several results where a random order inside ztunnel decides which policy is named (ambient-ga I.14). */
export type InboundAnswer = readonly Told<readonly InboundResult[]>[]

/** What a ztunnel from 1.22 on does with a connection for a captured pod, before it dials the application (ambient-ga C.1 to C.3). */
export function inbound(state: ZtunnelState, connection: InboundConnection): InboundAnswer {
  const arrived = {
    ...connection,
    source: {ip: canonicalIp(connection.source.ip), port: connection.source.port},
    local: {ip: canonicalIp(connection.local.ip), port: connection.local.port},
  }
  return overHistories((history) => (state.semantics.serviceWaypoints ? decide(state, {connection: arrived, history}) : notModelled())).told
}

/** Before 1.22 inbound traffic could be sent back to a waypoint: other rules, of which nothing was recorded. */
function notModelled(): readonly InboundResult[] {
  return [{outcome: {kind: 'unknown', missing: {what: 'the inbound rules of ztunnel before 1.22'}}, steps: []}]
}

interface Arrived {
  readonly connection: InboundConnection
  readonly history: History
}

function decide(state: ZtunnelState, {connection, history}: Arrived): readonly InboundResult[] {
  const workload = ownWorkload(state, {connection, history})
  if ('error' in workload) return [{outcome: rejected(workload.error, connection.connect === undefined ? {} : {status: 503}), steps: []}]
  const target =
    connection.connect === undefined ? plaintextTarget(state, {connection, workload}) : hboneTarget(state, {connection, workload, history})
  if ('kind' in target) return [{outcome: target, steps: []}]
  // Before 1.24 the mismatch shows here only, as a denial without any policy (ambient-ga K.7).
  if (!isPod(workload, connection.pod)) return [{outcome: denied(state, {reason: {text: ''}, connection, target}), steps: []}]
  return decidePolicies(state, {connection, target})
}

/** Before 1.24 whoever has the address of the pod, without a look at whom the node agent named. */
function ownWorkload(state: ZtunnelState, {connection, history}: Arrived): ReturnType<typeof findSource> {
  const {pod, local} = connection
  const address = {network: state.config.settings.network, ip: local.ip}
  const holder = state.semantics.sourceByAddress ? workloadByAddress(state, {address, history}) : undefined
  return holder ?? findSource(state, {pod: {...pod, ip: local.ip}, history})
}

interface Located {
  readonly connection: InboundConnection
  readonly workload: Workload
}

/** ambient-ga C.2: plaintext goes to where it was sent; there is no detour through a waypoint. */
function plaintextTarget(state: ZtunnelState, {connection, workload}: Located): InboundTarget | ReturnType<typeof selfCall> {
  const {local} = connection
  if (state.config.settings.illegalPorts.includes(local.port)) return selfCall()
  return {workload, upstream: local, throughLoopback: false}
}

function hboneTarget(
  state: ZtunnelState,
  located: Located & {readonly history: History},
): InboundTarget | InboundRejected | InboundUnknown {
  const {connection, workload, history} = located
  const {method = '', authority: text = ''} = connection.connect ?? {}
  if (method !== 'CONNECT') return rejected(`expected method CONNECT, got ${method}`, {status: 400})
  const authority = parseAuthority(text)
  if (authority === undefined || (authority.kind === 'host' && !state.semantics.hostAuthority)) {
    return rejected(`no valid authority pseudo header: ${text}`, {status: 400})
  }
  const question = {state, workload, local: connection.local, authority, history}
  return checkAuthority(question) ?? inboundTarget(question)
}

interface Targeted {
  readonly connection: InboundConnection
  readonly target: InboundTarget
}

/** Policies see the pod's final port, and the identity of the peer: after a waypoint, that is the waypoint's (ambient-ga C.3). */
function decidePolicies(state: ZtunnelState, {connection, target}: Targeted): readonly InboundResult[] {
  const {source, identity} = connection
  const authorized = {source, destination: target.upstream, ...(identity === undefined ? {} : {identity})}
  const {decision, reasons, steps} = authorize(state, {workload: target.workload, connection: authorized})
  switch (decision) {
    case 'allow':
      return [{outcome: {kind: 'allowed', target}, steps}]
    case 'deny':
      return reasons.map((reason) => ({outcome: denied(state, {reason, connection, target}), steps}))
    case 'undetermined':
      return [{outcome: {kind: 'unknown', missing: {what: 'a policy uses a field this tool does not know'}}, steps}]
    default:
      return decision satisfies never
  }
}

function denied(
  state: ZtunnelState,
  {reason, connection, target}: Targeted & {readonly reason: Authorization['reasons'][number]},
): InboundDenied {
  const suffix = state.semantics.denialReasons ? `: ${reason.text}` : ''
  return {
    kind: 'denied',
    target,
    error: `connection closed due to policy rejection${suffix}`,
    ...(reason.policy === undefined ? {} : {policy: reason.policy}),
    ...(connection.connect === undefined ? {} : {status: 401}),
  }
}
