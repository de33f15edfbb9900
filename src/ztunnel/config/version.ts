import type {View} from '../../json/view.js'
import type {Certificate, DumpShape, Policy, Service, Workload, ZtunnelVersion} from './model.js'

/** What a version is read from. */
export interface VersionClues {
  readonly shape: DumpShape
  readonly version: View | undefined
  readonly config: View | undefined
  readonly workloads: readonly Workload[]
  readonly services: readonly Service[]
  readonly policies: readonly Policy[]
  readonly certificates: readonly Certificate[]
}

/** The release the dump names; where it says "unknown", the newest field it prints (ambient-ga A.10, I.15, K). */
export function detectVersion(clues: VersionClues): ZtunnelVersion {
  const named = namedMinor(clues.version)
  const {minor, marker} = newestMarker(clues)
  return named === undefined || named < minor ? {minor, from: 'markers', marker} : {minor: named, from: 'version'}
}

function namedMinor(version: View | undefined): number | undefined {
  const texts = [version?.str('istio_version'), version?.str('git_tag')]
  const minors = texts.flatMap((text) => /^v?1\.(\d{1,3})(?:\.|$)/.exec(text ?? '')?.[1] ?? [])
  return minors[0] === undefined ? undefined : Number(minors[0])
}

/** Newest first: the first release whose marker is seen decides. */
const MARKERS: readonly (readonly [minor: number, marker: string, seen: (clues: VersionClues) => boolean])[] = [
  [31, 'visibility or weightedWaypoints of services', ({services}) => someHas(services, 'visibility', 'weighted_waypoints')],
  [
    30,
    'cidrVips of services, or crlPath without caCertWatcher',
    (clues) => someHas(clues.services, 'cidr_vips') || (has(clues.config, 'crl_path') && !has(clues.config, 'ca_cert_watcher')),
  ],
  [
    29,
    'canonical of services, dryRun of policies, or crlPath',
    (clues) => someHas(clues.services, 'canonical') || someHas(clues.policies, 'dry_run') || has(clues.config, 'crl_path'),
  ],
  [
    28,
    'caCertWatcher, or load balancing mode Passthrough',
    (clues) => has(clues.config, 'ca_cert_watcher') || clues.services.some(({loadBalancer}) => loadBalancer?.mode === 'Passthrough'),
  ],
  [
    27,
    'cryptoProvider, ztunnelIdentity or ipv6Enabled',
    (clues) => has(clues.version, 'crypto_provider') || has(clues.config, 'ztunnel_identity', 'ipv6_enabled'),
  ],
  [
    26,
    'capacity of workloads, or localhostAppTunnel',
    (clues) => someHas(clues.workloads, 'capacity') || has(clues.config, 'localhost_app_tunnel'),
  ],
  [25, 'serviceAccounts of policies', ({policies}) => policies.some(usesServiceAccounts)],
  [
    24,
    'networkMode of workloads, rootCerts, or socketConfig',
    (clues) => someHas(clues.workloads, 'network_mode') || someHas(clues.certificates, 'root_certs') || has(clues.config, 'socket_config'),
  ],
  [23, 'lists instead of maps', ({shape}) => shape === 'lists'],
  [22, 'maps of workloads or services', ({shape}) => shape === 'maps'],
  [20, 'stores side by side', ({shape}) => shape === 'flattened'],
]

const OLDEST = {minor: 18, marker: 'VIPs instead of services'}

function newestMarker(clues: VersionClues): {readonly minor: number; readonly marker: string} {
  const [minor, marker] = MARKERS.find(([, , seen]) => seen(clues)) ?? []
  return minor === undefined || marker === undefined ? OLDEST : {minor, marker}
}

/** A printed key counts, also when its value is null. */
function has(view: View | undefined, ...keys: readonly string[]): boolean {
  const {value} = view ?? {}
  const names = typeof value === 'object' && value !== null ? new Set(Object.keys(value)) : new Set<string>()
  return keys.some((key) => names.has(key) || names.has(key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())))
}

function someHas(items: readonly {readonly view: View}[], ...keys: readonly string[]): boolean {
  return items.some(({view}) => has(view, ...keys))
}

function usesServiceAccounts(policy: Policy): boolean {
  const matches = policy.rules.flatMap(({clauses}) => clauses.flatMap((clause) => clause.matches))
  return matches.some(({fields}) => fields.some(({kind}) => kind === 'serviceAccounts'))
}
