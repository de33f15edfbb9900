import {parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {forwards} from '../config/settings.js'
import {routeInput} from '../route/input.js'
import type {RouteAnswer} from '../route/route.js'
import {deliver} from './deliver.js'
import {sendError} from './errors.js'
import {packetFamily, type IcmpError} from './packet.js'
import {passHook, type Passing} from './pass.js'
import {reject} from './reject.js'
import {postroute} from './send-packet.js'
import {connectedSocket} from './sockets.js'
import type {Transit} from './transit.js'

/** Where an arrived packet goes. */
export function arrivalRoute(namespace: NetworkNamespace, {packet, mark, inDevice = ''}: Transit): RouteAnswer {
  const [destination, source] = [parseIp(packet.destination.ip), parseIp(packet.source.ip)]
  if (destination === undefined || source === undefined) return {kind: 'undetermined', why: 'an address cannot be read'}
  const {protocol} = packet
  const ports = {
    sourcePort: packet.source.port,
    destinationPort: packet.destination.port,
    openPorts: packet.openPorts,
    tos: packet.tos ?? 0,
  }
  return routeInput(namespace, {destination, source, mark, device: inDevice, protocol, ...ports})
}

/** A packet that has its route: passed on, taken in, or refused. */
export function take(passing: Passing, {transit, route}: {readonly transit: Transit; readonly route: RouteAnswer}): void {
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
