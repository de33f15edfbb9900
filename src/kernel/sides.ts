import type {Ingress} from '../flow/connection.js'
import {canonicalIp} from './config/ip.js'
import type {NetworkNamespace} from './config/namespace.js'
import type {Network} from './config/network.js'
import {outsideName} from './config/outside.js'
import {deviceTo} from './route/device-to.js'

/** Names of the namespaces on the sides of a node; where one is absent, and for a pod, it is found by its address. */
export type Sides = Readonly<Partial<Record<Exclude<Ingress, 'workload'>, string>>>

/** Both addresses of a connection, canonical. */
export interface Ends {
  readonly ingress: Ingress
  readonly source: string | undefined
  readonly destination: string
}

interface Surroundings {
  readonly network: Network
  readonly sides: Sides
}

/** The namespace a connection starts in. Of a pod that was not recorded it is what is assumed behind its device of the node. */
export function sideOf({network, sides}: Surroundings, ends: Ends): NetworkNamespace | undefined {
  const named = ends.ingress === 'workload' ? undefined : sides[ends.ingress]
  const found = named ?? holder(network, ends) ?? beyondHost({network, sides}, ends)
  return found === undefined ? undefined : network.namespaces.get(found)
}

/** A ztunnel whose sockets are in its pods sends from the pod of the source, or, for a client from elsewhere, of the destination. */
function holder(network: Network, {ingress, source, destination}: Ends): string | undefined {
  if (ingress === 'network') return undefined
  return holderOf(network, source) ?? (ingress === 'ztunnel' ? holderOf(network, destination) : undefined)
}

/** Only another machine may be behind the default route. */
function beyondHost({network, sides}: Surroundings, {ingress, source}: Ends): string | undefined {
  const host = sides.host === undefined ? undefined : network.namespaces.get(sides.host)
  if (host === undefined || source === undefined) return undefined
  const ways = [source, ...(ingress === 'network' ? ELSEWHERE : [])].flatMap((ip) => deviceTo(host, {ip, own: ingress !== 'network'}) ?? [])
  // The other end of a tunnel is not assumed: what comes out of it is taken to come in as everything else from other machines.
  return ways.map((device) => outsideName({namespace: host.name, device})).find((name) => network.namespaces.has(name))
}

/** Addresses kept for documentation: no route but the default one leads there. */
const ELSEWHERE = ['203.0.113.1', '2001:db8::1']

/** The namespace with the address; loopback addresses are everywhere and tell nothing. */
export function holderOf({namespaces}: Network, ip: string | undefined): string | undefined {
  const holders = [...namespaces.values()].filter(({devices}) =>
    devices.some(({addresses}) => addresses.some((one) => canonicalIp(one.ip) === ip)),
  )
  return holders.length === 1 ? holders[0]?.name : undefined
}
