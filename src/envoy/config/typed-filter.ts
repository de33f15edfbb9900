import type {View} from '../../json/view.js'
import type {EnvoyConfig} from './model.js'

/** A filter of a listener, filter chain or connection manager: its label, the message type that decides, and the message. */
export interface TypedFilter {
  readonly name: string
  readonly type: string
  readonly message: View
  /** Set where ECDS has not delivered the configuration: an absent one must not pass for an empty one. */
  readonly undelivered?: string
  /** The dump lists what ECDS delivered, and this is not there: Envoy refuses whatever comes to the filter. */
  readonly refuses?: string
}

/**
 * Reads a filter entry; its configuration stands in place, was delivered by ECDS under the filter's name, or is the default that serves
 * until then. Source: envoy-2022 D8.
 */
export function typedFilter(config: EnvoyConfig, filter: View): TypedFilter {
  const name = filter.str('name') ?? '(unnamed)'
  const discovery = filter.get('config_discovery')
  const packed = filter.get('typed_config') ?? (discovery === undefined ? undefined : discovered(config, {name, discovery}))
  if (packed !== undefined) return {name, type: packed.typeName() ?? name, message: packed.message()}
  return discovery === undefined ? {name, type: name, message: filter} : {name, message: filter, ...awaited(config, {name, discovery})}
}

function awaited(config: EnvoyConfig, {name, discovery}: Discovery): Pick<TypedFilter, 'type' | 'undelivered' | 'refuses'> {
  const type = announcedType(discovery) ?? name
  return {
    type,
    undelivered: `${type}, which ECDS has not delivered`,
    ...(config.listsExtensions ? {refuses: `ECDS has not delivered the configuration of filter "${name}" (${type})`} : {}),
  }
}

interface Discovery {
  readonly name: string
  readonly discovery: View
}

function discovered(config: EnvoyConfig, {name, discovery}: Discovery): View | undefined {
  return delivered(config, name) ?? discovery.get('default_config')
}

function delivered(config: EnvoyConfig, name: string): View | undefined {
  return config.extension(name)?.view.get('typed_config')
}

/** A filter whose configuration has not arrived still announces its type. */
function announcedType(discovery: View): string | undefined {
  return discovery.list('type_urls')[0]?.text()?.split('/').at(-1)
}
