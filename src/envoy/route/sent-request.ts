import type {HttpRequest} from '../../flow/connection.js'
import type {Evidence, Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import type {ClusterTarget} from './target.js'

/**
 * What the router changed about the path and host of a request, and what of the result is not known; no step where nothing is to be told.
 * `sent` is the request as it leaves, with the hostname of the endpoint where auto_host_rewrite asks for it. Source: envoy-2022 D5 (actions).
 */
export function sentRequestSteps(
  {arrived, notes, route}: Pick<ClusterTarget, 'arrived' | 'notes' | 'route'>,
  {sent, evidence}: {sent: HttpRequest; evidence: (view: View) => Evidence},
): Step[] {
  const told = [
    ...changeOf('path', {before: arrived.path, after: sent.path}),
    ...changeOf('host', {before: arrived.authority, after: sent.authority}),
    ...notes,
  ]
  if (told.length === 0) return []
  return [{kind: 'http-filter', name: 'router', type: 'request', effect: told.join(', '), because: [], evidence: [evidence(route)]}]
}

function changeOf(what: string, {before = '', after = ''}: {before: string | undefined; after: string | undefined}): readonly string[] {
  return before === after ? [] : [`${what} ${before} becomes ${after}`]
}
