import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {GatewayAddress, Workload} from '../config/model.js'
import {missingOnDemand} from '../on-demand.js'
import type {Semantics} from '../semantics.js'
import type {OutboundFailure, OutboundUnknown} from './outcome.js'

/** Error texts of the access log, letter for letter (ambient-ga C.5, I.4). */

export function noHealthyUpstream(target: SocketAddress): OutboundFailure {
  return failure(`no healthy upstream: ${formatSocket(target)}`, 'no-healthy-upstream')
}

export function unknownWaypoint(what: string): OutboundFailure {
  return failure(`unknown waypoint: waypoint ${what} not found`, 'unknown-waypoint')
}

export function unknownNetworkGateway(what: string): OutboundFailure {
  return failure(`unknown network gateway: network gateway ${what} not found`, 'unknown-gateway')
}

export function noServiceForTarget(target: SocketAddress): OutboundFailure {
  return failure(`no service for target address: ${formatSocket(target)}`, 'no-healthy-upstream')
}

/** Up to 1.22 the text also named a gateway address, which was never set (ambient-ga K.5). */
export function noValidDestination(workload: Workload, {anyFamily}: Pick<Semantics, 'anyFamily'>): OutboundFailure {
  const via = anyFamily ? ' via None' : ''
  const text = `no valid routing destination for workload: Workload{${workload.name} with uid ${workload.uid}${via} (${workload.protocol})}`
  return failure(text, 'no-healthy-upstream')
}

/** ambient-ga K.7. */
export function hostnamesUnsupported(): OutboundFailure {
  return failure('unsupported feature: hostname lookup not supported yet', 'unknown-waypoint')
}

export function noAddressResolved(workload: Workload): OutboundFailure {
  return failure(`no ip addresses were resolved for workload: ${workload.uid}`, 'no-healthy-upstream')
}

export function illegalCall(): OutboundFailure {
  return failure('attempted recursive call to ourselves', 'refused')
}

/** What the dump does not hold and ztunnel may fetch; `ifNothing` holds if the control plane does not know it either. */
export function onDemand(what: string, ifNothing?: OutboundFailure): OutboundUnknown {
  return {kind: 'unknown', missing: missingOnDemand(what), ...(ifNothing === undefined ? {} : {ifNothing})}
}

/** ztunnel prints its own structure here (ambient-ga I.4). */
export function describeGateway(gateway: GatewayAddress): string {
  const destination =
    gateway.kind === 'address'
      ? `Address(NetworkAddress { network: ${quote(gateway.network)}, address: ${gateway.ip} })`
      : `Hostname(NamespacedHostname { namespace: ${quote(gateway.namespace)}, hostname: ${quote(gateway.hostname)} })`
  return `GatewayAddress { destination: ${destination}, hbone_mtls_port: ${gateway.port} }`
}

function failure(error: string, kind: 'no-healthy-upstream' | 'unknown-waypoint' | 'unknown-gateway' | 'refused'): OutboundFailure {
  return {kind: 'failure', error, verdict: {kind, reason: error}}
}

function quote(text: string): string {
  return JSON.stringify(text)
}
