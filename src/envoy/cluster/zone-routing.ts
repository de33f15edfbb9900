import {addShares, formatShare, fraction, multiplyShares, NOTHING, WHOLE, type Share} from '../../flow/share.js'
import type {HostSet} from './host.js'
import type {BalancingPolicy} from './policy.js'
import {isInPanic} from './priority-load.js'

/** What zone aware routing makes of a choice. `part` is the share of the traffic that it takes; the rest goes to all zones alike. */
export type ZoneRouting =
  | {readonly kind: 'off'}
  /** It may change the shares, and the data does not tell how. */
  | {readonly kind: 'open'}
  | {readonly kind: 'zones'; readonly part: Share; readonly zones: readonly ZoneShare[]}
  /** fail_traffic_on_panic while too many of the proxies themselves are unhealthy. */
  | {readonly kind: 'fails'; readonly part: Share}

export interface ZoneShare {
  readonly locality: string
  readonly share: Share
}

type Zoned = Pick<BalancingPolicy, 'proxies' | 'zone' | 'failOnPanic' | 'panicThreshold'>

/** Policies that hash, and clusters that choose for themselves, ask for no zone. */
export function knowsZones({pick}: Pick<BalancingPolicy, 'pick'>): boolean {
  return pick !== 'hash' && pick !== 'provided' && pick !== 'unknown'
}

const OFF: ZoneRouting = {kind: 'off'}

/**
 * How the traffic of priority 0 is spread over zones; other priorities know no zones.
 * Source: Envoy load_balancer_impl.cc earlyExitNonLocalityRouting, regenerateLocalityRoutingStructures, hostSourceToUse.
 */
export function zoneRouting(set: HostSet, {proxies, zone, failOnPanic, panicThreshold}: Zoned): ZoneRouting {
  const small = set.localities.length < 2 || healthyIn(set).length < zone.minClusterSize
  if (small || zone.enabled === 0 || proxies.kind === 'none') return OFF
  if (proxies.kind === 'unknown') return {kind: 'open'}
  const {set: local, zone: own} = proxies
  if (own === undefined || !isSpread({local, own, direct: zone.direct})) return OFF
  const part = fraction(zone.enabled, 100)
  if (isInPanic(local, panicThreshold)) return failOnPanic ? {kind: 'fails', part} : OFF
  return {kind: 'zones', part, zones: zoneShares({set, local, own, direct: zone.direct})}
}

/** The proxies stand in several zones, this one's among them. */
function isSpread({local, own, direct}: Omit<Zones, 'set'>): boolean {
  return (direct || local.localities.length >= 2) && local.localities.includes(own)
}

/** For print: what goes to which zone. Empty when zones do not matter. */
export function explainZones(routing: ZoneRouting): string[] {
  if (routing.kind !== 'zones') return []
  const zones = routing.zones.map(({locality, share}) => `${locality} ${formatShare(share)}`)
  const part = routing.part.numerator === routing.part.denominator ? '' : ` of ${formatShare(routing.part)}`
  return [`zone aware routing${part}: ${zones.join(', ')}`]
}

interface Zones {
  readonly set: HostSet
  readonly local: HostSet
  readonly own: string
  readonly direct: boolean
}

/** Envoy counts in parts of ten thousand, rounded down. */
const PARTS = 10_000

/** The own zone takes what its hosts can carry; the rest goes where hosts are left over. */
function zoneShares({set, local, own, direct}: Zones): ZoneShare[] {
  const [upstream, proxies] = [partsByZone(set), partsByZone(local)]
  const parts = (of: ReadonlyMap<string, number>, locality: string): number => of.get(locality) ?? 0
  const hasOwn = set.localities.includes(own)
  const carried = hasOwn ? parts(upstream, own) : 0
  if (hasOwn && (direct || (carried > 0 && carried >= parts(proxies, own)))) return [{locality: own, share: WHOLE}]
  const kept = carried === 0 ? NOTHING : fraction(Math.floor((carried * PARTS) / parts(proxies, own)), PARTS)
  const left = set.localities.map((locality) => ({
    locality,
    weight: locality === own ? 0 : Math.max(0, parts(upstream, locality) - parts(proxies, locality)),
  }))
  const rest = multiplyAll(restOf(kept), byWeight(left))
  return addZone(rest, {locality: own, share: kept}).filter(({share}) => share.numerator > 0n)
}

/** Rounding can leave nothing over anywhere: then every zone is as good as another. */
function byWeight(zones: readonly {readonly locality: string; readonly weight: number}[]): ZoneShare[] {
  const total = zones.reduce((sum, {weight}) => sum + weight, 0)
  return zones.map(({locality, weight}) => ({locality, share: total === 0 ? fraction(1, zones.length) : fraction(weight, total)}))
}

function restOf({numerator, denominator}: Share): Share {
  return fraction(denominator - numerator, denominator)
}

function multiplyAll(by: Share, zones: readonly ZoneShare[]): ZoneShare[] {
  return zones.map(({locality, share}) => ({locality, share: multiplyShares(by, share)}))
}

function addZone(zones: readonly ZoneShare[], added: ZoneShare): ZoneShare[] {
  const others = zones.filter(({locality}) => locality !== added.locality)
  const same = zones.find(({locality}) => locality === added.locality)
  return [{...added, share: addShares(added.share, same?.share ?? NOTHING)}, ...others]
}

function partsByZone(set: HostSet): ReadonlyMap<string, number> {
  const healthy = healthyIn(set)
  const count = (locality: string): number => healthy.filter((host) => host.locality === locality).length
  return new Map(
    set.localities.map((locality) => [locality, healthy.length === 0 ? 0 : Math.floor((PARTS * count(locality)) / healthy.length)]),
  )
}

function healthyIn(set: HostSet): HostSet['hosts'] {
  return set.hosts.filter(({health}) => health === 'healthy')
}
