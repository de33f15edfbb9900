import {canonicalIp, type Family} from './ip.js'
import type {Device, IpSet, Listener, Place, Route, RoutingRule, Sysctls} from './model.js'
import type {PacketRules} from './packet-rules.js'

export interface Routing {
  readonly rules: readonly RoutingRule[]
  readonly routes: readonly Route[]
}

/** Everything of one network namespace that decides about packets: a node's, a pod's, or what lies beyond. */
export interface NetworkNamespace {
  readonly name: string
  readonly devices: readonly Device[]
  readonly routing: Readonly<Record<Family, Routing>>
  readonly packetRules: Readonly<Record<Family, PacketRules>>
  readonly sets: ReadonlyMap<string, IpSet>
  readonly listeners: readonly Listener[]
  /** Nothing is known of its sockets: it is taken to answer on every port. */
  readonly answersAll?: true
  readonly sysctls: Sysctls
  /** Where settings stand that were recorded. */
  readonly sysctlPlaces?: ReadonlyMap<string, Place>
  /** Set where the namespace was not recorded but concluded: nothing it says can be cited. */
  readonly assumed?: true
  /** Stands for everything behind one device: it holds every address. */
  readonly outside?: true
  /** Where ztunnel's own sockets are: in a pod of its own (2022), or in the enrolled pod. */
  readonly ztunnel?: ZtunnelGeneration
}

/** `node`: the ztunnel pod of 2022, reached over the node. `in-pod`: an enrolled pod since 1.22. */
export type ZtunnelGeneration = 'node' | 'in-pod'

/** What every namespace starts with. */
export function defaultRules(family: Family): readonly RoutingRule[] {
  const tables: readonly (readonly [number, string])[] = [
    [0, 'local'],
    [32_766, 'main'],
    ...(family === 4 ? ([[32_767, 'default']] as const) : []),
  ]
  return tables.map(([priority, table]) => ({priority, negated: false, unknown: [], action: {kind: 'lookup', table}}))
}

export function deviceNamed(namespace: NetworkNamespace, name: string): Device | undefined {
  return namespace.devices.find((device) => device.name === name)
}

/** Whether a device has the address. */
export function isConfigured({devices}: NetworkNamespace, ip: string): boolean {
  return devices.some(({addresses}) => addresses.some((address) => canonicalIp(address.ip) === canonicalIp(ip)))
}

/** The dummy device that kube-proxy binds all VIPs to in IPVS mode. */
export const IPVS_DEVICE = 'kube-ipvs0'
