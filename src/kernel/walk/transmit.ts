import {familyOf, parseIp} from '../config/ip.js'
import type {Attachment, Device} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import {routeInput} from '../route/input.js'
import {isLocalAddress, routeOutput} from '../route/output.js'
import {strongest} from '../config/settings.js'
import {sendError} from './errors.js'
import {FIRST_TTL, packetFamily, type Packet} from './packet.js'
import type {Passing} from './pass.js'
import {receive, send, type Arriving, type Run} from './run.js'
import type {Transit} from './transit.js'

/** Puts a packet on its device: round the loopback, through a tunnel, or over to the namespace at the other end. */
export function transmit(passing: Passing, transit: Transit): void {
  const {run, namespace} = passing
  const device = deviceNamed(namespace, transit.outDevice ?? '')
  const kind = device?.attachment.kind ?? (transit.outDevice === 'lo' ? 'loopback' : 'other')
  if (kind === 'loopback') loopBack(passing, transit)
  else if (device === undefined) run.doubts.push(`device ${transit.outDevice ?? ''} of ${namespace.name} was not recorded`)
  else if (device.attachment.kind === 'tunnel') wrap(passing, {transit, device, tunnel: device.attachment})
  else crossLink(passing, {transit, device})
}

function loopBack({run, namespace}: Passing, {packet, mark, tracked, route}: Transit): void {
  if (route === undefined) return
  const looped: Arriving['looped'] = {route, ...(tracked === undefined ? {} : {tracked})}
  receive(run, {namespace: namespace.name, device: 'lo', packet, mark, looped})
}

interface OnDevice {
  readonly transit: Transit
  readonly device: Device
}

function crossLink(passing: Passing, {transit, device}: OnDevice): void {
  const {run, namespace, pass} = passing
  const peer = run.network.peerOf({namespace: namespace.name, device: device.name})
  const other = peer === undefined ? undefined : run.network.namespaces.get(peer.namespace)
  if (peer === undefined || other === undefined) {
    run.doubts.push(`what lies behind device ${device.name} of ${namespace.name} was not recorded`)
    return
  }
  if (!resolves(run, {transit, asking: namespace, askingDevice: device.name, answering: other, answeringDevice: peer.device})) {
    pass.ended = `nobody answers for ${nextHop(transit)} on ${device.name}`
    sendError(run, {namespace, transit, error: 'host-unreachable'})
    return
  }
  receive(run, {namespace: peer.namespace, device: peer.device, packet: transit.packet, mark: 0})
}

function nextHop({route, packet}: Transit): string {
  return route?.via ?? packet.destination.ip
}

interface Neighbour {
  readonly transit: Transit
  readonly asking: NetworkNamespace
  readonly askingDevice: string
  readonly answering: NetworkNamespace
  readonly answeringDevice: string
}

/** Who was asked learns the address of who asked, and needs not ask back (arp_process). */
function resolves(run: Run, neighbour: Neighbour): boolean {
  const {transit, asking, askingDevice, answering, answeringDevice} = neighbour
  const target = nextHop(transit)
  if (run.neighbours.has(`${asking.name} ${askingDevice} ${target}`)) return true
  const sender = senderAddress(asking, transit)
  if (sender === undefined || !answers(neighbour, sender)) return false
  run.neighbours.add(`${asking.name} ${askingDevice} ${target}`)
  run.neighbours.add(`${answering.name} ${answeringDevice} ${sender}`)
  return true
}

/**
 * Who answers ARP has the address as a local one, believes the sender's address, or is a proxy; neighbour discovery asks
 * the addresses of the device. Source: arp_process (net/ipv4/arp.c), ndisc_recv_ns; envoy-2022 H.3.10.
 */
function answers({transit, answering, answeringDevice: device}: Neighbour, sender: string): boolean {
  const [destination, source] = [parseIp(nextHop(transit)), parseIp(sender)]
  if (destination === undefined || source === undefined) return false
  if (destination.family === 6) {
    return deviceNamed(answering, device)?.addresses.some(({ip}) => parseIp(ip)?.value === destination.value) === true
  }
  const answer = routeInput(answering, {destination, source, mark: 0, device})
  return answer.kind === 'route' && (answer.type === 'local' || strongest(answering, {device, key: 'proxy_arp'}) > 0)
}

/** arp_solicit announces the packet's source if it is a local one, else an address of the device. */
function senderAddress(namespace: NetworkNamespace, {packet, outDevice = ''}: Transit): string | undefined {
  const own = parseIp(packet.source.ip)
  if (own !== undefined && isLocalAddress(namespace, own)) return packet.source.ip
  const family = packetFamily(packet)
  return deviceNamed(namespace, outDevice)?.addresses.find(({ip}) => familyOf(ip) === family)?.ip
}

type Tunnel = Extract<Attachment, {kind: 'tunnel'}>

/** The outer packet carries the mark of the inner one (envoy-2022 C.3 walk 1, H.3.1). */
function wrap(passing: Passing, {transit, device, tunnel}: OnDevice & {readonly tunnel: Tunnel}): void {
  const {run, namespace, pass} = passing
  const destination = parseIp(tunnel.remote ?? '')
  if (destination === undefined || !reachesTunnel(run, {namespace, tunnel})) {
    pass.ended = `the other end of tunnel ${device.name} does not answer`
    sendError(run, {namespace, transit, error: 'host-unreachable'})
    return
  }
  const route = routeOutput(namespace, {destination, mark: transit.mark, protocol: 'udp'})
  if (route.kind !== 'route' || route.source === undefined) {
    pass.ended = `no route to ${tunnel.remote ?? ''}`
    return
  }
  send(run, {
    namespace: namespace.name,
    mark: transit.mark,
    tunnel: device.name,
    packet: outerPacket(transit.packet, {tunnel, source: route.source}),
  })
}

/** The port a tunnel sends from is a hash of the inner packet. */
const ANY_PORT = 0

function outerPacket(inner: Packet, {tunnel, source}: {readonly tunnel: Tunnel; readonly source: string}): Packet {
  return {
    protocol: 'udp',
    kind: {kind: 'tunnelled', id: tunnel.id, inner},
    source: {ip: source, port: ANY_PORT},
    destination: {ip: tunnel.remote ?? '', port: tunnel.port},
    ttl: packetFamily(inner) === 4 ? FIRST_TTL : FIRST_TTL,
  }
}

/** Neighbours are resolved through the tunnel too: somebody must hold the remote address and the same tunnel. */
function reachesTunnel({network}: Run, {namespace, tunnel}: {readonly namespace: NetworkNamespace; readonly tunnel: Tunnel}): boolean {
  return [...network.namespaces.values()].some(
    (other) =>
      other.name !== namespace.name &&
      other.devices.some(({addresses}) => addresses.some(({ip}) => ip === tunnel.remote)) &&
      other.devices.some(({attachment}) => attachment.kind === 'tunnel' && attachment.id === tunnel.id && attachment.port === tunnel.port),
  )
}
