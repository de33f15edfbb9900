import {readDevices} from './devices.js'
import type {Family} from './ip.js'
import {readIpRoutes} from './ip-route.js'
import {readIpRules} from './ip-rule.js'
import {readIpSets} from './ipset.js'
import {readPacketRules} from './iptables-save.js'
import {readListeners} from './listeners.js'
import type {IpSet} from './model.js'
import {readNftRuleset} from './nft-ruleset.js'
import type {PacketRules} from './packet-rules.js'
import {defaultRules, type NetworkNamespace, type Routing} from './namespace.js'
import type {SourceText} from './source-text.js'
import {readSysctls} from './sysctl.js'

/** The recorded outputs of one namespace. What is absent was not recorded. */
export interface NamespaceFiles {
  /** Save files of all backends: one capture may hold legacy and nft rules (envoy-2022 H.3.6). */
  readonly iptables?: readonly SourceText[]
  readonly ip6tables?: readonly SourceText[]
  /** `nft list ruleset`; tables of iptables-nft in it only count where no save file tells of them. */
  readonly nft?: SourceText | undefined
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
    packetRules: {4: rulesOf(4, files), 6: rulesOf(6, files)},
    sets: new Map(setsOf(files).map((set) => [set.name, set])),
    ...(files.listeners === undefined ? {listeners: [], answersAll: true} : {listeners: readListeners(files.listeners)}),
    sysctls: files.sysctls === undefined ? new Map() : readSysctls(files.sysctls),
  }
}

/** iptables prints its own tables more fully than nft does. */
function rulesOf(family: Family, {iptables = [], ip6tables = [], nft}: NamespaceFiles): PacketRules {
  const saved = readPacketRules(family === 4 ? iptables : ip6tables, family)
  const hasNft = saved.tables.some(({backend}) => backend === 'nft')
  const listed = nft === undefined ? [] : readNftRuleset(nft, {family, withIptables: !hasNft}).tables
  return {tables: [...saved.tables, ...listed]}
}

function setsOf({ipset, nft}: NamespaceFiles): readonly IpSet[] {
  const named = nft === undefined ? [] : ([4, 6] as const).flatMap((family) => readNftRuleset(nft, {family, withIptables: false}).sets)
  return [...named, ...(ipset === undefined ? [] : readIpSets(ipset))]
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
