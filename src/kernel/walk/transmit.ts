import {familyOf, parseIp} from '../config/ip.js'
import type {Attachment, Device} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import type {DeviceEnd} from '../config/network.js'
import {routeInput} from '../route/input.js'
import {isLocalAddress, routeOutput} from '../route/output.js'
import {strongest} from '../config/settings.js'
import {sendError} from './errors.js'
import {FIRST_TTL, packetFamily, type Packet} from './packet.js'
import type {Passing} from './pass.js'
import {receive, send, type Arriving, type Run, type Sending} from './run.js'
import {segmentOf, type Neighbour, type Segment} from './segment.js'
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

/** The neighbour that answers for the next hop gets the packet, by way of the bridge between if there is one. */
function crossLink(passing: Passing, {transit, device}: OnDevice): void {
  const {run, namespace, pass} = passing
  const {neighbour, unknown, entry} = neighbourOf(passing, {transit, device: device.name})
  if (neighbour !== undefined) {
    const {end, bridge} = neighbour
    const onBridge = {...(bridge === undefined ? {} : {bridge}), ...(entry === undefined ? {} : {port: entry})}
    receive(run, {...end, packet: transit.packet, mark: 0, ...onBridge})
    return
  }
  if (unknown.length > 0) {
    run.doubts.push(`what lies behind device ${unknown.join(', ')} of ${namespace.name} was not recorded`)
    return
  }
  pass.ended = `nobody answers for ${nextHop(transit)} on ${device.name}`
  sendError(run, {namespace, transit, error: 'host-unreachable'})
}

/** Who answers for the next hop of a packet that leaves by a device. */
export function neighbourOf(
  {run, namespace}: Passing,
  {transit, device}: {readonly transit: Transit; readonly device: string},
): Omit<Segment, 'neighbours'> & {readonly neighbour?: Neighbour} {
  const {neighbours, ...segment} = segmentOf(run, {namespace: namespace.name, device})
  const neighbour = neighbours.find(({end}) => resolves(run, {transit, asking: namespace, askingDevice: device, answering: end}))
  return neighbour === undefined ? segment : {...segment, neighbour}
}

function nextHop({route, packet}: Transit): string {
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
  const [target, sender] = [nextHop(transit), senderAddress(asking, transit)]
  const known = `${asking.name} ${askingDevice} ${target} ${answering.namespace}`
  // What was not recorded is taken to know its neighbours, and to answer.
  if (run.neighbours.has(known) || asking.outside === true || other?.outside === true) return true
  if (other === undefined || sender === undefined || !answers(other, {target, sender, device: answering.device})) return false
  run.neighbours.add(known)
  run.neighbours.add(`${answering.namespace} ${answering.device} ${sender} ${asking.name}`)
  return true
}

/**
 * Who answers ARP has the address as a local one, believes the sender's address, or is a proxy; neighbour discovery asks
 * the addresses of the device. Source: arp_process (net/ipv4/arp.c), ndisc_recv_ns; envoy-2022 H.3.10.
 */
function answers(
  other: NetworkNamespace,
  {target, sender, device}: {readonly target: string; readonly sender: string; readonly device: string},
): boolean {
  const [destination, source] = [parseIp(target), parseIp(sender)]
  if (destination === undefined || source === undefined) return false
  if (destination.family === 6) {
    return deviceNamed(other, device)?.addresses.some(({ip}) => parseIp(ip)?.value === destination.value) === true
  }
  const answer = routeInput(other, {destination, source, mark: 0, device})
  return answer.kind === 'route' && (answer.type === 'local' || strongest(other, {device, key: 'proxy_arp'}) > 0)
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
  if (isUnrecorded(run, tunnel)) {
    run.doubts.push(`what lies at the other end of tunnel ${device.name} of ${namespace.name} was not recorded`)
    return
  }
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
    ...ownerOf(transit),
  })
}

/** What is wrapped still belongs to the socket that sent it (udp_tunnel_xmit_skb keeps skb->sk). */
function ownerOf({ownSocket, socketOwner}: Transit): Pick<Sending, 'ownSocket' | 'owner'> {
  return {...(ownSocket ? {ownSocket} : {}), ...(socketOwner === undefined ? {} : {owner: socketOwner})}
}

/** The port a tunnel sends from is a hash of the inner packet. */
const ANY_PORT = 0

function outerPacket(inner: Packet, {tunnel, source}: {readonly tunnel: Tunnel; readonly source: string}): Packet {
  return {
    protocol: 'udp',
    kind: {kind: 'tunnelled', id: tunnel.id, inner},
    source: {ip: source, port: ANY_PORT},
    destination: {ip: tunnel.remote ?? '', port: tunnel.port},
    ttl: FIRST_TTL,
  }
}

/** Nobody recorded holds the remote address, and not everybody was recorded. */
function isUnrecorded({network}: Run, {remote}: Tunnel): boolean {
  const all = [...network.namespaces.values()]
  const isHeld = all.some(({devices}) => devices.some(({addresses}) => addresses.some(({ip}) => ip === remote)))
  return !isHeld && all.some(({outside}) => outside === true)
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
