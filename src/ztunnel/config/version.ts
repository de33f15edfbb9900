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
  const marked = newestMarker(clues)
  return named === undefined || named < marked ? {minor: marked, from: 'markers'} : {minor: named, from: 'version'}
}

function namedMinor(version: View | undefined): number | undefined {
  const texts = [version?.str('istio_version'), version?.str('git_tag')]
  const minors = texts.flatMap((text) => /^v?1\.(\d{1,3})(?:\.|$)/.exec(text ?? '')?.[1] ?? [])
  return minors[0] === undefined ? undefined : Number(minors[0])
}

/** Newest first: the first release whose marker is seen decides. */
const MARKERS: readonly (readonly [minor: number, seen: (clues: VersionClues) => boolean])[] = [
  [31, ({services}) => someHas(services, 'visibility', 'weighted_waypoints')],
  [30, (clues) => someHas(clues.services, 'cidr_vips') || (has(clues.config, 'crl_path') && !has(clues.config, 'ca_cert_watcher'))],
  [29, (clues) => someHas(clues.services, 'canonical') || someHas(clues.policies, 'dry_run') || has(clues.config, 'crl_path')],
  [28, (clues) => has(clues.config, 'ca_cert_watcher') || clues.services.some(({loadBalancer}) => loadBalancer?.mode === 'Passthrough')],
  [27, (clues) => has(clues.version, 'crypto_provider') || has(clues.config, 'ztunnel_identity', 'ipv6_enabled')],
  [26, (clues) => someHas(clues.workloads, 'capacity') || has(clues.config, 'localhost_app_tunnel')],
  [25, ({policies}) => policies.some(usesServiceAccounts)],
  [
    24,
    (clues) => someHas(clues.workloads, 'network_mode') || someHas(clues.certificates, 'root_certs') || has(clues.config, 'socket_config'),
  ],
  [23, ({shape}) => shape === 'lists'],
  [22, ({shape}) => shape === 'maps'],
  [20, ({shape}) => shape === 'flattened'],
]

const OLDEST = 18

function newestMarker(clues: VersionClues): number {
  return MARKERS.find(([, seen]) => seen(clues))?.[0] ?? OLDEST
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
