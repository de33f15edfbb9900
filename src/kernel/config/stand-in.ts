import {canonicalIp, familyOf, parsePrefix, type Family, type Prefix} from './ip.js'
import type {Device, DeviceAddress, Listener, Route} from './model.js'
import {defaultRules, type NetworkNamespace} from './namespace.js'
import type {DeviceEnd} from './network.js'

export interface StandIn {
  readonly name: string
  /** Name of its one device. */
  readonly device: string
  /** The recorded device it hangs on, with the indices of both ends as that device tells them. */
  readonly link: DeviceEnd & {readonly index: number; readonly peerIndex: number}
  /** With the length of their network; a bare address belongs to no network of the link. */
  readonly addresses: readonly string[]
  /** Further networks, each behind a next hop. */
  readonly routes: readonly {readonly to: string; readonly via: string}[]
  /** Open ports, or `all` where nobody knows. */
  readonly ports: 'all' | readonly {readonly protocol: 'tcp' | 'udp'; readonly port: number}[]
  readonly forwards: boolean
}

/** A namespace nobody recorded, concluded from what is known of it: one device, its addresses, a few routes, open ports, no rules. */
export function standIn(input: StandIn): NetworkNamespace {
  return {
    name: input.name,
    devices: [loopback(input), deviceOf(input)],
    routing: {4: {rules: defaultRules(4), routes: routesOf(4, input)}, 6: {rules: defaultRules(6), routes: routesOf(6, input)}},
    packetRules: {4: {tables: []}, 6: {tables: []}},
    sets: new Map(),
    listeners: input.ports === 'all' ? [] : input.ports.flatMap((port) => ([4, 6] as const).map((family) => listenerOf({...port, family}))),
    ...(input.ports === 'all' ? {answersAll: true} : {}),
    sysctls: new Map([
      ['net.ipv4.ip_forward', input.forwards ? '1' : '0'],
      ['net.ipv6.conf.all.forwarding', input.forwards ? '1' : '0'],
    ]),
    assumed: true,
  }
}

function loopback({addresses}: StandIn): Device {
  const further = addresses.filter(isBare).flatMap((address) => addressOf(address, 'global'))
  return {
    name: 'lo',
    index: 1,
    up: true,
    attachment: {kind: 'loopback'},
    addresses: [...addressOf('127.0.0.1/8', 'host'), ...addressOf('::1/128', 'host'), ...further],
  }
}

function isBare(address: string): boolean {
  return !address.includes('/')
}

function deviceOf({device, link, addresses}: StandIn): Device {
  return {
    name: device,
    index: link.peerIndex,
    up: true,
    attachment: {kind: 'pair', peerIndex: link.index, peerNamespace: link.namespace},
    addresses: addresses.filter((address) => !isBare(address)).flatMap((address) => addressOf(address, 'global')),
  }
}

function addressOf(text: string, scope: string): readonly DeviceAddress[] {
  const ip = hostPart(text)
  const prefix = parsePrefix(text, familyOf(ip))
  return prefix === undefined ? [] : [{ip: canonicalIp(ip), prefix, scope, flags: []}]
}

function hostPart(address: string): string {
  return address.split('/')[0] ?? ''
}

function routesOf(family: Family, {device, addresses, routes}: StandIn): readonly Route[] {
  const own = addresses.filter((address) => familyOf(address) === family)
  const inputs: readonly RouteInput[] = [
    ...own.map((address) => ({to: hostPart(address), table: 'local', device})),
    {to: family === 4 ? '127.0.0.0/8' : '::1/128', table: 'local', device: 'lo'},
    ...own.filter((address) => !isBare(address)).map((to) => ({to, table: 'main', device})),
    ...routes.filter(({via}) => familyOf(via) === family).map((one) => ({...one, table: 'main', device})),
  ]
  return inputs.flatMap((input, order) => routeOf(input, order))
}

interface RouteInput {
  readonly to: string
  readonly via?: string
  readonly table: string
  readonly device: string
}

function routeOf({to, via, table, device}: RouteInput, order: number): readonly Route[] {
  const destination: Prefix | undefined = parsePrefix(to, familyOf(via ?? to))
  if (destination === undefined) return []
  const [local, hop] = [table === 'local', {device, weight: 1, onlink: false, dead: false, ...(via === undefined ? {} : {via})}]
  return [{table, type: local ? 'local' : 'unicast', destination, nextHops: [hop], metric: 0, scope: local ? 'host' : 'global', order}]
}

function listenerOf({protocol, port, family}: Pick<Listener, 'protocol' | 'port' | 'family'>): Listener {
  return {protocol, family, port, dual: false, mark: 0, transparent: false}
}
