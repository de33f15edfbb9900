import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {single, type Branch} from '../branch.js'
import {headerLines, type Stream} from '../connection.js'
import type {RouteChoice} from './choice.js'
import {compileRoutes, routesOfHost, type CompiledRoute} from './compiled-routes.js'
import type {RouteQuestion} from './context.js'
import {noHostStep, passedHosts} from './passed-hosts.js'
import {chooseVirtualHost} from './virtual-host.js'
import {walkRoutes} from './walk-routes.js'

/**
 * The routes a request can get, each with its share: virtual host, TLS requirement, then its matcher or its routes in order, first match.
 * Runtime fractions give branches with exact shares; a condition that cannot be decided gives two branches that exclude each other.
 * Source: envoy-2022 D5 (config_impl.cc getRouteFromEntries).
 */
export function selectRoute(question: RouteQuestion): Branch<RouteChoice>[] {
  const {table, stream, context} = question
  const choice = chooseVirtualHost({table, authority: stream.request.authority})
  const {host, domain} = choice
  if (host === undefined) return single<RouteChoice>({kind: 'no-virtual-host', table}, [noHostStep(question)])
  const step: Step = {
    kind: 'virtual-host',
    name: host.str('name') ?? '',
    domain: domain ?? '',
    table: table.str('name') ?? '',
    because: [`authority ${stream.request.authority}`],
    evidence: [context.evidence(host)],
    get rejected() {
      return passedHosts(question, choice)
    },
  }
  return choicesOfHost(question, host).map((branch) => ({...branch, steps: [step, ...branch.steps]}))
}

function choicesOfHost(question: RouteQuestion, virtualHost: View): Branch<RouteChoice>[] {
  const {table, stream, context} = question
  // Without a forwarded protocol no route is looked at: envoy-2022 D5.
  if (stream.scheme === '') return single<RouteChoice>({kind: 'no-route', virtualHost, table})
  if (needsTls(virtualHost, stream)) return single<RouteChoice>({kind: 'redirect-tls', virtualHost, table, location: httpsLocation(stream)})
  const matcher = virtualHost.get('matcher')
  const routes = matcher === undefined ? routesOfHost(virtualHost) : matchedRoutes(matcher, {stream, context})
  if (routes === undefined) {
    const missing = `the matcher of virtual host "${virtualHost.str('name') ?? ''}"`
    return single<RouteChoice>({kind: 'undetermined', missing, virtualHost, table})
  }
  return walkRoutes({question, virtualHost, routes})
}

/** The routes a matcher leads to, none where it finds nothing; undefined when it cannot be decided. */
function matchedRoutes(matcher: View, {stream, context}: Pick<RouteQuestion, 'stream' | 'context'>): readonly CompiledRoute[] | undefined {
  const answer = context.evaluateMatcher?.(matcher, stream)
  if (answer?.outcome === 'no') return []
  const action = answer?.outcome === 'yes' ? answer.action?.get('typed_config') : undefined
  return action === undefined ? undefined : compileRoutes(routesOfAction(action))
}

/** A matcher's action is one Route or a RouteList; their own matches still have to hold: envoy-2022 D5. */
function routesOfAction(action: View): readonly View[] {
  const message = action.message()
  return action.typeName()?.endsWith('.RouteList') === true ? message.list('routes') : [message]
}

/** EXTERNAL_ONLY spares requests that Envoy itself marked as internal. */
function needsTls(virtualHost: View, {scheme, request}: Stream): boolean {
  if (scheme === 'https') return false
  const requirement = virtualHost.str('require_tls')
  return requirement === 'ALL' || (requirement === 'EXTERNAL_ONLY' && headerLines(request, 'x-envoy-internal')[0] !== 'true')
}

function httpsLocation({request}: Stream): string {
  return `https://${request.authority}${request.path ?? ''}`
}
