import {commonLength, contains, isLinkLocal, isLoopback, parseIp, parsePrefix, type Ip} from '../config/ip.js'
import type {Device, DeviceAddress, NextHop, Route} from '../config/model.js'
import {deviceNamed, type NetworkNamespace} from '../config/namespace.js'

export interface SourceRequest {
  readonly destination: Ip
  readonly found: {readonly route: Route; readonly hop: NextHop}
}

/** The source IPv6 takes as if a packet left by the device; without one, where there is no route (ip6_dst_lookup_tail). */
export function sourceWithoutRoute(
  namespace: NetworkNamespace,
  {destination, device}: {readonly destination: Ip; readonly device?: string},
): string | undefined {
  return selectSource(namespace, {
    destination,
    found: {route: anyRoute(destination), hop: {...PLAIN_HOP, ...(device === undefined ? {} : {device})}},
  })
}

/** An address of the device for somebody on its link. Source: inet_select_addr (MASQUERADE and ARP ask it), ipv6_dev_get_saddr. */
export function addressTowards(
  namespace: NetworkNamespace,
  {device, neighbour}: {readonly device: string; readonly neighbour: string},
): string | undefined {
  const destination = parseIp(neighbour)
  return destination === undefined
    ? undefined
    : selectSource(namespace, {destination, found: {route: anyRoute(destination), hop: {...PLAIN_HOP, device, via: neighbour}}})
}

function anyRoute(destination: Ip): Route {
  return {table: 'main', type: 'unicast', destination: {...destination, length: 0}, nextHops: [], metric: 0, scope: 'global', order: 0}
}

const PLAIN_HOP: NextHop = {weight: 1, onlink: false, dead: false}

/** The source address of a packet whose socket has none. Source: fib_result_prefsrc (IPv4), RFC 6724 as ipv6_dev_get_saddr has it. */
export function selectSource(namespace: NetworkNamespace, request: SourceRequest): string | undefined {
  return request.destination.family === 4 ? sourceV4(namespace, request) : sourceV6(namespace, request)
}

function sourceV4(namespace: NetworkNamespace, {destination, found}: SourceRequest): string | undefined {
  const {route, hop} = found
  if (route.preferredSource !== undefined) return route.preferredSource
  if (route.type === 'local') return textOf(destination)
  const towards = hop.via === undefined ? undefined : parseIp(hop.via)
  const own = selectable(deviceNamed(namespace, hop.device ?? ''), {local: true})
  const near = own.find(({prefix}) => towards === undefined || contains(prefix, towards))
  // inet_select_addr: the device's own addresses first, then those of any other device that are not bound to a link.
  return (near ?? own[0] ?? namespace.devices.flatMap((device) => selectable(device, {local: false}))[0])?.ip
}

/** Addresses of scope host or link serve their own device only. */
function selectable(device: Device | undefined, {local}: {readonly local: boolean}): readonly DeviceAddress[] {
  const addresses = device?.addresses ?? []
  const usable = addresses.filter(({ip, scope, flags}) => !ip.includes(':') && scope !== 'host' && !flags.includes('secondary'))
  return local ? usable : usable.filter(({scope}) => scope !== 'link')
}

function sourceV6(namespace: NetworkNamespace, {destination, found}: SourceRequest): string | undefined {
  const {route, hop} = found
  if (route.preferredSource !== undefined) return route.preferredSource
  const candidates = namespace.devices.flatMap((device) => device.addresses.flatMap((address) => candidateOf({address, device}) ?? []))
  return candidates
    .filter((one) => !isLinkLocal(destination) || one.device.name === hop.device)
    .toSorted(byPreference({destination, hop}))[0]?.address.ip
}

interface Candidate {
  readonly ip: Ip
  readonly address: DeviceAddress
  readonly device: Device
}

function candidateOf({address, device}: {readonly address: DeviceAddress; readonly device: Device}): Candidate | undefined {
  const ip = parseIp(address.ip)
  return ip?.family === 6 ? {ip, address, device} : undefined
}

/** RFC 6724 section 5, rules 1, 2, 3, 5, 6 and 8. */
function byPreference({destination, hop}: {readonly destination: Ip; readonly hop: NextHop}): (a: Candidate, b: Candidate) => number {
  const scores = ({ip, address, device}: Candidate): readonly number[] => [
    ip.value === destination.value ? 1 : 0,
    scopeScore(scopeOf(ip), scopeOf(destination)),
    address.flags.includes('deprecated') ? 0 : 1,
    device.name === hop.device ? 1 : 0,
    labelOf(ip) === labelOf(destination) ? 1 : 0,
    Math.min(commonLength(ip, destination), address.prefix.length),
  ]
  return (a, b) => firstDifference(scores(b), scores(a))
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}

/** Loopback counts as link-local (RFC 6724 section 3.1). */
function scopeOf(ip: Ip): number {
  return isLoopback(ip) || isLinkLocal(ip) ? 2 : 14
}

/** The smallest scope that still reaches the target is best; a smaller one is worst. */
function scopeScore(scope: number, wanted: number): number {
  return scope >= wanted ? 100 - scope : scope - 100
}

/** The default policy table of RFC 6724 section 2.1. */
const LABELS = [
  ['::1/128', 0],
  ['::ffff:0:0/96', 4],
  ['2001::/32', 5],
  ['2002::/16', 2],
  ['fc00::/7', 13],
  ['::/0', 1],
] as const

function labelOf(ip: Ip): number {
  const row = LABELS.find(([text]) => {
    const prefix = parsePrefix(text, 6)
    return prefix !== undefined && contains(prefix, ip)
  })
  return row?.[1] ?? 1
}

function textOf(ip: Ip): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((ip.value >> shift) & 255n)).join('.')
}
