import type {View} from '../../json/view.js'
import type {CompiledRoute} from './compiled-routes.js'
import {describeFraction, runtimeFraction} from './runtime-fraction.js'

/** The name of a route; one without name is known by its place in the list. */
export function routeName(route: View): string {
  const name = route.str('name') ?? ''
  return name === '' ? `unnamed route ${route.pointer.slice(route.pointer.lastIndexOf('/') + 1)}` : name
}

/** What a route asks for, in words. */
export function describeMatch({conditions, fraction}: CompiledRoute, runtime: ReadonlyMap<string, unknown> | undefined): string {
  if (conditions === undefined) return 'nothing known'
  const part = fraction === undefined ? [] : [`fraction ${describeFraction(runtimeFraction(fraction, runtime))}`]
  return [...conditions.map(({text}) => text), ...part].join(', ')
}

/** What a route does, in words. */
export function describeAction(route: View): string {
  const action = route.get('route')
  if (action !== undefined) return describeForwarding(action)
  const redirect = route.get('redirect')
  if (redirect !== undefined) return `redirect (${redirect.str('response_code') ?? 'MOVED_PERMANENTLY'})`
  const direct = route.get('direct_response')
  if (direct !== undefined) return `direct response ${direct.num('status') ?? 0}`
  return route.get('non_forwarding_action') === undefined ? 'an action of unknown kind' : 'non_forwarding_action'
}

function describeForwarding(action: View): string {
  const cluster = action.str('cluster')
  if (cluster !== undefined) return `cluster ${cluster}`
  const header = action.str('cluster_header')
  if (header !== undefined) return `cluster named by header ${header}`
  const weighted = action.get('weighted_clusters')
  if (weighted === undefined) return `cluster chosen by plugin ${pluginName(action)}`
  const entries = weighted
    .list('clusters')
    .map((entry) => `${entry.str('name') ?? `header ${entry.str('cluster_header') ?? ''}`} ${entry.num('weight') ?? 0}`)
  return `weighted clusters ${entries.join(', ')}`
}

/** The cluster specifier plugin of a RouteAction. */
export function pluginName(action: View): string {
  const inline = action.path('inline_cluster_specifier_plugin', 'extension')
  return inline?.get('typed_config')?.typeName() ?? inline?.str('name') ?? action.str('cluster_specifier_plugin') ?? 'of unknown kind'
}
