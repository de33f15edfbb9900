import {parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {routeOutput} from '../route/output.js'
import type {RouteAnswer, RouteRequest} from '../route/route.js'
import type {TableVerdict} from './chain.js'
import type {Change} from './hook.js'
import {hasPorts, packetFamily, type Packet} from './packet.js'
import {passHook, startPass, type Passing} from './pass.js'
import {reject} from './reject.js'
import {namespaceOf, type Run, type Sending} from './run.js'
import {transmit} from './transmit.js'
import type {Transit} from './transit.js'

/** A packet leaves a socket: route, OUTPUT, another route if something changed, POSTROUTING, device. Source: envoy-2022 C.4. */
export function sendPacket(run: Run, sending: Sending): void {
  const namespace = namespaceOf(run, sending.namespace)
  if (namespace === undefined) return
  const route = firstRoute(namespace, sending)
  if (route.kind === 'undetermined') run.doubts.push(route.why)
  if (route.kind === 'refused' && sending.socket !== undefined) sending.socket.state = {error: route.error}
  if (route.kind !== 'route') return
  const {packet, mark} = sending
  const passing = startPass(run, {namespace, packet, start: {hook: 'OUTPUT', device: route.device, mark}})
  leave(passing, {sending, route})
}

/** What is sent without a source of its own; IPv6 asks again with the one it chose when there is no other way. */
function firstRoute(namespace: NetworkNamespace, {sourceFromRoute, ...sending}: Sending): RouteAnswer {
  const first = routeFor(namespace, {...sending, ...(sourceFromRoute === undefined ? {} : {sourceFromRoute})})
  return first.kind === 'refused' && sourceFromRoute === true && packetFamily(sending.packet) === 6 ? routeFor(namespace, sending) : first
}

function routeFor(namespace: NetworkNamespace, {packet, mark, anySource, sourceFromRoute}: Sending): RouteAnswer {
  const [destination, source] = [parseIp(packet.destination.ip), parseIp(packet.source.ip)]
  if (destination === undefined) return {kind: 'undetermined', why: `"${packet.destination.ip}" is no address`}
  return routeOutput(namespace, {
    destination,
    mark,
    ...(source === undefined || sourceFromRoute === true ? {} : {source}),
    ...(anySource === undefined ? {} : {anySource}),
    ...portsOf(packet),
  })
}

function portsOf(packet: Packet): Pick<RouteRequest, 'protocol' | 'sourcePort' | 'destinationPort' | 'openPorts' | 'tos'> {
  const {protocol, source, destination, openPorts, tos = 0} = packet
  return hasPorts(packet) ? {protocol, sourcePort: source.port, destinationPort: destination.port, openPorts, tos} : {protocol, tos}
}

interface Leaving {
  readonly sending: Sending
  readonly route: Extract<RouteAnswer, {kind: 'route'}>
}

function leave(passing: Passing, {sending, route}: Leaving): void {
  const transit: Transit = {
    packet: sending.packet,
    mark: sending.mark,
    outDevice: route.device,
    route,
    ownSocket: sending.ownSocket === true,
    ...(sending.tracked === undefined ? {} : {tracked: sending.tracked}),
    ...(sending.isSeen === undefined ? {} : {isSeen: sending.isSeen}),
    ...(sending.owner === undefined ? {} : {socketOwner: sending.owner}),
  }
  const verdict = passHook(passing, {hook: 'OUTPUT', transit, afterChange: rerouting(passing.namespace)})
  if (verdict.kind === 'reject') reject(passing, verdict)
  const sent = verdict.kind === 'accept' ? postroute(passing, {transit: withTunnel(verdict.transit, sending)}) : verdict
  tellSender(sending, sent)
}

/** Who sends a datagram learns at once that it was dropped; TCP tries again, a ping of IPv6 does not hear of it (ip_send_skb, tcp_connect, icmpv6_push_pending_frames). */
function tellSender({socket}: Sending, verdict: TableVerdict): void {
  if (socket === undefined || verdict.kind === 'accept') return
  if (socket.protocol === 'tcp' || socket.protocol === 'icmpv6') return
  socket.state = {error: verdict.kind === 'drop' ? (verdict.error ?? 'EPERM') : 'EPERM'}
}

/** What a tunnel device sends still names that device as the one it came from. */
function withTunnel(transit: Transit, {tunnel}: Sending): Transit {
  return tunnel === undefined ? transit : {...transit, inDevice: tunnel}
}

export function postroute(passing: Passing, {transit}: {readonly transit: Transit}): TableVerdict {
  if (transit.route !== undefined) passing.pass.route = transit.route
  const leaving = transit.route === undefined ? transit : {...transit, outDevice: transit.route.device}
  const verdict = passHook(passing, {hook: 'POSTROUTING', transit: leaving})
  if (verdict.kind === 'accept') transmit(passing, verdict.transit)
  return verdict
}

/**
 * A changed address or type of service asks for another route, and after mangle a changed mark too (ip_route_me_harder, nf_nat_ipv4_local_fn), with any source.
 * The other tables of OUTPUT still see the first device (nf_hook_state).
 */
function rerouting(namespace: NetworkNamespace): (change: Change) => TableVerdict {
  return ({by, before, transit}) => {
    const isMarked = by === 'mangle' && transit.mark !== before.mark
    if (!isMarked && isRoutedAlike(transit.packet, before.packet)) return {kind: 'accept', transit}
    const route = routeFor(namespace, {namespace: namespace.name, packet: transit.packet, mark: transit.mark, anySource: true})
    if (route.kind === 'route') return {kind: 'accept', transit: {...transit, route}}
    const error = route.kind === 'refused' ? {error: route.error} : {}
    return {kind: 'drop', why: `no route after ${by} changed the packet`, ...error}
  }
}

function isRoutedAlike(a: Packet, b: Packet): boolean {
  const hasSameTos = (a.tos ?? 0) === (b.tos ?? 0)
  return a.source.ip === b.source.ip && a.destination.ip === b.destination.ip && hasSameTos
}
