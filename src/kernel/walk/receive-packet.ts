import {parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import type {DeviceEnd} from '../config/network.js'
import {forwards} from '../config/settings.js'
import {sysctl} from '../config/sysctl.js'
import {routeInput} from '../route/input.js'
import type {RouteAnswer} from '../route/route.js'
import {deliver} from './deliver.js'
import {sendError} from './errors.js'
import {packetFamily, type IcmpError} from './packet.js'
import {passHook, startPass, type Passing} from './pass.js'
import {reject} from './reject.js'
import {namespaceOf, receive, type Arriving, type Run} from './run.js'
import {postroute} from './send-packet.js'
import {connectedSocket} from './sockets.js'
import type {Transit} from './transit.js'

/** A packet comes in: PREROUTING, route, then INPUT and its socket, or FORWARD and the next device. Source: envoy-2022 C.4. */
export function receivePacket(run: Run, arriving: Arriving): void {
  if (arriving.bridge !== undefined) {
    crossBridge(run, {...arriving, bridge: arriving.bridge})
    return
  }
  const namespace = namespaceOf(run, arriving.namespace)
  if (namespace === undefined || strayedFromLoopback(arriving)) return
  const {packet, mark, device, looped} = arriving
  const passing = startPass(run, {namespace, packet, start: {hook: 'PREROUTING', device, mark}})
  const transit: Transit = {
    packet,
    mark,
    inDevice: device,
    zone: 0,
    ownSocket: false,
    ...(looped?.tracked === undefined ? {} : {tracked: looped.tracked}),
  }
  const verdict = passHook(passing, {hook: 'PREROUTING', transit})
  if (verdict.kind !== 'accept') return
  const changed = verdict.transit.packet.destination.ip !== packet.destination.ip
  const route: RouteAnswer = looped !== undefined && !changed ? looped.route : routeFor(namespace, verdict.transit)
  take(passing, {transit: verdict.transit, route})
}

/** IPv6 takes loopback addresses from the loopback alone, before any rule (ipv6_rcv). */
function strayedFromLoopback({packet: {source, destination}, device}: Arriving): boolean {
  return device !== 'lo' && [source.ip, destination.ip].includes('::1')
}

/**
 * With br_netfilter, which kube-proxy needs, bridged frames pass the hooks of the bridge's namespace, with the bridge as both devices;
 * without it they pass unseen. They keep their time to live. What DNAT sends elsewhere is routed. Source: br_netfilter_hooks.c.
 */
function crossBridge(run: Run, {bridge, ...arriving}: Arriving & {readonly bridge: DeviceEnd}): void {
  const namespace = namespaceOf(run, bridge.namespace)
  if (namespace === undefined) return
  const {packet, mark} = arriving
  if (sysctl(namespace.sysctls, BRIDGE_SWITCHES[packetFamily(packet)]) === 0) {
    receive(run, arriving)
    return
  }
  const passing = startPass(run, {namespace, packet, start: {hook: 'PREROUTING', device: bridge.device, mark}})
  const first = passHook(passing, {hook: 'PREROUTING', transit: {packet, mark, inDevice: bridge.device, zone: 0, ownSocket: false}})
  if (first.kind !== 'accept') return
  if (first.transit.packet.destination.ip !== packet.destination.ip) {
    take(passing, {transit: first.transit, route: routeFor(namespace, first.transit)})
    return
  }
  const second = passHook(passing, {hook: 'FORWARD', transit: {...first.transit, outDevice: bridge.device}})
  const last = second.kind === 'accept' ? passHook(passing, {hook: 'POSTROUTING', transit: second.transit}) : second
  if (last.kind === 'accept') receive(run, {...arriving, packet: last.transit.packet})
}

const BRIDGE_SWITCHES = {4: 'net.bridge.bridge-nf-call-iptables', 6: 'net.bridge.bridge-nf-call-ip6tables'} as const

function routeFor(namespace: NetworkNamespace, {packet, mark, inDevice = ''}: Transit): RouteAnswer {
  const [destination, source] = [parseIp(packet.destination.ip), parseIp(packet.source.ip)]
  if (destination === undefined || source === undefined) return {kind: 'undetermined', why: 'an address cannot be read'}
  const {protocol} = packet
  const ports = {sourcePort: packet.source.port, destinationPort: packet.destination.port}
  return routeInput(namespace, {destination, source, mark, device: inDevice, protocol, ...ports})
}

function take(passing: Passing, {transit, route}: {readonly transit: Transit; readonly route: RouteAnswer}): void {
  switch (route.kind) {
    case 'undetermined':
      passing.run.doubts.push(route.why)
      return
    case 'refused':
      refuse(passing, {transit, route})
      return
    default:
      passing.pass.route = route
      if (route.type === 'unicast') forward(passing, {...transit, route, outDevice: route.device})
      else takeIn(passing, {...transit, route})
  }
}

/** ip_error: nothing is said where forwarding is off, nor to addresses that cannot be true. */
function refuse(
  {run, namespace, pass}: Passing,
  {transit, route}: {readonly transit: Transit; readonly route: Extract<RouteAnswer, {kind: 'refused'}>},
): void {
  pass.ended = route.why
  const family = packetFamily(transit.packet)
  if (family === 4 && !forwards(namespace, {family, device: transit.inDevice ?? ''})) return
  const error = REFUSALS[route.error]
  if (error !== undefined) sendError(run, {namespace, transit, error})
}

const REFUSALS: Readonly<Record<string, IcmpError | undefined>> = {
  ENETUNREACH: 'net-unreachable',
  EHOSTUNREACH: 'host-unreachable',
  EACCES: 'prohibited',
}

function takeIn(passing: Passing, transit: Transit): void {
  const verdict = passHook(passing, {hook: 'INPUT', transit})
  if (verdict.kind === 'reject') reject(passing, verdict)
  if (verdict.kind === 'accept') deliver(passing, verdict.transit)
}

function forward(passing: Passing, transit: Transit): void {
  const {run, namespace, pass} = passing
  const hindrance = hindranceOf(passing, transit)
  if (hindrance !== undefined) {
    pass.ended = hindrance
    return
  }
  if (transit.packet.ttl <= 1) {
    pass.ended = 'its time to live is over'
    sendError(run, {namespace, transit, error: 'ttl-exceeded'})
    return
  }
  const verdict = passHook(passing, {hook: 'FORWARD', transit: {...transit, packet: {...transit.packet, ttl: transit.packet.ttl - 1}}})
  if (verdict.kind === 'reject') reject(passing, verdict)
  if (verdict.kind === 'accept') postroute(passing, {transit: verdict.transit})
}

/** What ends a packet in silence before FORWARD (ip_forward). */
function hindranceOf({run, namespace}: Passing, {packet, inDevice = '', stolenBy}: Transit): string | undefined {
  if (!forwards(namespace, {family: packetFamily(packet), device: inDevice})) return 'forwarding is off'
  // Early demux and TPROXY find the socket before the route is known; what belongs to a socket is never forwarded.
  const owned =
    stolenBy !== undefined || (packet.protocol === 'tcp' && connectedSocket(run, {namespace: namespace.name, packet}) !== undefined)
  return owned ? 'it belongs to a socket here, but its route leads elsewhere' : undefined
}
