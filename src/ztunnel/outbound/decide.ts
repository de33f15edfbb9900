import {formatSocket} from '../../flow/address.js'
import {fraction} from '../../flow/share.js'
import type {Step} from '../../flow/step.js'
import {andThen, single, type Branch} from '../branch.js'
import type {GatewayAddress, Service, Workload} from '../config/model.js'
import {serviceByVip} from '../state/service-by-vip.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import {crossNetwork} from './cross-network.js'
import {isFromWaypoint} from './from-waypoint.js'
import {noHealthyUpstream, noServiceForTarget, noValidDestination, onDemand} from './failure.js'
import {resolveGateway} from './gateway.js'
import type {OutboundOutcome, OutboundRequest} from './outcome.js'
import type {OutboundQuestion} from './question.js'
import {dialAddress, findUpstream, upstreamIdentities, type Upstream} from './upstream.js'

type Outcomes = readonly Branch<OutboundOutcome>[]

/** How ztunnel from 1.22 on serves a connection from a pod: every random choice is a branch with its share (ambient-ga B.2). */
export function decideOutbound(question: OutboundQuestion): Outcomes {
  const service = addressedService(question)
  const found = service === undefined ? single(service) : single(service, [serviceStep(question, service)])
  return andThen(found, () => {
    const waypoints = service === undefined ? [] : serviceWaypoints(question, service)
    if (service === undefined) return toUpstream(question, service)
    if (waypoints.length === 0) {
      return andThen(single(undefined, [noWaypoint(question, {of: service})]), () => toUpstream(question, service))
    }
    return andThen(waypoints, (gateway) =>
      gateway === undefined ? toUpstream(question, service) : throughServiceWaypoint(question, {service, gateway}),
    )
  })
}

/** Workloads first here: an address that is both keeps the service's waypoint out (ambient-ga B.2, G.1). */
function addressedService({state, source, target, history}: OutboundQuestion): Service | undefined {
  const address = {network: state.config.settings.network, ip: target.ip}
  if (workloadByAddress(state, {address, history}) !== undefined) return undefined
  return serviceByVip(state, {address, namespace: source.namespace, history})
}

function serviceStep({state, target, source}: OutboundQuestion, service: Service): Step {
  return {
    kind: 'service-lookup',
    name: service.hostname,
    effect: `${target.ip} is a VIP of ${service.namespace}/${service.name}`,
    because: [`client namespace ${source.namespace}`],
    evidence: state.evidence(service),
  }
}

/** Waypoints of services and of workloads are different worlds: which one was asked for, the address decides (ambient-ga 0.6). */
function noWaypoint({state}: OutboundQuestion, {of}: {readonly of: Service | Workload}): Step {
  const isService = 'hostname' in of && 'vips' in of
  return {
    kind: 'waypoint',
    name: 'none',
    effect: isService
      ? `ztunnel knows no waypoint of service ${of.namespace}/${of.name}`
      : `ztunnel knows no waypoint of workload ${of.name}`,
    because: [
      isService
        ? 'addressed by VIP: only a waypoint of the service counts'
        : 'addressed by pod IP: a waypoint of its services does not count',
    ],
    evidence: state.evidence(of),
  }
}

/** Weights decide per connection; weights that are all 0 count as none (ambient-ga I.5). */
function serviceWaypoints({state}: OutboundQuestion, service: Service): readonly Branch<GatewayAddress | undefined>[] {
  const weighted = state.semantics.weightedWaypoints ? service.weightedWaypoints.filter(({weight}) => weight > 0) : []
  const total = weighted.reduce((sum, {weight}) => sum + weight, 0)
  if (total === 0) return service.waypoint === undefined ? [] : single(service.waypoint)
  return weighted.map(({gateway, weight}) => ({value: gateway, share: fraction(weight, total), steps: []}))
}

