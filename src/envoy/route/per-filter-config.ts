import type {View} from '../../json/view.js'

export interface PerFilterConfig {
  /** The most specific config (an Any); of a generic FilterConfig the one inside. */
  readonly config?: View
  /** The configs of all levels, the most specific first. */
  readonly configs: readonly View[]
  /** Set by the most specific level that names the filter: true switches it off, false switches on one that is off by default. */
  readonly disabled?: boolean
}

/**
 * The `typed_per_filter_config` of a filter: weighted cluster entry, then route, virtual host, route table. A request that got no route
 * (404, or the redirect of require_tls) has none of them (seen on Envoy 1.40.0: the filter's own config decides).
 * Source: envoy-2022 D5 (PerFilterConfigs, mostSpecificPerFilterConfig, filterDisabled).
 */
export function perFilterConfig({
  choice,
  filterName,
  weightedEntry,
}: {
  readonly choice: {readonly route?: View; readonly virtualHost?: View; readonly table: View}
  readonly filterName: string
  readonly weightedEntry?: View | undefined
}): PerFilterConfig {
  const levels = choice.route === undefined ? [] : [weightedEntry, choice.route, choice.virtualHost, choice.table]
  const entries = levels.flatMap((level) => level?.get('typed_per_filter_config')?.own(filterName) ?? []).map(unwrap)
  const configs = entries.flatMap(({config}) => config ?? [])
  const [config] = configs
  const disabled = entries[0]?.disabled
  return {configs, ...(config === undefined ? {} : {config}), ...(disabled === undefined ? {} : {disabled})}
}

function unwrap(entry: View): Omit<PerFilterConfig, 'configs'> {
  if (entry.typeName() !== 'envoy.config.route.v3.FilterConfig') return {config: entry, disabled: false}
  const config = entry.get('config')
  if (entry.bool('disabled') === true) return {disabled: true}
  return {...(config === undefined ? {} : {config}), disabled: false}
}
