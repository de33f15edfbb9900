import type {SocketAddress} from '../../flow/address.js'
import {fraction} from '../../flow/share.js'
import {formatPrefix, isLinkLocal, parseIp} from '../config/ip.js'
import type {PortRange} from '../config/model.js'
import type {Target} from '../config/packet-rules.js'
import {deviceNamed} from '../config/namespace.js'
import {addressTowards} from '../route/source-address.js'
import {portsLike, takeSource, type Connection} from './conntrack.js'
import {translate} from './nat.js'
import {hasPorts, isEcho, packetFamily, withId} from './packet.js'
import type {Effect, RuleContext, Transit} from './transit.js'

/** DNAT: the connection's replies come from the new destination. */
export function destinationNat(target: Extract<Target, {kind: 'dnat'}>, context: RuleContext): Effect {
  const {destination} = context.transit.packet
  const ip = target.ip === undefined ? destination.ip : chosenAddress({first: target.ip, last: target.lastIp ?? target.ip}, context)
  return bindDestination(context, {to: {ip, port: destinationPort(target, context)}, random: target.random})
}

/** REDIRECT is DNAT to the namespace itself: loopback in OUTPUT, else the address of the arriving device. */
export function redirect(target: Extract<Target, {kind: 'redirect'}>, context: RuleContext): Effect {
  const ip = context.hook === 'OUTPUT' ? (packetFamily(context.transit.packet) === 4 ? '127.0.0.1' : '::1') : arrivalAddress(context)
  if (ip === undefined) return {kind: 'drop', why: 'REDIRECT finds no address on the device'}
  return bindDestination(context, {to: {ip, port: destinationPort(target, context)}, random: target.random})
}

export function sourceNat({ip: first, lastIp, ...ports}: Extract<Target, {kind: 'snat'}>, context: RuleContext): Effect {
  const {source} = context.transit.packet
  const ip = first === undefined ? source.ip : chosenAddress({first, last: lastIp ?? first}, context)
  return bindSource(context, {ip, ...ports})
}

/** The address of the leaving device. */
export function masquerade({ports, randomPort}: Extract<Target, {kind: 'masquerade'}>, context: RuleContext): Effect {
  const {packet, route, outDevice = ''} = context.transit
  const ip = addressTowards(context.namespace, {device: outDevice, neighbour: route?.via ?? packet.destination.ip})
  if (ip === undefined) return {kind: 'drop', why: 'MASQUERADE finds no address'}
  return bindSource(context, {ip, ...(ports === undefined ? {} : {ports}), ...(randomPort ? {random: true} : {})})
}

interface NewDestination {
  readonly to: SocketAddress
  readonly random: true | undefined
}

function bindDestination({transit}: RuleContext, {to, random}: NewDestination): Effect {
  return bind(transit, (connection) => {
    const reply = {...connection.reply, source: to}
    connection.reply = random === true && isEcho(transit.packet) ? withId(reply, anotherId(to.port)) : reply
    connection.bound.destination = true
    return translate(transit.packet, {tracked: transit.tracked, side: 'destination'})
  })
}

interface NewSource {
  readonly ip: string
  readonly ports?: PortRange
  readonly random?: true
}

/** Of ids that the kernel draws with `random` it matters that they are others. Source: nf_nat_l4proto_unique_tuple. */
function anotherId(id: number): number {
  return (id % 65_535) + 1
}

/** A port of the range stays, else one of it is drawn. Source: get_unique_tuple, nf_nat_l4proto_unique_tuple. */
function bindSource({transit, connections}: RuleContext, {ip, ports, random}: NewSource): Effect {
  const {packet} = transit
  const range = ports ?? portsLike(packet.source.port)
  const port = random === true && isEcho(packet) ? anotherId(packet.source.port) : chosenPort(ports, packet.source.port)
  const isDrawn = hasPorts(packet) && (random === true || port !== packet.source.port)
  return bind(transit, (connection) => {
    takeSource(connections, {connection, to: {ip, port}, range, isDrawn})
    if (isEcho(packet)) connection.reply = withId(connection.reply, connection.reply.destination.port)
    connection.bound.source = true
    return translate(transit.packet, {tracked: transit.tracked, side: 'source'})
  })
}

function bind(transit: Transit, change: (connection: Connection) => Transit['packet']): Effect {
  const {tracked} = transit
  if (tracked === undefined || !('connection' in tracked)) return {kind: 'accept', transit}
  return {kind: 'accept', transit: {...transit, packet: change(tracked.connection)}}
}

/** A hash of both ends chooses (find_best_ips_proto): for one client always the same, which one is not told. */
function chosenAddress({first, last}: {readonly first: string; readonly last: string}, {choices}: RuleContext): string {
  const all = addressesBetween(first, last)
  const what = (ip: string): string => `the hash of the connection chooses ${ip} of ${first}-${last}`
  return all.slice(0, -1).find((ip) => choices.decide({what: what(ip)})) ?? all.at(-1) ?? first
}

function addressesBetween(first: string, last: string): readonly string[] {
  const [from, to] = [parseIp(first), parseIp(last)]
  if (from === undefined || to === undefined) return [first]
  const bits = from.family === 4 ? 32 : 128
  const count = Number(to.value - from.value) + 1
  return Array.from({length: count}, (_, more) => formatPrefix({...from, value: from.value + BigInt(more), length: bits}))
}

/** With `random` each port of the range is as likely (nf_nat_l4proto_unique_tuple). */
function destinationPort({ports, random}: Pick<Extract<Target, {kind: 'dnat'}>, 'ports' | 'random'>, context: RuleContext): number {
  const {port} = context.transit.packet.destination
  if (ports === undefined || random !== true) return chosenPort(ports, port)
  const count = ports.to - ports.from + 1
  const all = Array.from({length: count}, (_, more) => ports.from + more)
  const drawn = all.slice(0, -1).find((one, at) => context.choices.decide({what: `port ${one}`, share: fraction(1, count - at)}))
  return drawn ?? ports.to
}

function chosenPort(ports: PortRange | undefined, port: number): number {
  if (ports === undefined) return port
  return port >= ports.from && port <= ports.to ? port : ports.from
}

function arrivalAddress({namespace, transit}: RuleContext): string | undefined {
  const family = packetFamily(transit.packet)
  const addresses = deviceNamed(namespace, transit.inDevice ?? '')?.addresses ?? []
  const local = parseIp(transit.packet.source.ip)
  const bound = local !== undefined && isLinkLocal(local)
  const own = addresses.filter(({ip}) => {
    const parsed = parseIp(ip)
    return parsed?.family === family && (family === 4 || isLinkLocal(parsed) === bound)
  })
  return own[0]?.ip
}
