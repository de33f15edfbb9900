import {formatSocket, type SocketAddress} from '../../flow/address.js'
import {fraction} from '../../flow/share.js'
import {andThen, single, type Branch} from '../branch.js'
import {identityOf, type GatewayAddress, type NetworkAddress, type Service, type Workload} from '../config/model.js'
import {serviceByVip} from '../state/service-by-vip.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import {noAddressResolved, noValidDestination} from './failure.js'
import type {OutboundFailure, OutboundOutcome, OutboundUnknown} from './outcome.js'
import type {OutboundQuestion} from './question.js'

type Outcomes = readonly Branch<OutboundOutcome>[]

interface Found {
  readonly workload: Workload
  readonly port: number
  readonly service?: Service
}

/**
 * How ztunnel up to 1.21 serves a connection: services only spread connections, whatever cannot be resolved passes through, and only
 * workloads have waypoints (ambient-ga K.7).
 */
export function decideLegacyOutbound(question: OutboundQuestion): Outcomes {
  const {source, target} = question
  return andThen(find(question, {address: {network: source.network, ip: target.ip}, port: target.port}), (found) => {
    if (found === undefined) return single(passthrough(target))
    return andThen(anyIp(question, found.workload), (ip) => (typeof ip === 'string' ? serve(question, {...found, ip}) : single(ip)))
  })
}

interface Wanted {
  readonly address: NetworkAddress
  readonly port: number
}

function find(question: OutboundQuestion, {address, port}: Wanted): readonly Branch<Found | undefined>[] {
  const {state, source, history} = question
  const service = serviceByVip(state, {address, namespace: source.namespace, history})
  if (service !== undefined) return drawEndpoint(question, {service, port})
  const workload = workloadByAddress(state, {address, history})
  return single(workload === undefined ? undefined : {workload, port})
}

/** ambient-ga K.7: an undeclared port, or no endpoint at all, is no service. */
function drawEndpoint(
  {state}: OutboundQuestion,
  {service, port}: {readonly service: Service; readonly port: number},
): readonly Branch<Found | undefined>[] {
  const declared = service.ports.get(port)
  // 1.18 keeps the workloads of each port apart; from 1.19 a service has one set for all its ports.
  const endpoints = state.config.shape === 'vips' ? service.endpoints.filter(({ports}) => ports.has(port)) : service.endpoints
  if (declared === undefined || endpoints.length === 0) return single(undefined)
  return endpoints.map((endpoint) => {
    const workload = state.workloadsByUid.get(endpoint.workloadUid)
    const effect = workload === undefined ? `endpoint ${endpoint.workloadUid}, which is not known` : `endpoint ${endpoint.workloadUid}`
    return {
      value: workload === undefined ? undefined : {workload, port: endpoint.ports.get(port) ?? declared, service},
      share: fraction(1, endpoints.length),
      steps: [
        {kind: 'load-balance', name: service.hostname, effect, because: [`service port ${port}`], evidence: state.evidence(endpoint)},
      ],
    }
  })
}

/** One of all addresses, whatever the family of the target. */
function anyIp(question: OutboundQuestion, workload: Workload): readonly Branch<string | OutboundFailure | OutboundUnknown>[] {
  const ips = workload.ips.length > 0 || workload.hostname === '' ? workload.ips : question.resolve(workload.hostname)
  if (ips === undefined) return single({kind: 'unknown', missing: {what: `the address ztunnel gets from DNS for "${workload.hostname}"`}})
  if (ips.length > 0) return ips.map((ip) => ({value: ip, share: fraction(1, ips.length), steps: []}))
  return single(workload.hostname === '' ? noValidDestination(workload, question.state.semantics) : noAddressResolved(workload))
}

type Located = Found & {readonly ip: string}

function serve(question: OutboundQuestion, located: Located): Outcomes {
  const {waypoints} = located.workload
  if (waypoints.length === 0) return single(direct(question, located))
  const drawn = waypoints.map((value) => ({value, share: fraction(1, waypoints.length), steps: []}))
  return andThen(drawn, (gateway) => throughWaypoint(question, {located, gateway}))
}

function direct({state}: OutboundQuestion, {workload, ip, port, service}: Located): OutboundOutcome {
  const hbone = workload.protocol === 'HBONE'
  const sameNode = hbone && workload.node !== '' && workload.node === state.localNode
  return {
    kind: 'request',
    protocol: workload.protocol,
    dial: {ip, port: hbone ? state.config.settings.ports.hbone : port},
    authority: formatSocket({ip, port}),
    nextHop: workload,
    intended: workload,
    ...(service === undefined ? {} : {service}),
    upstreamSans: [identityOf(workload), ...(service?.subjectAltNames ?? [])],
    finalSans: [],
    via: 'direct',
    sameNode,
  }
}

function throughWaypoint(question: OutboundQuestion, input: {readonly located: Located; readonly gateway: GatewayAddress}): Outcomes {
  const {located, gateway} = input
  if (gateway.kind === 'hostname') return single(unknownWaypoint('unsupported feature: hostname lookup not supported yet'))
  return andThen(find(question, {address: gateway, port: gateway.port}), (waypoint): Outcomes => {
    if (waypoint === undefined) return single(unknownWaypoint(`failed to find waypoint for workload: ${located.workload.name}`))
    return andThen(anyIp(question, waypoint.workload), (ip) =>
      single(typeof ip === 'string' ? toWaypoint(question, {located, waypoint, dial: {ip, port: waypoint.port}}) : ip),
    )
  })
}

interface Waypointed {
  readonly located: Located
  readonly waypoint: Found
  readonly dial: SocketAddress
}

function toWaypoint({target}: OutboundQuestion, {located, waypoint, dial}: Waypointed): OutboundOutcome {
  const {workload, service} = located
  return {
    kind: 'request',
    protocol: 'HBONE',
    dial,
    authority: formatSocket(target),
    nextHop: waypoint.workload,
    intended: workload,
    ...(service === undefined ? {} : {service}),
    upstreamSans: [identityOf(waypoint.workload), ...(service?.subjectAltNames ?? [])],
    finalSans: [],
    via: 'workload-waypoint',
  }
}

function passthrough(target: SocketAddress): OutboundOutcome {
  return {
    kind: 'request',
    protocol: 'TCP',
    dial: target,
    authority: formatSocket(target),
    upstreamSans: [],
    finalSans: [],
    via: 'passthrough',
  }
}

function unknownWaypoint(why: string): OutboundFailure {
  const error = `unknown waypoint: ${why}`
  return {kind: 'failure', error, verdict: {kind: 'unknown-waypoint', reason: error}}
}
