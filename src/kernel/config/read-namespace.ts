import {readDevices} from './devices.js'
import type {Family} from './ip.js'
import {readIpRoutes} from './ip-route.js'
import {readIpRules, VRF_TABLE} from './ip-rule.js'
import {readIpSets} from './ipset.js'
import {readPacketRules} from './iptables-save.js'
import {readListeners} from './listeners.js'
import type {Device, IpSet} from './model.js'
import {readNftRuleset} from './nft-ruleset.js'
import type {PacketRules} from './packet-rules.js'
import {defaultRules, type NetworkNamespace, type Routing} from './namespace.js'
import type {SourceText} from './source-text.js'
import {readSysctls, sysctlPlaces} from './sysctl.js'

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
  const devices = readDevices(...(files.devices ?? []))
  return {
    name,
    devices,
    routing: {
      4: withVrfs(routingOf(4, {rules: files.rules, routes: files.routes}), devices),
      6: withVrfs(routingOf(6, {rules: files.rules6, routes: files.routes6}), devices),
    },
    packetRules: {4: rulesOf(4, files), 6: rulesOf(6, files)},
    sets: new Map(setsOf(files).map((set) => [set.name, set])),
    ...(files.listeners === undefined ? {listeners: [], answersAll: true} : {listeners: readListeners(files.listeners)}),
    ...(files.sysctls === undefined
      ? {sysctls: new Map()}
      : {sysctls: readSysctls(files.sysctls), sysctlPlaces: sysctlPlaces(files.sysctls)}),
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

/** Which table a VRF has is not modelled; where there is none, the rule that asks finds nothing (l3mdev_fib_rule_match). */
function withVrfs(routing: Routing, devices: readonly Device[]): Routing {
  if (!devices.some(({attachment}) => attachment.kind === 'other' && attachment.type === 'vrf')) return routing
  const rules = routing.rules.map((rule) => (asksVrf(rule) ? {...rule, unknown: [...rule.unknown, 'l3mdev']} : rule))
  return {...routing, rules}
}

function asksVrf({action}: Routing['rules'][number]): boolean {
  return action.kind === 'lookup' && action.table === VRF_TABLE
}
