import type {NetworkNamespace} from '../config/namespace.js'
import type {DeviceEnd} from '../config/network.js'
import {deviceNamed} from '../config/namespace.js'
import {sysctl} from '../config/sysctl.js'
import type {RouteAnswer} from '../route/route.js'
import {sendError} from './errors.js'
import {neighbourOf} from './neighbours.js'
import {packetFamily, type Packet} from './packet.js'
import {passHook, startPass, type Passing} from './pass.js'
import {reject} from './reject.js'
import {namespaceOf, receive, type Arriving, type Run} from './run.js'
import {arrivalRoute, take} from './take-packet.js'
import type {Transit} from './transit.js'

const SWITCHES = {4: 'net.bridge.bridge-nf-call-iptables', 6: 'net.bridge.bridge-nf-call-ip6tables'} as const

/** With br_netfilter, which kube-proxy needs, frames that a bridge carries pass the hooks of its namespace; without it they pass unseen. */
function callsRules({sysctls}: NetworkNamespace, packet: Packet): boolean {
  return sysctl(sysctls, SWITCHES[packetFamily(packet)]) !== 0
}

/**
 * A frame from one port of a bridge to another, with the bridge as both devices and its time to live as it was. What DNAT sends
 * elsewhere is routed. Source: br_netfilter_hooks.c.
 */
export function crossBridge(run: Run, {bridge, ...arriving}: Arriving & {readonly bridge: DeviceEnd}): void {
  const namespace = namespaceOf(run, bridge.namespace)
  if (namespace === undefined) return
  const {packet, mark, port, ...onward} = arriving
  if (!callsRules(namespace, packet)) {
    receive(run, {...onward, packet, mark})
    return
  }
  const {device} = bridge
  const passing = startPass(run, {namespace, packet, start: {hook: 'PREROUTING', device, mark}})
  const first = passHook(passing, {hook: 'PREROUTING', transit: {packet, mark, inDevice: device, ownSocket: false}})
  if (first.kind !== 'accept') return
  const {transit} = first
  if (transit.packet.destination.ip === packet.destination.ip) {
    carry(passing, {transit, onward: {...onward, mark}})
    return
  }
  const route = arrivalRoute(namespace, transit)
  if (port !== undefined && staysOnBridge(namespace, {packet, route, device})) bridgeTranslated(passing, {transit, route, port})
  else take(passing, {transit: handedUp(namespace, transit), route})
}

/** A frame for the bridge's own host has lost the socket that TPROXY chose when br_netfilter asked the rules (ip_rcv_core: skb_orphan). */
export function handedUp(namespace: NetworkNamespace, transit: Transit): Transit {
  const {stolenBy, ...orphan} = transit
  return stolenBy !== undefined && callsRules(namespace, transit.packet) ? orphan : transit
}

interface Translated {
  readonly packet: Packet
  readonly route: RouteAnswer
  /** The bridge. */
  readonly device: string
}

/** A frame whose new destination is on the bridge it came from is carried there, and not routed (br_nf_pre_routing_finish). */
export function staysOnBridge(namespace: NetworkNamespace, {packet, route, device}: Translated): boolean {
  return callsRules(namespace, packet) && route.kind === 'route' && route.type === 'unicast' && route.device === device
}

interface Bridged {
  readonly transit: Transit
  readonly route: RouteAnswer
  /** Where the frame came in. */
  readonly port: string
}

/** A bridge sends nothing back through the port it came from, unless that is in hairpin mode (should_deliver). */
export function bridgeTranslated(passing: Passing, {transit, route, port}: Bridged): void {
  const {run, namespace, pass} = passing
  const device = transit.inDevice ?? ''
  const leaving = {...transit, outDevice: device, ...(route.kind === 'route' ? {route} : {})}
  const {neighbour, unknown} = neighbourOf(passing, {transit: leaving, device})
  if (neighbour !== undefined && neighbour.port === port && deviceNamed(namespace, port)?.hairpin !== true) {
    pass.ended = `port ${port} of bridge ${device} is not in hairpin mode: nothing goes back through it`
    return
  }
  if (neighbour !== undefined) {
    carry(passing, {transit, onward: {...neighbour.end, mark: 0}})
    return
  }
  pass.ended = `nobody answers for ${transit.packet.destination.ip} on ${device}`
  // arp_error_report: the frame has its route by now, and its sender is told as if it had been routed.
  if (unknown.length === 0) sendError(run, {namespace, transit: leaving, error: 'host-unreachable'})
  else run.doubts.push(`what lies behind port ${unknown.join(', ')} of bridge ${device} of ${namespace.name} was not recorded`)
}

interface Carried {
  readonly transit: Transit
  readonly onward: Omit<Arriving, 'packet'>
}

function carry(passing: Passing, {transit, onward}: Carried): void {
  const device = transit.inDevice ?? ''
  const second = passHook(passing, {hook: 'FORWARD', transit: {...transit, outDevice: device}})
  if (second.kind === 'reject') reject(passing, second)
  const last = second.kind === 'accept' ? passHook(passing, {hook: 'POSTROUTING', transit: second.transit}) : second
  if (last.kind === 'accept') receive(passing.run, {...onward, packet: last.transit.packet})
}
