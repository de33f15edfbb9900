import type {SocketAddress} from '../../flow/address.js'
import {isLinkLocal, parseIp} from '../config/ip.js'
import type {PortRange} from '../config/model.js'
import type {Target} from '../config/packet-rules.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'
import {selectSource} from '../route/source-address.js'
import {uniqueReply, type Connection} from './conntrack.js'
import {translate} from './nat.js'
import {packetFamily} from './packet.js'
import type {Effect, RuleContext, Transit} from './transit.js'

/** DNAT: the connection's replies come from the new destination. */
export function destinationNat({ip, ports}: Extract<Target, {kind: 'dnat'}>, context: RuleContext): Effect {
  const {destination} = context.transit.packet
  return bindDestination(context, {ip: ip ?? destination.ip, port: chosenPort(ports, destination.port)})
}

/** REDIRECT is DNAT to the namespace itself: loopback in OUTPUT, else the address of the arriving device. */
export function redirect({ports}: Extract<Target, {kind: 'redirect'}>, context: RuleContext): Effect {
  const {destination} = context.transit.packet
  const ip = context.hook === 'OUTPUT' ? (packetFamily(context.transit.packet) === 4 ? '127.0.0.1' : '::1') : arrivalAddress(context)
  if (ip === undefined) return {kind: 'drop', why: 'REDIRECT finds no address on the device'}
  return bindDestination(context, {ip, port: chosenPort(ports, destination.port)})
}

export function sourceNat({ip, ports}: Extract<Target, {kind: 'snat'}>, context: RuleContext): Effect {
  return bindSource(context, {ip, port: chosenPort(ports, context.transit.packet.source.port)})
}

/** The address of the leaving device. `--random` ports differ from run to run: the port is kept here. */
export function masquerade(context: RuleContext): Effect {
  const {packet, route, outDevice = ''} = context.transit
  const ip = leavingAddress(context.namespace, {nextHop: route?.via ?? packet.destination.ip, device: outDevice})
  return ip === undefined ? {kind: 'drop', why: 'MASQUERADE finds no address'} : bindSource(context, {ip, port: packet.source.port})
}

function bindDestination({transit}: RuleContext, to: SocketAddress): Effect {
  return bind(transit, (connection) => {
    connection.reply = {...connection.reply, source: to}
    connection.bound.destination = true
    return translate(transit.packet, {tracked: transit.tracked, side: 'destination'})
  })
}

function bindSource({transit, connections}: RuleContext, to: SocketAddress): Effect {
  return bind(transit, (connection) => {
    connection.reply = uniqueReply(connections, {connection, reply: {...connection.reply, destination: to}})
    connection.bound.source = true
    return translate(transit.packet, {tracked: transit.tracked, side: 'source'})
  })
}

function bind(transit: Transit, change: (connection: Connection) => Transit['packet']): Effect {
  const {tracked} = transit
  if (tracked === undefined || !('connection' in tracked)) return {kind: 'accept', transit}
  return {kind: 'accept', transit: {...transit, packet: change(tracked.connection)}}
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

function leavingAddress(
  namespace: NetworkNamespace,
  {nextHop, device}: {readonly nextHop: string; readonly device: string},
): string | undefined {
  const destination = parseIp(nextHop)
  if (destination === undefined) return undefined
  return selectSource(namespace, {
    destination,
    found: {
      route: {table: 'main', type: 'unicast', destination: {...destination, length: 0}, nextHops: [], metric: 0, scope: 'global', order: 0},
      hop: {device, via: nextHop, weight: 1, onlink: false, dead: false},
    },
  })
}
