import type {View} from '../../json/view.js'
import type {Missing} from '../../flow/verdict.js'
import {headerLines, type Stream} from '../connection.js'
import type {EngineContext} from '../context.js'

export type RouteTable =
  | {readonly kind: 'table'; readonly table: View; readonly name: string}
  /** No scope matches the request: Envoy answers 404. */
  | {readonly kind: 'no-scope'}
  /** RDS was asked for a table that Envoy does not hold: it answers 404. */
  | {readonly kind: 'dangling'; readonly reason: string}
  | {readonly kind: 'missing'; readonly missing: Missing}

/** The RouteConfiguration of a connection manager: inline, by RDS, or by scope. Source: envoy-2022 D5. */
export function routeTableOf(context: EngineContext, input: {manager: View; stream: Stream}): RouteTable {
  const {manager} = input
  const inline = manager.get('route_config')
  if (inline !== undefined) return {kind: 'table', table: inline, name: inline.str('name') ?? '(inline)'}
  const rds = manager.path('rds')?.str('route_config_name')
  if (rds !== undefined) return byName(context, rds)
  const scoped = manager.get('scoped_routes')
  return scoped === undefined
    ? {kind: 'missing', missing: {what: 'the connection manager names no route table'}}
    : byScope(context, {scoped, stream: input.stream})
}

/**
 * A dump lists every table that RDS delivered, so one that is not among them is not there; but a dump without any table may be a part only.
 * Source: envoy-2022 D5; rds_route_config_provider_impl.cc (no route before the first delivery).
 */
function byName({config}: EngineContext, name: string): RouteTable {
  const resource = config.routeTable(name)
  if (resource !== undefined) return {kind: 'table', table: resource.view, name}
  const what = `route table "${name}" is not in the dump`
  return config.routeTables().length > 0
    ? {kind: 'dangling', reason: what}
    : {kind: 'missing', missing: {what, collect: 'take a whole dump, once RDS has delivered the table'}}
}

/** scoped_config_impl.cc: every fragment of the key must be present; the key picks the scope. */
function byScope(context: EngineContext, input: {scoped: View; stream: Stream}): RouteTable {
  const {scoped, stream} = input
  const fragments =
    scoped
      .get('scope_key_builder')
      ?.list('fragments')
      .map((builder) => fragmentOf(builder, stream)) ?? []
  if (fragments.includes(undefined)) return {kind: 'no-scope'}
  const match = scopesOf(context, scoped).find((configuration) => sameKey(configuration, fragments))
  if (match === undefined) return {kind: 'no-scope'}
  const table = match.get('route_configuration')
  return table === undefined
    ? byName(context, match.str('route_configuration_name') ?? '')
    : {kind: 'table', table, name: table.str('name') ?? '(scoped)'}
}

function scopesOf(context: EngineContext, scoped: View): readonly View[] {
  const inline = scoped.get('scoped_route_configurations_list')?.list('scoped_route_configurations') ?? []
  return inline.length > 0 ? inline : context.config.scopedRoutes(scoped.str('name') ?? '').map((resource) => resource.view)
}

function sameKey(configuration: View, fragments: readonly (string | undefined)[]): boolean {
  const key =
    configuration
      .path('key')
      ?.list('fragments')
      .map((fragment) => fragment.str('string_key')) ?? []
  return key.length === fragments.length && key.every((fragment, index) => fragment === fragments[index])
}

function fragmentOf(builder: View, stream: Stream): string | undefined {
  const extractor = builder.get('header_value_extractor')
  const [value] = headerLines(stream.request, extractor?.str('name') ?? '')
  if (extractor === undefined || value === undefined) return undefined
  const separator = extractor.str('element_separator') ?? ''
  const elements = separator === '' ? [value] : value.split(separator)
  const keyed = extractor.get('element')
  if (keyed === undefined) return elements[extractor.num('index') ?? 0]
  const pair = elements.map((element) => splitOnce(element, keyed.str('separator') ?? '')).find(([key]) => key === keyed.str('key'))
  return pair?.[1]
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = separator === '' ? -1 : text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}
