import type {Json} from '../../flow/connection.js'
import {NOTHING, oneOf} from '../../flow/share.js'
import {NO_HOST, orElse, type Choice} from './choice.js'
import type {Host, HostSet} from './host.js'
import {holdsLabels, jsonFields} from './metadata.js'
import type {SelectorFallback, SubsetPolicy, SubsetSelector} from './subset-policy.js'

/** Metadata a host must have, by key. Absent: the route asks for nothing. */
export type Criteria = ReadonlyMap<string, Json>

export const LB_NAMESPACE = 'envoy.lb'
const FALLBACK_LIST_KEY = 'fallback_list'

/** Spreads over the hosts that are left when only a subset counts. */
export type Spread = (sets: readonly HostSet[]) => Choice

interface Subsetting {
  readonly sets: readonly HostSet[]
  readonly subset: SubsetPolicy
  readonly spread: Spread
}

/** Balances inside the subset the criteria choose. Source: envoy-2022 D9, I.12; Envoy subset_lb.cc. */
export function balanceSubset(subsetting: Subsetting, criteria: Criteria): Choice {
  const list = criteria.get(FALLBACK_LIST_KEY)
  if (!subsetting.subset.fallbackList || list === undefined) return chooseOnce(subsetting, criteria)
  const rest = new Map([...criteria].filter(([key]) => key !== FALLBACK_LIST_KEY))
  const overrides = Array.isArray(list) ? list.map((override: Json) => new Map([...rest, ...jsonFields(override)])) : []
  if (overrides.length === 0) return chooseOnce(subsetting, rest)
  return overrides.reduce<Choice>((choice, override) => orElse(choice, () => chooseOnce(subsetting, override)), NO_HOST)
}

/** One pass: the subset of the criteria, else the fallback of the matching selector, else that of the cluster. */
function chooseOnce(subsetting: Subsetting, given: Criteria): Choice {
  const {subset} = subsetting
  const criteria = subset.allowRedundantKeys ? withoutRedundantKeys(subset.selectors, given) : given
  const selected = chooseSelected(subsetting, criteria)
  if (selected !== undefined) return selected
  const selector = fallbackSelector(subset.selectors, [...criteria.keys()].sort())
  if (selector !== undefined && selector.fallback !== 'NOT_DEFINED') return chooseSelectorFallback(subsetting, {criteria, selector})
  return chooseClusterFallback(subsetting)
}

/** Undefined when no host belongs to the subset: only then a fallback applies, however unhealthy the hosts are. */
function chooseSelected(subsetting: Subsetting, criteria: Criteria): Choice | undefined {
  const {subset, sets} = subsetting
  const selector = subset.selectors.find(({keys}) => sameKeys(keys, criteria))
  if (selector === undefined || criteria.size === 0) return undefined
  const belongs = (host: Host): boolean =>
    holdsLabels({labels: criteria, metadata: host.metadata.get(LB_NAMESPACE), listAsAny: subset.listAsAny})
  if (!sets.some((set) => set.hosts.some(belongs))) return undefined
  return selector.singleHost ? chooseSingle(sets, belongs) : balanceHosts(subsetting, belongs)
}

/** single_host_per_subset: the first host of the first priority that has one, whatever its health. */
function chooseSingle(sets: readonly HostSet[], belongs: (host: Host) => boolean): Choice {
  const hosts = sets.map((set) => set.hosts.filter(belongs)).find((list) => list.length > 0) ?? []
  // Which of several comes first depends on the order inside Envoy, which a dump does not keep.
  return {candidates: hosts.map((host) => ({host, share: oneOf(hosts.length)})), none: NOTHING}
}

function chooseSelectorFallback(
  subsetting: Subsetting,
  {criteria, selector}: {readonly criteria: Criteria; readonly selector: SubsetSelector},
): Choice {
  if (selector.fallback !== 'KEYS_SUBSET') return chooseBroad(subsetting, selector.fallback)
  const reduced = new Map([...criteria].filter(([key]) => selector.fallbackKeys.includes(key)))
  // Envoy accepts only a proper subset of the keys, so that this ends.
  return reduced.size < criteria.size ? chooseOnce(subsetting, reduced) : NO_HOST
}

function chooseClusterFallback(subsetting: Subsetting): Choice {
  const {fallback, panicModeAny} = subsetting.subset
  const choice = chooseBroad(subsetting, fallback)
  return panicModeAny && fallback !== 'NO_FALLBACK' ? orElse(choice, () => chooseBroad(subsetting, 'ANY_ENDPOINT')) : choice
}

function chooseBroad(subsetting: Subsetting, fallback: SelectorFallback): Choice {
  const {defaultSubset, listAsAny} = subsetting.subset
  switch (fallback) {
    case 'ANY_ENDPOINT':
      return balanceHosts(subsetting, () => true)
    case 'DEFAULT_SUBSET':
      return balanceHosts(subsetting, (host) => holdsLabels({labels: defaultSubset, metadata: host.metadata.get(LB_NAMESPACE), listAsAny}))
    default:
      return NO_HOST
  }
}

/** Priorities, panic and localities are worked out anew inside the subset. */
function balanceHosts({sets, subset, spread}: Subsetting, belongs: (host: Host) => boolean): Choice {
  return spread(
    sets.map((set) => {
      const hosts = set.hosts.filter(belongs)
      return {...set, hosts, localityWeights: subsetWeights({set, hosts, subset})}
    }),
  )
}

function subsetWeights({
  set,
  hosts,
  subset,
}: {
  readonly set: HostSet
  readonly hosts: readonly Host[]
  readonly subset: SubsetPolicy
}): HostSet['localityWeights'] {
  if (!subset.localityWeightAware) return undefined
  if (!subset.scaleLocalityWeight || set.localityWeights === undefined) return set.localityWeights
  const count = (list: readonly Host[], locality: string): number => list.filter((host) => host.locality === locality).length
  return new Map(
    [...set.localityWeights].map(([locality, weight]) => {
      const all = count(set.hosts, locality)
      return [locality, all === 0 ? 0 : Math.round((weight * count(hosts, locality)) / all)]
    }),
  )
}

/** allow_redundant_keys: the first selector all of whose keys are given decides which of them count. */
function withoutRedundantKeys(selectors: readonly SubsetSelector[], criteria: Criteria): Criteria {
  const selector = selectors.find(({keys}) => keys.every((key) => criteria.has(key)))
  return selector === undefined ? criteria : new Map([...criteria].filter(([key]) => selector.keys.includes(key)))
}

/**
 * The selector whose fallback policy applies. envoy-2022 I.12: Envoy keeps selectors as a tree of sorted keys and records a
 * policy only where it makes a new node, so that a selector whose keys begin an earlier one's loses its policy.
 */
function fallbackSelector(selectors: readonly SubsetSelector[], keys: readonly string[]): SubsetSelector | undefined {
  if (keys.length === 0) return undefined
  const index = selectors.findIndex((selector) => isPrefix(keys, selector.keys))
  const first = selectors[index]
  return first?.keys.length === keys.length ? first : undefined
}

function isPrefix(keys: readonly string[], of: readonly string[]): boolean {
  return keys.length <= of.length && keys.every((key, index) => of[index] === key)
}

function sameKeys(keys: readonly string[], criteria: Criteria): boolean {
  return keys.length === criteria.size && keys.every((key) => criteria.has(key))
}
