import {canonicalIp, familyOf, parsePrefix, type Family, type Prefix} from '../../../src/kernel/config/ip.js'
import type {Device, DeviceAddress, Listener, Route} from '../../../src/kernel/config/model.js'
import {defaultRules, type NetworkNamespace} from '../../../src/kernel/config/namespace.js'

export interface StandIn {
  readonly name: string
  /** Name of its one device. */
  readonly device: string
  /** The device of a recorded namespace it hangs on: both indices are known from there. */
  readonly link: {readonly namespace: string; readonly index: number; readonly peerIndex: number}
  /** Addresses, with the length of their network. */
  readonly addresses: readonly string[]
  /** Further networks, each behind a next hop. */
  readonly routes: readonly {readonly to: string; readonly via: string}[]
  readonly ports: readonly {readonly protocol: 'tcp' | 'udp'; readonly port: number}[]
  readonly forwards: boolean
}

/** A namespace nobody recorded, built from what the inventory tells: one device, its addresses, a few routes, open ports. */
export function standIn(input: StandIn): NetworkNamespace {
  return {
    name: input.name,
    devices: [loopback(input), deviceOf(input)],
    routing: {4: {rules: defaultRules(4), routes: routesOf(4, input)}, 6: {rules: defaultRules(6), routes: routesOf(6, input)}},
    packetRules: {4: {tables: []}, 6: {tables: []}},
    sets: new Map(),
    listeners: input.ports.flatMap(({protocol, port}) => ([4, 6] as const).map((family) => listenerOf({protocol, port, family}))),
    sysctls: new Map([
      ['net.ipv4.ip_forward', input.forwards ? '1' : '0'],
      ['net.ipv6.conf.all.forwarding', input.forwards ? '1' : '0'],
    ]),
    assumed: true,
  }
}

/** Addresses that belong to no network of the link sit on the loopback. */
function loopback({addresses}: StandIn): Device {
  const further = addresses.filter(isSingle).flatMap((address) => addressOf(address, 'global'))
  return {
    name: 'lo',
    index: 1,
    up: true,
    attachment: {kind: 'loopback'},
    addresses: [...addressOf('127.0.0.1/8', 'host'), ...addressOf('::1/128', 'host'), ...further],
  }
}

function isSingle(address: string): boolean {
  return !address.includes('/')
}

function deviceOf({device, link, addresses}: StandIn): Device {
  return {
    name: device,
    index: link.peerIndex,
    up: true,
    attachment: {kind: 'pair', peerIndex: link.index, peerNamespace: link.namespace},
    addresses: addresses.filter((address) => !isSingle(address)).flatMap((address) => addressOf(address, 'global')),
  }
}

function addressOf(text: string, scope: string): DeviceAddress[] {
  const [ip = ''] = text.split('/')
  const prefix = parsePrefix(text, familyOf(ip))
  return prefix === undefined ? [] : [{ip: canonicalIp(ip), prefix, scope, flags: []}]
}

function routesOf(family: Family, {device, addresses, routes}: StandIn): readonly Route[] {
  const own = addresses.filter((address) => familyOf(address) === family)
  const local = [...own.map((address) => hostPart(address)), family === 4 ? '127.0.0.0/8' : '::1/128']
  return [
    ...local.map((to, index) =>
      route({to, table: 'local', type: 'local' as const, device: index < own.length ? device : 'lo', order: index}),
    ),
    ...own.filter((address) => !isSingle(address)).map((to) => route({to, table: 'main', type: 'unicast' as const, device, order: 100})),
    ...routes
      .filter(({via}) => familyOf(via) === family)
      .map((one, index) => route({...one, table: 'main', type: 'unicast' as const, device, order: 200 + index})),
  ].flat()
}

function hostPart(address: string): string {
  return address.split('/')[0] ?? ''
}

interface RouteInput {
  readonly to: string
  readonly via?: string
  readonly table: string
  readonly type: 'local' | 'unicast'
  readonly device: string
  readonly order: number
}

function route({to, via, table, type, device, order}: RouteInput): Route[] {
  const destination: Prefix | undefined = parsePrefix(to, familyOf(via ?? to))
  if (destination === undefined) return []
  const hop = {device, weight: 1, onlink: false, dead: false, ...(via === undefined ? {} : {via})}
  return [{table, type, destination, nextHops: [hop], metric: 0, scope: type === 'local' ? 'host' : 'global', order}]
}

function listenerOf({protocol, port, family}: {protocol: 'tcp' | 'udp'; port: number; family: Family}): Listener {
  return {protocol, family, port, dual: false, mark: 0, transparent: false}
}
