import type {View} from '../../json/view.js'
import {toNumber} from '../../json/view.js'
import type {EnvoyConfig, Resource} from '../config/model.js'
import {localProxies, type LocalProxies} from './local-proxies.js'
import {readLocality, withZoneRuntime, type LocalitySettings} from './locality-settings.js'
import {readSubsetPolicy, type SubsetPolicy} from './subset-policy.js'
import type {UpstreamContext} from './upstream.js'

/** How a load balancer picks hosts. */
export interface BalancingPolicy extends LocalitySettings {
  /** As printed: `ROUND_ROBIN`, or the extension's type. */
  readonly name: string
  /**
   * `weighted`: shares follow host weights; `uniform`: weights mean nothing; `load`: by requests in flight, so that shares
   * are known only when all weights are equal; `measured`: by weights the dump does not hold; `hash`: by a hash of the
   * request; `provided`: by the cluster itself.
   */
  readonly pick: 'weighted' | 'uniform' | 'load' | 'measured' | 'hash' | 'provided' | 'unknown'
  /** Per cent; 0 switches panic off. */
  readonly panicThreshold: number
  readonly proxies: LocalProxies
  readonly subset?: SubsetPolicy
  /** override_host: where a chosen host may come from before the policy decides. */
  readonly overrideSources: readonly View[]
  /** Health statuses that a host of a session may have. */
  readonly overrideStatuses: ReadonlySet<string>
}

type Picking = Omit<BalancingPolicy, 'panicThreshold' | 'proxies' | 'overrideStatuses'>

const LEGACY: ReadonlyMap<string, BalancingPolicy['pick']> = new Map<string, BalancingPolicy['pick']>([
  ['ROUND_ROBIN', 'weighted'],
  ['LEAST_REQUEST', 'load'],
  ['RANDOM', 'uniform'],
  ['RING_HASH', 'hash'],
  ['MAGLEV', 'hash'],
  ['CLUSTER_PROVIDED', 'provided'],
])

const TYPED: ReadonlyMap<string, BalancingPolicy['pick']> = new Map<string, BalancingPolicy['pick']>([
  ['round_robin', 'weighted'],
  ['least_request', 'load'],
  ['random', 'uniform'],
  ['ring_hash', 'hash'],
  ['maglev', 'hash'],
  ['client_side_weighted_round_robin', 'measured'],
  ['cluster_provided', 'provided'],
])

const DEFAULT_PANIC_THRESHOLD = 50
/** Policies nest (subset, wrr_locality, override_host); deeper ones are taken as unknown. */
const MAX_NESTING = 8

/** The load balancing policy of a cluster: `load_balancing_policy` wins over the legacy fields. */
export function readPolicy(cluster: Resource, context: Pick<UpstreamContext, 'config' | 'semantics'>): BalancingPolicy {
  const {runtime} = context.config
  const typed = cluster.view.get('load_balancing_policy')
  const picking = typed === undefined ? readLegacy(cluster.view) : readTyped(typed, MAX_NESTING)
  return {
    ...picking,
    zone: withZoneRuntime(picking.zone, runtime),
    proxies: localProxies(cluster, context),
    panicThreshold: readPanicThreshold(cluster.view, runtime),
    overrideStatuses: readOverrideStatuses(cluster.view),
  }
}

const OVERRIDE_STATUSES: ReadonlySet<string> = new Set(['UNKNOWN', 'HEALTHY', 'DEGRADED'])

function readOverrideStatuses(cluster: View): ReadonlySet<string> {
  const config = cluster.path('common_lb_config', 'override_host_status')
  return config === undefined ? OVERRIDE_STATUSES : new Set(config.list('statuses').flatMap((status) => status.text() ?? []))
}

/** Runtime `upstream.healthy_panic_threshold` wins; an empty Percent message is 0. */
function readPanicThreshold(cluster: View, runtime: EnvoyConfig['runtime']): number {
  const configured = cluster.path('common_lb_config', 'healthy_panic_threshold')
  const own = configured === undefined ? DEFAULT_PANIC_THRESHOLD : Math.round(configured.num('value') ?? 0)
  return Math.min(100, toNumber(runtime.get('upstream.healthy_panic_threshold')) ?? own)
}

function readLegacy(cluster: View): Picking {
  const name = cluster.str('lb_policy') ?? 'ROUND_ROBIN'
  const common = cluster.get('common_lb_config')
  const options = cluster.get('round_robin_lb_config') ?? cluster.get('least_request_lb_config')
  const subset = readSubsetPolicy(cluster.get('lb_subset_config'))
  return {
    name,
    pick: measuredIfSlow(LEGACY.get(name) ?? 'unknown', options),
    ...readLocality(common),
    ...(subset === undefined ? {} : {subset}),
    overrideSources: [],
  }
}

/** The first policy of the list that is known; Envoy takes the first it has an extension for. */
function readTyped(list: View, nesting: number): Picking {
  const configs = list.list('policies').flatMap((policy) => policy.path('typed_extension_config', 'typed_config') ?? [])
  const known = configs.find((config) => isKnown(shortName(config)))
  if (known === undefined || nesting === 0) return plain({name: configs[0]?.typeName() ?? 'no policy', pick: 'unknown'})
  const message = known.message()
  const nested = (field: string): Picking => readTyped(message.get(field) ?? list, message.get(field) === undefined ? 0 : nesting - 1)
  switch (shortName(known)) {
    case 'wrr_locality':
      return {...nested('endpoint_picking_policy'), localityWeighted: true}
    case 'override_host': {
      const fallback = nested('fallback_policy')
      return {...fallback, overrideSources: [...message.list('override_host_sources'), ...fallback.overrideSources]}
    }
    case 'subset':
      return withSubset(nested('subset_lb_policy'), readSubsetPolicy(message))
    default:
      return readPlain(known)
  }
}

function readPlain(config: View): Picking {
  const message = config.message()
  const name = shortName(config)
  return {
    name: name.toUpperCase(),
    pick: measuredIfSlow(TYPED.get(name) ?? 'unknown', message),
    ...readLocality(message.get('locality_lb_config')),
    overrideSources: [],
  }
}

function withSubset(picking: Picking, subset: SubsetPolicy | undefined): Picking {
  return subset === undefined ? picking : {...picking, subset}
}

function plain(picking: Pick<Picking, 'name' | 'pick'>): Picking {
  return {...picking, ...readLocality(undefined), overrideSources: []}
}

/** Slow start weighs hosts by their age, which the dump does not tell. */
function measuredIfSlow(pick: BalancingPolicy['pick'], options: View | undefined): BalancingPolicy['pick'] {
  const slow = options?.path('slow_start_config', 'slow_start_window') !== undefined
  return slow && (pick === 'weighted' || pick === 'load') ? 'measured' : pick
}

function isKnown(name: string): boolean {
  return TYPED.has(name) || ['wrr_locality', 'override_host', 'subset'].includes(name)
}

/** `envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin` is `round_robin`. */
function shortName(config: View): string {
  return /\.load_balancing_policies\.([a-z0-9_]+)\./.exec(config.typeName() ?? '')?.[1] ?? ''
}
