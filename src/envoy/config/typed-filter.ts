import type {View} from '../../json/view.js'
import type {EnvoyConfig} from './model.js'

/** A filter of a listener, filter chain or connection manager: its label, the message type that decides, and the message. */
export interface TypedFilter {
  readonly name: string
  readonly type: string
  readonly message: View
}

/** Reads a filter entry; its configuration stands in place or was delivered by ECDS under the filter's name. Source: envoy-2022 D8. */
export function typedFilter(config: EnvoyConfig, filter: View): TypedFilter {
  const name = filter.str('name') ?? '(unnamed)'
  const discovery = filter.get('config_discovery')
  const any = filter.get('typed_config') ?? (discovery === undefined ? undefined : delivered(config, name))
  return {name, type: any?.typeName() ?? announcedType(discovery) ?? name, message: any?.message() ?? filter}
}

function delivered(config: EnvoyConfig, name: string): View | undefined {
  return config.extension(name)?.view.get('typed_config')
}

/** A filter whose configuration has not arrived still announces its type. */
function announcedType(discovery: View | undefined): string | undefined {
  return discovery?.list('type_urls')[0]?.text()?.split('/').at(-1)
}
