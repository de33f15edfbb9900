import type {NetworkNamespace} from './namespace.js'
import {backendOf} from './iptables-save.js'
import {readNamespace, type NamespaceFiles} from './read-namespace.js'
import type {SourceText} from './source-text.js'
import {withZtunnelSockets} from './ztunnel-sockets.js'

/**
 * One namespace from the files of a capture folder, told apart by their names (design §7). ztunnel's sockets are added where
 * the rules show that it is here.
 * @throws InputError naming the file and line that cannot be read
 */
export function readCapture({name, files}: {readonly name: string; readonly files: readonly SourceText[]}): NetworkNamespace {
  const namespace = readNamespace({name, files: namespaceFiles(files)})
  const ztunnel = ztunnelOf(namespace)
  return ztunnel === undefined ? namespace : withZtunnelSockets(namespace, ztunnel)
}

/** Names of the files a capture folder may hold, with or without `.txt`. Of sets, routes and rules the first one counts. */
const NAMES = {
  iptables: ['iptables-legacy-save', 'iptables-nft-save'],
  ip6tables: ['ip6tables-legacy-save', 'ip6tables-nft-save'],
  nft: ['nft-ruleset', 'nft-list-ruleset'],
  ipset: ['ipset-save', 'ipset-list', 'ipset'],
  rules: ['ip-rule', 'ip-rule.json'],
  rules6: ['ip6-rule', 'ip6-rule.json'],
  routes: ['ip-route', 'ip-route.json', 'ip-route-table-all'],
  routes6: ['ip6-route', 'ip6-route.json', 'ip6-route-table-all'],
  devices: ['ip-addr', 'ip-link', 'ip-d-link', 'ip-addr.json', 'ip-link.json', 'ip-d-link.json'],
  listeners: ['ss', 'ss-listen'],
  sysctls: ['sysctl'],
} as const

/** What a walk cannot do without, by the command that prints it. */
export type CapturePart = 'iptables-save' | 'ip rule' | 'ip route' | 'ip6tables-save' | 'ip -6 rule' | 'ip -6 route' | 'ip addr' | 'sysctl'

const PARTS: Readonly<Record<CapturePart, readonly string[]>> = {
  'iptables-save': ['iptables-save', ...NAMES.iptables, ...NAMES.nft],
  'ip rule': NAMES.rules,
  'ip route': NAMES.routes,
  'ip6tables-save': ['ip6tables-save', ...NAMES.ip6tables, ...NAMES.nft],
  'ip -6 rule': NAMES.rules6,
  'ip -6 route': NAMES.routes6,
  'ip addr': NAMES.devices,
  sysctl: NAMES.sysctls,
}

/** Parts that were not recorded: a walk would take them for empty. */
export function lackingParts(files: readonly Pick<SourceText, 'file'>[], needed: readonly CapturePart[]): readonly CapturePart[] {
  const stems = new Set(files.map(stemOf))
  return needed.filter((part) => !PARTS[part].some((name) => stems.has(name)))
}

function namespaceFiles(files: readonly SourceText[]): NamespaceFiles {
  const named = new Map(files.map((file) => [stemOf(file), file]))
  const all = (names: readonly string[]): readonly SourceText[] => names.flatMap((name) => named.get(name) ?? [])
  const first = (names: readonly string[]): SourceText | undefined => all(names)[0]
  return {
    iptables: ofBackends(all(NAMES.iptables), named.get('iptables-save')),
    ip6tables: ofBackends(all(NAMES.ip6tables), named.get('ip6tables-save')),
    nft: first(NAMES.nft),
    ipset: first(NAMES.ipset),
    rules: first(NAMES.rules),
    rules6: first(NAMES.rules6),
    routes: first(NAMES.routes),
    routes6: first(NAMES.routes6),
    devices: ['ip-addr', 'ip-link', 'ip-d-link'].flatMap((name) => first([name, `${name}.json`]) ?? []),
    listeners: first(NAMES.listeners),
    sysctls: first(NAMES.sysctls),
  }
}

/** What `iptables-save` prints is that of one of the backends: with the file of that one it would count twice. */
function ofBackends(backends: readonly SourceText[], either: SourceText | undefined): readonly SourceText[] {
  if (either === undefined) return backends
  const backend = backendOf(either)
  const isAnother = backend !== undefined && backends.every((one) => backendOf(one) !== backend)
  return backends.length === 0 || isAnother ? [...backends, either] : backends
}

function stemOf({file}: Pick<SourceText, 'file'>): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.txt$/, '')
}

/** envoy-2022 C.2: the ztunnel pod has the inner ends of the tunnels. ambient-ga E: an enrolled pod has chains of its own. */
function ztunnelOf({devices, packetRules}: NetworkNamespace): NetworkNamespace['ztunnel'] {
  if (devices.some(({name}) => name === 'pistioout' || name === 'pistioin')) return 'node'
  const tables = [...packetRules[4].tables, ...packetRules[6].tables]
  const names = new Set(tables.flatMap(({title, chains}) => [...chains.keys()].map((chain) => (isSidecarTable(title) ? '' : chain))))
  // Rules of a sidecar have chains of the same names, and others beside them.
  if (names.has('ISTIO_INBOUND') && !names.has('ISTIO_PRERT')) return undefined
  return ['ISTIO_OUTPUT', 'ISTIO_PRERT', 'istio-output', 'istio-prerouting'].some((name) => names.has(name)) ? 'in-pod' : undefined
}

/** In the nftables mode of sidecars. */
function isSidecarTable(title: string | undefined): boolean {
  return title?.startsWith('inet istio-proxy-') === true
}
