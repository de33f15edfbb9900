import {addShares, fraction, multiplyShares, NOTHING, type Share} from '../../flow/share.js'
import {choiceOf, mixChoices, NO_HOST, type Choice} from './choice.js'
import {countedHosts, type Host, type HostSet} from './host.js'
import type {BalancingPolicy} from './policy.js'
import {loadPriorities, type PriorityLoad} from './priority-load.js'
import {knowsZones, zoneRouting, type ZoneShare as LocalityShare} from './zone-routing.js'

/** What a priority's load is split into. */
export const AVAILABILITIES = ['healthy', 'degraded'] as const

type Balancing = Omit<BalancingPolicy, 'subset' | 'overrideSources'>

/** The hosts a load balancer picks from all priorities (envoy-2022 D9). */
export function balance(sets: readonly HostSet[], policy: Balancing): Choice {
  return balanceLoad({sets, policy, load: loadPriorities(sets, policy.panicThreshold)})
}

/** The same with a load given from outside (an aggregate cluster decides it over all its members). */
export function balanceLoad(input: {
  readonly sets: readonly HostSet[]
  readonly policy: Balancing
  readonly load: Pick<PriorityLoad, 'healthy' | 'degraded'>
}): Choice {
  const {panic} = loadPriorities(input.sets, input.policy.panicThreshold)
  const parts = input.sets.flatMap((set, priority) =>
    AVAILABILITIES.map((health) => ({
      share: fraction(input.load[health][priority] ?? 0, 100),
      choice: pickFromSet({set, health, policy: input.policy, panic: panic[priority] === true, priority}),
    })),
  )
  return parts.length === 0 ? NO_HOST : mixChoices(parts.filter(({share}) => share.numerator > 0n))
}

interface SetPick {
  readonly set: HostSet
  readonly health: (typeof AVAILABILITIES)[number]
  readonly policy: Balancing
  readonly panic: boolean
  readonly priority: number
}

function pickFromSet(pick: SetPick): Choice {
  if (pick.policy.pick === 'hash') return pickByHash(pick)
  const {set, health, policy, panic} = pick
  // Envoy load_balancer_impl.cc hostSourceToUse: in panic neither health nor locality matters.
  if (panic) return policy.failOnPanic ? NO_HOST : pickHosts(set.hosts, policy)
  const usable = set.hosts.filter((host) => host.health === health)
  const localities = policy.localityWeighted ? localityShares({set, health}) : []
  return localities.length === 0 ? pickByZone(usable, pick) : mixLocalities(usable, {localities, policy})
}

/** Zone aware routing: its part of the traffic goes zone by zone, the rest to all hosts alike. */
function pickByZone(usable: readonly Host[], {set, policy, priority}: SetPick): Choice {
  const routing = priority === 0 && knowsZones(policy) ? zoneRouting(set, policy) : {kind: 'off' as const}
  switch (routing.kind) {
    case 'off':
      return pickHosts(usable, policy)
    case 'open':
      return pickHosts(usable, {...policy, pick: 'unknown'})
    case 'fails':
      return mixParts(routing.part, {inside: NO_HOST, outside: pickHosts(usable, policy)})
    case 'zones':
      return mixParts(routing.part, {
        inside: mixLocalities(usable, {localities: routing.zones, policy}),
        outside: pickHosts(usable, policy),
      })
    default:
      return routing satisfies never
  }
}

function mixParts(part: Share, {inside, outside}: {readonly inside: Choice; readonly outside: Choice}): Choice {
  const rest = fraction(part.denominator - part.numerator, part.denominator)
  return mixChoices([{share: part, choice: inside}, ...(rest.numerator === 0n ? [] : [{share: rest, choice: outside}])])
}

function mixLocalities(
  usable: readonly Host[],
  {localities, policy}: {readonly localities: readonly LocalityShare[]; readonly policy: Balancing},
): Choice {
  return mixChoices(
    localities.map(({locality, share}) => ({
      share,
      choice: pickHosts(
        usable.filter((host) => host.locality === locality),
        policy,
      ),
    })),
  )
}

/** Shares inside one list of hosts; they are exact when the weights decide alone. */
function pickHosts(hosts: readonly Host[], {pick}: Pick<Balancing, 'pick'>): Choice {
  const weights = new Set(hosts.map((host) => host.weight))
  const known = pick === 'uniform' || pick === 'weighted' || (pick === 'load' && weights.size <= 1)
  return choiceOf(
    hosts.map((host) => ({host, weight: pick === 'weighted' ? host.weight : 1})),
    known,
  )
}

/** Ring hash and Maglev keep a table of healthy hosts (of all in panic), whichever availability was drawn: degraded ones are not in it. */
function pickByHash({set, policy, panic}: SetPick): Choice {
  const weights = policy.localityWeighted ? set.localityWeights : undefined
  const weightOf = (host: Host): number => (weights === undefined ? 1 : (weights.get(host.locality) ?? 0))
  const hosts = set.hosts.filter((host) => panic || host.health === 'healthy')
  return choiceOf(
    hosts.map((host) => ({host, weight: weightOf(host)})),
    false,
  )
}

/**
 * Locality weights times availability, which counts up to the overprovisioning factor.
 * Source: Envoy HostSetImpl::effectiveLocalityWeight. Empty when no locality has weight left: then weights are not used.
 */
function localityShares({set, health}: Pick<SetPick, 'set' | 'health'>): LocalityShare[] {
  const effective = [...(set.localityWeights ?? [])]
    .map(([locality, weight]) => {
      const hosts = set.hosts.filter((host) => host.locality === locality)
      const usable = hosts.filter((host) => host.health === health).length
      const full = 100 * countedHosts(hosts).length
      return {locality, share: full === 0 ? NOTHING : fraction(weight * Math.min(full, set.overprovisioning * usable), full)}
    })
    .filter(({share}) => share.numerator > 0n)
  const total = effective.map(({share}) => share).reduce(addShares, NOTHING)
  const inverse: Share = {numerator: total.denominator, denominator: total.numerator, exact: true}
  return effective.map(({locality, share}) => ({locality, share: multiplyShares(share, inverse)}))
}
