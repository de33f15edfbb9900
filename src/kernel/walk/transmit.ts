import {parseIp, type Ip} from '../config/ip.js'
import type {Attachment, Device} from '../config/model.js'
import {deviceNamed, isConfigured, type NetworkNamespace} from '../config/namespace.js'
import {routeOutput} from '../route/output.js'
import {sameSocket} from './conntrack.js'
import {sendError} from './errors.js'
import {neighbourOf, nextHop} from './neighbours.js'
import {FIRST_TTL, hasPorts, packetFamily, type Packet} from './packet.js'
import type {Passing} from './pass.js'
import {receive, send, type Arriving, type Run, type Sending} from './run.js'
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

function loopBack({run, namespace, pass}: Passing, {packet, mark, tracked, route}: Transit): void {
  if (route === undefined) return
  const looped: Arriving['looped'] = {route, ...(tracked === undefined || tracked.state === 'invalid' ? {} : {tracked})}
  receive(run, {namespace: namespace.name, device: 'lo', packet: afterLoopback({sent: pass.packet, left: packet}), mark, looped})
}

/**
 * Devices complete the checksum of TCP and UDP. Where a tunnel has wrapped such a packet, NAT takes the outer checksum for one to be
 * completed too, and the loopback, which completes none inside of another packet, delivers it as it is (udp_manip_pkt, skb_checksum_help).
 */
function afterLoopback({sent, left}: {readonly sent: Packet; readonly left: Packet}): Packet {
  if (left.kind.kind !== 'tunnelled' || !hasPorts(left.kind.inner)) return left
  const isTranslated = !sameSocket(sent.source, left.source) || !sameSocket(sent.destination, left.destination)
  return isTranslated ? {...left, kind: {...left.kind, spoilt: true}} : left
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
  sendWrapped(passing, {transit, device, tunnel, destination})
}

interface Wrapped extends OnDevice {
  readonly tunnel: Tunnel
  readonly destination: Ip
}

function sendWrapped(passing: Passing, {transit, device, tunnel, destination}: Wrapped): void {
  const {run, namespace, pass} = passing
  const route = routeOutput(namespace, {destination, mark: transit.mark, protocol: 'udp'})
  if (route.kind !== 'route' || route.source === undefined) pass.ended = `no route to ${tunnel.remote ?? ''}`
  else if (tunnel.type === 'vxlan' && route.type === 'local') bypass(passing, {transit, device})
  else if (route.device === device.name) pass.ended = circular(tunnel, device)
  else {
    const packet = outerPacket(transit.packet, {tunnel, source: route.source})
    send(run, {namespace: namespace.name, mark: transit.mark, tunnel: device.name, packet, ...ownerOf(transit)})
  }
}

/** Such a route is refused, and nobody is told (udp_tunnel_dst_lookup). */
function circular({remote = ''}: Tunnel, {name}: Device): string {
  return `the route to ${remote} leads into tunnel ${name} itself`
}

/**
 * Where the remote address is a local one, vxlan hands the packet to the device of that tunnel here, unwrapped, with its connection, mark
 * and route (encap_bypass_if_local, vxlan_encap_bypass). The route of what was sent here passes IPv6 on (ip6_forward), and takes no IPv4
 * (dst_discard).
 */
function bypass({run, namespace}: Passing, {transit, device}: OnDevice): void {
  const {packet, mark, tracked, route, inDevice} = transit
  if (route === undefined) return
  const isDiscarded = inDevice === undefined && packetFamily(packet) === 4
  const looped = {route, ...(tracked === undefined ? {} : {tracked}), ...(isDiscarded ? {discarded: true as const} : {})}
  receive(run, {namespace: namespace.name, device: device.name, packet, mark, looped})
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
      other.devices.some(({attachment}) => attachment.kind === 'tunnel' && isSame(attachment, tunnel) && hears(attachment, namespace)),
  )
}

function isSame(one: Tunnel, {id, port}: Tunnel): boolean {
  return one.id === id && one.port === port
}

/** geneve takes what comes from its remote address alone (geneve_lookup). */
function hears({type, remote}: Tunnel, from: NetworkNamespace): boolean {
  return type === 'vxlan' || isConfigured(from, remote ?? '')
}
