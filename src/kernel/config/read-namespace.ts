import {readDevices} from './devices.js'
import type {Family} from './ip.js'
import {readIpRoutes} from './ip-route.js'
import {readIpRules} from './ip-rule.js'
import {readIpSets} from './ipset.js'
import {readPacketRules} from './iptables-save.js'
import {readListeners} from './listeners.js'
import {defaultRules, type NetworkNamespace, type Routing} from './namespace.js'
import type {SourceText} from './source-text.js'
import {readSysctls} from './sysctl.js'

/** The recorded outputs of one namespace. What is absent was not recorded. */
export interface NamespaceFiles {
  /** Save files of all backends: one capture may hold legacy and nft rules (envoy-2022 H.3.6). */
  readonly iptables?: readonly SourceText[]
  readonly ip6tables?: readonly SourceText[]
  readonly ipset?: SourceText | undefined
  readonly rules?: SourceText | undefined
  readonly rules6?: SourceText | undefined
  readonly routes?: SourceText | undefined
  readonly routes6?: SourceText | undefined
  /** `ip addr` and, for tunnels, `ip -d link`. */
  readonly devices?: readonly SourceText[]
  readonly listeners?: SourceText | undefined
  readonly sysctls?: SourceText | undefined
}

/**
 * One namespace as its commands printed it.
 * @throws InputError naming the file and line that cannot be read
 */
export function readNamespace({name, files}: {readonly name: string; readonly files: NamespaceFiles}): NetworkNamespace {
  return {
    name,
    devices: readDevices(...(files.devices ?? [])),
    routing: {
      4: routingOf(4, {rules: files.rules, routes: files.routes}),
      6: routingOf(6, {rules: files.rules6, routes: files.routes6}),
    },
    packetRules: {4: readPacketRules(files.iptables ?? [], 4), 6: readPacketRules(files.ip6tables ?? [], 6)},
    sets: new Map(files.ipset === undefined ? [] : readIpSets(files.ipset).map((set) => [set.name, set])),
    ...(files.listeners === undefined ? {listeners: [], answersAll: true} : {listeners: readListeners(files.listeners)}),
    sysctls: files.sysctls === undefined ? new Map() : readSysctls(files.sysctls),
  }
}

function routingOf(
  family: Family,
  {rules, routes}: {readonly rules: SourceText | undefined; readonly routes: SourceText | undefined},
): Routing {
  return {
    rules: rules === undefined ? defaultRules(family) : readIpRules(rules, family),
    routes: routes === undefined ? [] : readIpRoutes(routes, {family}),
  }
}
