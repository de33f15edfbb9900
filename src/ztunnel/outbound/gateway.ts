import {formatSocket} from '../../flow/address.js'
import type {Step} from '../../flow/step.js'
import {andThen, single, type Branch} from '../branch.js'
import type {GatewayAddress, Recorded} from '../config/model.js'
import {byHostname} from '../state/service-by-host.js'
import {serviceByVip} from '../state/service-by-vip.js'
import {describeGateway, hostnamesUnsupported, onDemand, unknownNetworkGateway, unknownWaypoint} from './failure.js'
import type {OutboundFailure, OutboundUnknown} from './outcome.js'
import type {OutboundQuestion} from './question.js'
import {finalize, findUpstream, fromService, type Upstream, type UpstreamResult} from './upstream.js'

export interface GatewayRequest {
  readonly gateway: GatewayAddress
  readonly kind: 'waypoint' | 'network-gateway'
  /** The service or workload that names it. */
  readonly namedBy: Recorded & {readonly name: string; readonly namespace: string}
}

export type GatewayResult = Upstream | OutboundFailure | OutboundUnknown

/** The pod behind a reference to a waypoint or network gateway; the reference may miss, but never silently (ambient-ga B.4). */
export function resolveGateway(question: OutboundQuestion, request: GatewayRequest): readonly Branch<GatewayResult>[] {
  const {gateway} = request
  const steps = [gatewayStep(question, request)]
  const found =
    gateway.kind === 'address' ? byAddress(question, {gateway, kind: request.kind}) : byName(question, {gateway, kind: request.kind})
  return andThen(
    andThen(single(undefined, steps), () => found),
    (result) => single(result.kind === 'none' ? emptyHanded(question, request) : result),
  )
}

interface Reference<K extends GatewayAddress['kind']> {
  readonly gateway: Extract<GatewayAddress, {kind: K}>
  readonly kind: GatewayRequest['kind']
}

/** A gateway given by address keeps the family of that address. */
function byAddress(question: OutboundQuestion, {gateway, kind}: Reference<'address'>): readonly Branch<UpstreamResult>[] {
  return findUpstream(question, {address: gateway, port: gateway.port, mode: resolutionMode(question, kind)})
}

/** A gateway given by hostname takes the family of the client's target. */
function byName(question: OutboundQuestion, {gateway, kind}: Reference<'hostname'>): readonly Branch<UpstreamResult>[] {
  const {state, target} = question
  if (state.semantics.gatewayHostnames === 'none') return single(hostnamesUnsupported())
  const found = byHostname(state, gateway)
  const fail = kind === 'waypoint' ? unknownWaypoint : unknownNetworkGateway
  if (found === undefined) return single(absent(question, {what: gateway.hostname, failure: fail(gateway.hostname)}))
  if ('workload' in found) return finalize(question, {workload: found.workload, port: gateway.port, reference: target.ip})
  return fromService(question, {service: found.service, port: gateway.port, mode: resolutionMode(question, kind), reference: target.ip})
}

/** Nothing of that name, unless it is only fetched when asked for. */
function absent(
  {state}: OutboundQuestion,
  {what, failure}: {readonly what: string; readonly failure: OutboundFailure},
): OutboundFailure | OutboundUnknown {
  return state.config.settings.xdsOnDemand ? onDemand(what, failure) : failure
}

function resolutionMode({state}: OutboundQuestion, kind: GatewayRequest['kind']): 'standard' | 'waypoint' {
  return kind === 'waypoint' && state.semantics.tunnelledWaypointPorts ? 'waypoint' : 'standard'
}

/** A service that is known has its endpoints; an address that is not may be fetched when asked for. */
function emptyHanded(question: OutboundQuestion, request: GatewayRequest): OutboundFailure | OutboundUnknown {
  const {state, source, history} = question
  const {gateway} = request
  const failure = notFound(question, request)
  if (gateway.kind === 'hostname') return failure
  const isKnown = serviceByVip(state, {address: gateway, namespace: source.namespace, history}) !== undefined
  return isKnown ? failure : absent(question, {what: gateway.ip, failure})
}

function notFound({state}: OutboundQuestion, {gateway, kind}: GatewayRequest): OutboundFailure {
  if (kind === 'network-gateway') return unknownNetworkGateway(describeGateway(gateway))
  // ambient-ga K.7: 1.22 only knew addresses and named them alone.
  const short = state.semantics.gatewayHostnames === 'none' && gateway.kind === 'address'
  return unknownWaypoint(short ? gateway.ip : describeGateway(gateway))
}

function gatewayStep(question: OutboundQuestion, {gateway, kind, namedBy}: GatewayRequest): Step {
  const name = gateway.kind === 'address' ? formatSocket(gateway) : `${gateway.namespace}/${gateway.hostname}`
  return {
    kind: kind === 'waypoint' ? 'waypoint' : 'gateway',
    name,
    effect: `port ${gateway.port}`,
    because: [`${kind} of ${namedBy.namespace}/${namedBy.name}`],
    evidence: question.state.evidence(namedBy),
  }
}
