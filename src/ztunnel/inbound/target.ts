import {isIpv6} from '../config/ip.js'
import type {SocketAddress} from '../../flow/address.js'
import type {Service, Workload} from '../config/model.js'
import {missingOnDemand} from '../on-demand.js'
import type {History} from '../state/history.js'
import {serviceByHost} from '../state/service-by-host.js'
import type {ZtunnelState} from '../state/state.js'
import type {Authority} from './authority.js'
import type {InboundRejected, InboundTarget, InboundUnknown} from './outcome.js'
import {rejected, selfCall} from './rejection.js'

export interface TargetQuestion {
  readonly state: ZtunnelState
  readonly workload: Workload
  readonly local: SocketAddress
  readonly authority: Authority
  readonly history: History
}

/** Which port of the local pod a CONNECT is for, and how it gets there (ambient-ga C.1). */
export function inboundTarget(question: TargetQuestion): InboundTarget | InboundRejected | InboundUnknown {
  const {state, workload, local, authority} = question
  const named = authority.kind === 'host' ? namedService(question, authority) : undefined
  if (named !== undefined && 'kind' in named) return named
  const port = named?.port ?? authority.port
  if (state.config.settings.illegalPorts.includes(port)) return selfCall(state.semantics.illegalPortStatus)
  const direct = {
    workload,
    upstream: {ip: local.ip, port},
    throughLoopback: false,
    ...(named === undefined ? {} : {service: named.service}),
  }
  return workload.applicationTunnel === undefined ? direct : tunnelled(question, direct)
}

interface NamedService {
  readonly service: Service
  readonly port: number
}

function namedService(
  {state, workload, history}: TargetQuestion,
  {host, port}: Extract<Authority, {kind: 'host'}>,
): NamedService | InboundRejected | InboundUnknown {
  const service = serviceByHost(state, {hostname: host, namespace: workload.namespace, history})
  if (service === undefined && state.config.settings.xdsOnDemand) return {kind: 'unknown', missing: missingOnDemand(host)}
  if (service === undefined) return rejected(`no service or workload for hostname: ${host}`, {status: 503})
  const own = service.endpoints.find(({workloadUid}) => workloadUid === workload.uid)?.ports.get(port)
  const target = own ?? service.ports.get(port) ?? 0
  if (target === 0) return rejected(`requested service ${host}:${port} found, but cannot resolve port`, {status: 503})
  return {service, port: target}
}

/** An application tunnel may have a port of its own; PROXY headers carry addresses only, so a host becomes a VIP. */
function tunnelled({state, workload, authority}: TargetQuestion, direct: InboundTarget): InboundTarget | InboundRejected {
  const {applicationTunnel} = workload
  if (applicationTunnel === undefined) return direct
  const target =
    authority.kind === 'address' ? {ip: authority.ip, port: authority.port} : vipOf(state, {service: direct.service, port: authority.port})
  if (target === undefined) {
    return rejected(`requested service ${direct.service?.hostname ?? ''} found, but has no IP addresses`, {status: 503})
  }
  return {
    ...direct,
    upstream: {ip: direct.upstream.ip, port: applicationTunnel.port ?? direct.upstream.port},
    tunnel: {...applicationTunnel, target},
    throughLoopback: applicationTunnel.protocol === 'PROXY' && state.config.settings.localhostAppTunnel,
  }
}

/** VIPs of the own network first, IPv4 before IPv6; of equals the last one. */
function vipOf({config}: ZtunnelState, named: {readonly service: Service | undefined; readonly port: number}): SocketAddress | undefined {
  const vips = (named.service?.vips ?? []).map((vip) => ({
    ...vip,
    rank: vip.network === config.settings.network ? (isIpv6(vip.ip) ? 1 : 2) : 0,
  }))
  const best = Math.max(...vips.map(({rank}) => rank))
  const vip = vips.findLast(({rank}) => rank === best)
  return vip === undefined ? undefined : {ip: vip.ip, port: named.port}
}
