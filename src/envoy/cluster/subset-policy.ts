import type {Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {structFields} from './metadata.js'

export type SubsetFallback = 'NO_FALLBACK' | 'ANY_ENDPOINT' | 'DEFAULT_SUBSET'
export type SelectorFallback = SubsetFallback | 'NOT_DEFINED' | 'KEYS_SUBSET'

export interface SubsetSelector {
  /** Sorted, each key once. */
  readonly keys: readonly string[]
  readonly fallback: SelectorFallback
  readonly fallbackKeys: readonly string[]
  readonly singleHost: boolean
  readonly view: View
}

/** Subset load balancing as configured; the same fields in lb_subset_config and in the Subset extension. */
export interface SubsetPolicy {
  readonly fallback: SubsetFallback
  readonly defaultSubset: ReadonlyMap<string, Json>
  readonly selectors: readonly SubsetSelector[]
  /** metadata_fallback_policy FALLBACK_LIST. */
  readonly fallbackList: boolean
  readonly listAsAny: boolean
  readonly allowRedundantKeys: boolean
  readonly panicModeAny: boolean
  readonly localityWeightAware: boolean
  readonly scaleLocalityWeight: boolean
}

/** Undefined when there are no selectors: Envoy then balances without subsets. */
export function readSubsetPolicy(config: View | undefined): SubsetPolicy | undefined {
  const selectors = config?.list('subset_selectors').map(readSelector) ?? []
  if (config === undefined || selectors.length === 0) return undefined
  return {
    fallback: readFallback(config.str('fallback_policy')),
    defaultSubset: structFields(config.get('default_subset')),
    selectors,
    fallbackList: config.str('metadata_fallback_policy') === 'FALLBACK_LIST',
    listAsAny: config.bool('list_as_any') === true,
    allowRedundantKeys: config.bool('allow_redundant_keys') === true,
    panicModeAny: config.bool('panic_mode_any') === true,
    localityWeightAware: config.bool('locality_weight_aware') === true,
    scaleLocalityWeight: config.bool('scale_locality_weight') === true,
  }
}

function readSelector(view: View): SubsetSelector {
  return {
    keys: sortedKeys(view, 'keys'),
    fallback: readSelectorFallback(view.str('fallback_policy')),
    fallbackKeys: sortedKeys(view, 'fallback_keys_subset'),
    singleHost: view.bool('single_host_per_subset') === true,
    view,
  }
}

function sortedKeys(view: View, field: string): string[] {
  return [...new Set(view.list(field).flatMap((key) => key.text() ?? []))].sort()
}

function readFallback(text: string | undefined): SubsetFallback {
  return text === 'ANY_ENDPOINT' || text === 'DEFAULT_SUBSET' ? text : 'NO_FALLBACK'
}

function readSelectorFallback(text: string | undefined): SelectorFallback {
  return text === 'KEYS_SUBSET' || text === 'NO_FALLBACK' || text === 'ANY_ENDPOINT' || text === 'DEFAULT_SUBSET' ? text : 'NOT_DEFINED'
}
