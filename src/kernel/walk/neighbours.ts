import {contains, familyOf, parseIp} from '../config/ip.js'
import type {DeviceAddress} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import type {DeviceEnd} from '../config/network.js'
import {strongest} from '../config/settings.js'
import {routeInput} from '../route/input.js'
import {isLocalAddress, routeOutput} from '../route/output.js'
import type {RouteAnswer} from '../route/route.js'
import {addressTowards} from '../route/source-address.js'
import type {Passing} from './pass.js'
import type {Run} from './run.js'
import {segmentOf, type Neighbour, type Segment} from './segment.js'
import type {Transit} from './transit.js'

/** Who answers for the next hop of a packet that leaves by a device. */
export function neighbourOf(
  {run, namespace}: Passing,
  {transit, device}: {readonly transit: Transit; readonly device: string},
): Omit<Segment, 'neighbours'> & {readonly neighbour?: Neighbour} {
  const {neighbours, ...segment} = segmentOf(run, {namespace: namespace.name, device})
  const neighbour = neighbours.find(({end}) => resolves(run, {transit, asking: namespace, askingDevice: device, answering: end}))
  return neighbour === undefined ? segment : {...segment, neighbour}
}

export function nextHop({route, packet}: Transit): string {
  return route?.via ?? packet.destination.ip
}

interface Request {
  readonly transit: Transit
  readonly asking: NetworkNamespace
  readonly askingDevice: string
  readonly answering: DeviceEnd
}

/** Who was asked learns the address of who asked, and needs not ask back (arp_process). */
function resolves(run: Run, {transit, asking, askingDevice, answering}: Request): boolean {
  const other = run.network.namespaces.get(answering.namespace)
  const target = nextHop(transit)
  const sender = senderAddress(asking, {transit, device: askingDevice})
  const known = `${asking.name} ${askingDevice} ${target} ${answering.namespace}`
  // What was not recorded is taken to know its neighbours, and to answer.
  if (run.neighbours.has(known) || asking.outside === true || other?.outside === true) return true
  if (other === undefined || sender === undefined || !answers(other, {target, sender, device: answering.device})) return false
  run.neighbours.add(known)
  run.neighbours.add(`${answering.namespace} ${answering.device} ${sender} ${asking.name}`)
  return true
}

/** What a question for a neighbour announces as its sender. Source: arp_solicit. */
function senderAddress(
  namespace: NetworkNamespace,
  {transit, device}: {readonly transit: Transit; readonly device: string},
): string | undefined {
  const {packet} = transit
  const target = nextHop(transit)
  return announcesSource(namespace, {source: packet.source.ip, target, device})
    ? packet.source.ip
    : addressTowards(namespace, {device, neighbour: target})
}

interface Announced {
  readonly source: string
  readonly target: string
  readonly device: string
}

/** By default the packet's source, if it is a local one; with `arp_announce` 1 only in the network of the target, with 2 never. */
function announcesSource(namespace: NetworkNamespace, {source, target, device}: Announced): boolean {
  const own = parseIp(source)
  if (own === undefined || !isLocalAddress(namespace, own)) return false
  const restriction = own.family === 4 ? strongest(namespace, {device, key: 'arp_announce'}) : 0
  if (restriction === 1) return addressesOf(namespace, device).some((address) => [source, target].every((ip) => isNear(address, ip)))
  return restriction !== 2
}

interface Question {
  readonly target: string
  readonly sender: string
  readonly device: string
}

/**
 * Neighbour discovery asks the addresses of the device; who answers ARP has a route to the address, and believes the sender's.
 * Source: arp_process (net/ipv4/arp.c), ndisc_recv_ns; envoy-2022 H.3.10.
 */
function answers(other: NetworkNamespace, question: Question): boolean {
  const {target, sender, device} = question
  const [destination, source] = [parseIp(target), parseIp(sender)]
  if (destination === undefined || source === undefined) return false
  if (destination.family === 6) {
    return deviceNamed(other, device)?.addresses.some(({ip}) => parseIp(ip)?.value === destination.value) === true
  }
  const route = routeInput(other, {destination, source, mark: 0, device})
  if (route.kind !== 'route') return false
  return route.type === 'local' ? !isIgnored(other, question) && !isFiltered(other, question) : isProxy(other, {route, device})
}

/** `proxy_arp` answers for what is reached over another device (arp_fwd_proxy). */
function isProxy(
  namespace: NetworkNamespace,
  {route, device}: {readonly route: Extract<RouteAnswer, {kind: 'route'}>; readonly device: string},
): boolean {
  return route.type === 'unicast' && route.device !== device && strongest(namespace, {device, key: 'proxy_arp'}) > 0
}

/** `arp_ignore`: 1 wants the address on the asked device, 2 also the sender in its network, 3 elsewhere than in the scope host (arp_ignore). */
function isIgnored(namespace: NetworkNamespace, {target, sender, device}: Question): boolean {
  const holds = ({ip}: DeviceAddress): boolean => ip === target
  const own = addressesOf(namespace, device)
  switch (strongest(namespace, {device, key: 'arp_ignore'})) {
    case 1:
      return !own.some(holds)
    case 2:
      return !own.some(holds) || !own.some((address) => [target, sender].every((ip) => isNear(address, ip)))
    case 3:
      return !namespace.devices.some(({addresses}) => addresses.some((address) => holds(address) && address.scope !== 'host'))
    case 8:
      return true
    default:
      return false
  }
}

/** `arp_filter`: what is sent to the sender must leave by the asked device (arp_filter). */
function isFiltered(namespace: NetworkNamespace, {target, sender, device}: Question): boolean {
  const [source, destination] = [parseIp(target), parseIp(sender)]
  if (destination === undefined || source === undefined || strongest(namespace, {device, key: 'arp_filter'}) === 0) return false
  const route = routeOutput(namespace, {destination, source, mark: 0})
  return route.kind !== 'route' || route.device !== device
}

function addressesOf(namespace: NetworkNamespace, device: string): readonly DeviceAddress[] {
  return (deviceNamed(namespace, device)?.addresses ?? []).filter(({ip}) => familyOf(ip) === 4)
}

function isNear({prefix}: DeviceAddress, text: string): boolean {
  const ip = parseIp(text)
  return ip !== undefined && contains(prefix, ip)
}
