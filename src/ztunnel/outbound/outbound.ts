import type {SocketAddress} from '../../flow/address.js'
import {single, type Branch} from '../branch.js'
import {canonicalIp} from '../config/ip.js'
import type {Workload} from '../config/model.js'
import {overHistories, type Told} from '../state/history.js'
import type {ZtunnelState} from '../state/state.js'
import {decideOutbound} from './decide.js'
import {illegalCall, onDemand} from './failure.js'
import {decideLegacyOutbound} from './decide-legacy.js'
import type {OutboundFailure, OutboundOutcome} from './outcome.js'
import type {Resolver} from './question.js'
import {findSource, type SourcePod} from './source.js'

export interface OutboundConnection {
  readonly source: SourcePod
  /** The original destination. */
  readonly target: SocketAddress
  readonly resolve?: Resolver
}

/** All outcomes of a connection, once per order of arrival that the dump does not hold; the first is the most likely one. */
export interface OutboundAnswer {
  readonly histories: readonly Told<readonly Branch<OutboundOutcome>[]>[]
  /** False when there are more histories than are told apart. */
  readonly complete: boolean
}

/** What a ztunnel of any release does with a connection it accepted from a pod, before it dials (ambient-ga B.0 to B.9). */
export function outbound(state: ZtunnelState, connection: OutboundConnection): OutboundAnswer {
  const target = {ip: canonicalIp(connection.target.ip), port: connection.target.port}
  const pod = {...connection.source, ip: canonicalIp(connection.source.ip)}
  const decide = state.semantics.serviceWaypoints ? decideOutbound : decideLegacyOutbound
  const resolve = connection.resolve ?? (() => undefined)
  if (isRecursive(state, target)) return {histories: [{value: single<OutboundOutcome>(illegalCall()), requires: []}], complete: true}
  const {told, complete} = overHistories((history) => {
    const source = findSource(state, {pod, history})
    if (isFailure(source)) return single<OutboundOutcome>(state.config.settings.xdsOnDemand ? onDemand(`pod ${pod.ip}`, source) : source)
    return decide({state, source, sourceIp: pod.ip, target, history, resolve})
  })
  return {histories: told, complete}
}

/** A pod that dials ztunnel's own ports on the loopback device (ambient-ga B.0); 1.22 did not check, but knows no such source. */
function isRecursive({config, semantics}: ZtunnelState, {ip, port}: SocketAddress): boolean {
  const loopback = ip === '::1' || /^127\./.test(ip)
  return semantics.recursionCheck && loopback && config.settings.illegalPorts.includes(port)
}

function isFailure(source: Workload | OutboundFailure): source is OutboundFailure {
  return 'error' in source
}
