import {isIP} from 'node:net'
import {isPort, type View} from '../../json/view.js'
import {canonicalIp} from './ip.js'
import type {CidrVip, GatewayAddress, NetworkAddress} from './model.js'

/** Reads `network/ip`; the network may be empty. Split at the first `/` (ambient-ga A.3). */
export function readNetworkAddress(text: string): NetworkAddress {
  const slash = text.indexOf('/')
  return {network: text.slice(0, Math.max(slash, 0)), ip: canonicalIp(text.slice(slash + 1))}
}

/** Reads a `GatewayAddress`; the right part decides whether it is an address or a hostname (ambient-ga A.3). */
export function readGateway(view: View | undefined): GatewayAddress | undefined {
  const destination = view?.str('destination')
  if (view === undefined || destination === undefined) return undefined
  const port = gatewayPort(view) ?? ISTIOD_PORT
  const {network, ip} = readNetworkAddress(destination)
  return isIP(ip) === 0 ? {kind: 'hostname', namespace: network, hostname: ip, port} : {kind: 'address', network, ip, port}
}

/** Before 1.22 it was spelled differently (ambient-ga A.3); istioctl leaves it out (A.9). */
export function gatewayPort(view: View): number | undefined {
  const field = ['hbone_mtls_port', 'port'].find((name) => view.get(name) !== undefined)
  return field === undefined ? undefined : view.port(field)
}

/** ambient-ga B.4: what istiod sends, always. */
const ISTIOD_PORT = 15_008

/** ambient-ga A.4: an object from ztunnel, a string `network/cidr` from others. */
export function readCidrVip(view: View): CidrVip | undefined {
  const text = view.text()
  if (text === undefined) {
    const cidr = view.str('cidr')
    return cidr === undefined ? undefined : {network: view.str('network') ?? '', cidr}
  }
  const slash = text.indexOf('/')
  return slash < 0 ? undefined : {network: text.slice(0, slash), cidr: text.slice(slash + 1)}
}

/** Ports of a service or endpoint: string keys, numbers as values. What can be no port is left out. */
export function readPorts(view: View | undefined): ReadonlyMap<number, number> {
  const ports = (view?.entries() ?? []).flatMap(([key, {value}]) =>
    /^\d{1,5}$/.test(key) && isPort(Number(key)) && typeof value === 'number' && isPort(value) ? [[Number(key), value] as const] : [],
  )
  return new Map(ports)
}