function throughServiceWaypoint(
  question: OutboundQuestion,
  input: {readonly service: Service; readonly gateway: GatewayAddress},
): Outcomes {
  const {service, gateway} = input
  const {semantics} = question.state
  return andThen(resolveGateway(question, {gateway, kind: 'waypoint', namedBy: service}), (waypoint) => {
    if (waypoint.kind !== 'upstream') return single(waypoint)
    if (semantics.remoteWaypoints && waypoint.workload.network !== question.source.network) {
      return crossNetwork(question, {upstream: waypoint, service})
    }
    return single(toWaypoint(question, {waypoint, via: 'service-waypoint', service}))
  })
}

interface WaypointRequest {
  readonly waypoint: Upstream
  readonly via: OutboundRequest['via']
  readonly service: Service | undefined
}

/** The authority stays what the client dialled; the dial port is the target port behind the waypoint's service (ambient-ga B.2). */
function toWaypoint({state, target}: OutboundQuestion, {waypoint, via, service}: WaypointRequest): OutboundOutcome {
  const dial = dialAddress(waypoint)
  if (dial === undefined) return noValidDestination(waypoint.workload, state.semantics)
  return {
    kind: 'request',
    protocol: 'HBONE',
    dial,
    authority: formatSocket(target),
    nextHop: waypoint.workload,
    ...(service === undefined ? {} : {service}),
    upstreamSans: upstreamIdentities(waypoint),
    finalSans: [],
    via,
  }
}

function toUpstream(question: OutboundQuestion, service: Service | undefined): Outcomes {
  const {source, target} = question
  const found = findUpstream(question, {address: {network: source.network, ip: target.ip}, port: target.port, mode: 'standard'})
  return andThen(found, (upstream) => {
    if (upstream.kind === 'none') return single(withoutUpstream(question, service))
    return upstream.kind === 'upstream' ? serve(question, {upstream, service}) : single(upstream)
  })
}

/** ambient-ga B.2 step 3: an addressed service never falls back to its own VIP, unless it says so. */
function withoutUpstream({state, target}: OutboundQuestion, service: Service | undefined): OutboundOutcome {
  if (service !== undefined && !(state.semantics.passthroughServices && service.loadBalancer?.mode === 'Passthrough')) {
    return noHealthyUpstream(target)
  }
  if (service === undefined && state.config.settings.xdsOnDemand) return onDemand(target.ip)
  return {kind: 'request', protocol: 'TCP', dial: target, upstreamSans: [], finalSans: [], via: 'passthrough'}
}

interface Served {
  readonly upstream: Upstream
  readonly service: Service | undefined
}

function serve(question: OutboundQuestion, {upstream, service}: Served): Outcomes {
  const {state, source, target} = question
  if (state.semantics.crossNetwork && upstream.workload.network !== source.network) {
    return service === undefined ? single(noServiceForTarget(target)) : crossNetwork(question, {upstream, service})
  }
  const waypoint = service === undefined && !isFromWaypoint(question, upstream.workload) ? upstream.workload.waypoints[0] : undefined
  if (waypoint === undefined) {
    const isPodAddress = service === undefined && upstream.workload.waypoints.length === 0
    return single(direct(question, upstream), isPodAddress ? [noWaypoint(question, {of: upstream.workload})] : [])
  }
  return andThen(resolveGateway(question, {gateway: waypoint, kind: 'waypoint', namedBy: upstream.workload}), (found) =>
    single(
      found.kind === 'upstream' ? toWaypoint(question, {waypoint: found, via: 'workload-waypoint', service: upstream.service}) : found,
    ),
  )
}

/** ambient-ga B.2 step 6: HBONE to its own port with the target in the authority, or plain TCP. */
function direct({state}: OutboundQuestion, upstream: Upstream): OutboundOutcome {
  const {workload, service} = upstream
  const address = dialAddress(upstream)
  if (address === undefined) return noValidDestination(workload, state.semantics)
  const hbone = workload.protocol === 'HBONE'
  return {
    kind: 'request',
    protocol: workload.protocol,
    dial: hbone ? {ip: address.ip, port: state.config.settings.ports.hbone} : address,
    ...(hbone ? {authority: formatSocket(address)} : {}),
    nextHop: workload,
    ...(service === undefined ? {} : {service}),
    upstreamSans: upstreamIdentities(upstream),
    finalSans: [],
    via: 'direct',
  }
}
