import type {Family} from '../../src/kernel/config/ip.js'
import type {Layout} from './lab-scenario.js'
import {DEFAULT_ROUTES, DEVICES, LINKS, type Link, type Role} from './topology.js'

/** The bridge of the node, and the tunnel's number and port, as node capture of 2022 has them. */
const BRIDGE = 'br0'
const TUNNEL = 'tun0'
const TUNNEL_KIND = 'vxlan id 1001 dstport 6081'
const REMOTES: Readonly<Partial<Record<Role, Readonly<Record<Family, string>>>>> = {
  node: {4: '10.2.0.2', 6: 'fd02::2'},
  pod: {4: '10.2.0.1', 6: 'fd02::1'},
}

function isBridged(layout: Layout): boolean {
  return layout === 'bridge' || layout === 'routed-bridge'
}

/** Links that are pairs of devices. */
export function pairLinks(layout: Layout): readonly Link[] {
  return layout === 'tunnel' ? LINKS.filter(({from}) => from.device !== TUNNEL) : LINKS
}

interface Furnished {
  readonly role: Role
  readonly family: Family
  readonly layout: Layout
}

/** Commands of `ip` that make what is no pair. */
export function furtherDevices({role, family, layout}: Furnished): readonly string[] {
  const remote = REMOTES[role]?.[family]
  if (layout === 'tunnel' && remote !== undefined) {
    return [`link add ${TUNNEL} address ${hardwareOf(2, role === 'pod' ? 'from' : 'to')} type ${TUNNEL_KIND} remote ${remote}`]
  }
  if (!isBridged(layout) || role !== 'node') return []
  return [
    `link add ${BRIDGE} address ${BRIDGE_HARDWARE} type bridge mcast_snooping 0`,
    ...bridgePorts(role, layout).map((port) => `link set ${port} master ${BRIDGE}`),
    `link set ${BRIDGE} up`,
  ]
}

/** Devices of the node that are ports of its bridge. */
function bridgePorts(role: Role, layout: Layout): readonly string[] {
  return isBridged(layout) && role === 'node' ? ['cli0', 'pod0'] : []
}

/** Scripts that end when a bridge passes frames on: the state of its ports follows the links with a delay. */
export function readiness({layout}: {readonly layout: Layout}): readonly string[] {
  return bridgePorts('node', layout).map(
    (port) => `for try in $(seq 100); do grep -q 3 /sys/class/net/${port}/brport/state && break; sleep 0.05; done`,
  )
}

/** The device that has the addresses of another. */
export function addressedDevice(device: string, {role, layout}: Omit<Furnished, 'family'>): string {
  return bridgePorts(role, layout).includes(device) ? BRIDGE : device
}

/** Devices with settings of their own. */
export function devicesOf({role, layout}: Omit<Furnished, 'family'>): readonly string[] {
  return [...DEVICES[role], ...(isBridged(layout) && role === 'node' ? [BRIDGE] : [])]
}

/** In IPv6 to what has a neighbour for good. */
const DIRECT_ROUTES: Readonly<Partial<Record<Role, Readonly<Record<Family, string>>>>> = {
  client: {4: '10.2.0.0/24 dev eth0', 6: 'fd02::2 dev eth0'},
  pod: {4: '10.1.0.0/24 dev eth0', 6: 'fd01::2 dev eth0'},
}

export function routesOf({role, family, layout}: Furnished, own: readonly string[]): readonly string[] {
  const direct = layout === 'bridge' ? [DIRECT_ROUTES[role]?.[family] ?? []].flat() : []
  return [...DEFAULT_ROUTES[role][family], ...direct, ...own].map((route) => withBridge(route, {role, layout}))
}

/** Routes name the device that has the addresses; settings of a port are those of its bridge too. */
function withBridge(route: string, where: Omit<Furnished, 'family'>): string {
  return route.replace(/(?<= dev )\S+/, (device) => addressedDevice(device, where))
}

export function settingsOf(where: Omit<Furnished, 'family'>, own: readonly string[]): readonly string[] {
  const ofBridge = own.filter((setting) => setting.includes('.pod0.')).map((setting) => setting.replace('.pod0.', `.${BRIDGE}.`))
  return [...own, ...(isBridged(where.layout) && where.role === 'node' ? ofBridge : [])]
}

export interface Neighbour {
  readonly role: Role
  readonly device: string
  readonly ip: string
  readonly hardware: string
  /** Never asked for. */
  readonly permanent: boolean
}

/** Whose hardware address each end of a link asks for: that of the other end, and over a bridge that of everybody on it. */
export function neighboursOf({family, layout}: Pick<Furnished, 'family' | 'layout'>): readonly Neighbour[] {
  const ends = LINKS.flatMap(({from, to}, index) => [
    {asks: from, other: to, hardware: hardwareOf(index, 'to')},
    {asks: to, other: from, hardware: hardwareOf(index, 'from')},
  ])
  const near = ends.map(({asks, other, hardware}): Neighbour => {
    const isBridge = addressedDevice(other.device, {role: other.role, layout}) === BRIDGE
    return {
      role: asks.role,
      device: addressedDevice(asks.device, {role: asks.role, layout}),
      ip: addressOf(other.addresses[family]),
      hardware: isBridge ? BRIDGE_HARDWARE : hardware,
      permanent: layout === 'tunnel' && asks.device === TUNNEL,
    }
  })
  return isBridged(layout) ? [...near, ...acrossBridge(family)] : near
}

function acrossBridge(family: Family): readonly Neighbour[] {
  const [pod, other, client] = family === 4 ? ['10.2.0.2', '10.2.0.7', '10.1.0.2'] : ['fd02::2', 'fd02::7', 'fd01::2']
  const common = {device: 'eth0', permanent: false}
  return [
    ...[pod, other].map((ip) => ({...common, role: 'client' as const, ip, hardware: hardwareOf(1, 'from')})),
    {...common, role: 'pod', ip: client, hardware: hardwareOf(0, 'from')},
    {...common, role: 'node', device: BRIDGE, ip: other, hardware: hardwareOf(1, 'from')},
  ]
}

export function hardwareOf(link: number, end: 'from' | 'to'): string {
  return `02:00:00:00:0${link}:0${end === 'from' ? 1 : 2}`
}

const BRIDGE_HARDWARE = '02:00:00:00:09:01'

function addressOf(prefix: string): string {
  return prefix.split('/')[0] ?? ''
}
