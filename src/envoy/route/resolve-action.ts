import type {View} from '../../json/view.js'
import {andThen, single, type Branch} from '../branch.js'
import type {Stream} from '../connection.js'
import type {ChosenRoute} from './choice.js'
import type {RouteContext} from './context.js'
import {mutateHeaders, type Prepared} from './header-mutation.js'
import {mirrorBranches} from './mirror.js'
import {pickCluster, type Pick} from './pick-cluster.js'
import {redirectLocation, redirectStatus} from './redirect.js'
import {restoreConnectPort, rewriteHost, withHost} from './rewrite-host.js'
import {rewritePath} from './rewrite-path.js'
import type {RouteTarget} from './target.js'
import {connectHandling} from './upgrade.js'

export interface ActionQuestion {
  readonly choice: ChosenRoute
  readonly stream: Stream
  readonly context: RouteContext
}

/** SERVICE_UNAVAILABLE is the default. */
const NOT_FOUND_CODES: ReadonlyMap<string, number> = new Map([
  ['NOT_FOUND', 404],
  ['INTERNAL_SERVER_ERROR', 500],
])

/**
 * What the route does with the request, with the request as it leaves: cluster, redirect or direct response; weighted clusters and mirror
 * policies are branches with exact shares. Source: envoy-2022 D5, I.7.
 */
export function resolveAction(question: ActionQuestion): Branch<RouteTarget>[] {
  const {
    choice: {route},
    stream,
  } = question
  const action = route.get('route')
  if (action !== undefined) return forward(question, action)
  const redirect = route.get('redirect')
  const direct = route.get('direct_response')
  if (redirect !== undefined) return single(redirectTarget(question, redirect))
  if (direct !== undefined) return single(directTarget(direct.uint('status') ?? 200, stream))
  if (route.get('non_forwarding_action') !== undefined) {
    return single<RouteTarget>({kind: 'no-cluster', reason: 'the route has a non_forwarding_action', status: 503, stream})
  }
  return single<RouteTarget>({kind: 'undetermined', missing: 'the action of the route is of a kind that is not known', stream})
}

function forward(question: ActionQuestion, action: View): Branch<RouteTarget>[] {
  return andThen(pickCluster({...question, action}), (pick) => {
    if (pick.kind === 'undetermined') return single<RouteTarget>({kind: 'undetermined', missing: pick.missing, stream: question.stream})
    const target = clusterTarget(question, {action, pick})
    if (target.kind !== 'cluster') return single<RouteTarget>(target)
    return [...single<RouteTarget>(target), ...mirrorBranches(target, {...question, draw: pick.draw})]
  })
}

function clusterTarget(question: ActionQuestion, {action, pick}: {action: View; pick: Extract<Pick, {kind: 'cluster'}>}): RouteTarget {
  const {cluster, entry} = pick
  const {stream, notes} = prepare(question, {action, entry})
  const notFoundCode = NOT_FOUND_CODES.get(action.str('cluster_not_found_response_code') ?? '') ?? 503
  const weightedEntry = entry === undefined ? {} : {weightedEntry: entry}
  if (cluster === '') {
    return {kind: 'no-cluster', reason: 'the route names no cluster for this request', status: notFoundCode, stream, ...weightedEntry}
  }
  const connect = connectHandling(action, question.stream)
  return {
    kind: 'cluster',
    cluster,
    stream,
    notFoundCode,
    ...weightedEntry,
    ...(action.bool('auto_host_rewrite') === true
      ? {withEndpointHost: (host: string) => withHost(stream, {host, action, semantics: question.context.semantics})}
      : {}),
    metadataMatch: metadataMatch([action, entry]),
    ...(connect === undefined ? {} : {connect}),
    route: question.choice.route,
    arrived: question.stream.request,
    notes,
  }
}

/** Weighted entry first, then route, virtual host and table (or the other way round), then host and path. Source: config_impl.cc finalizeRequestHeaders. */
function prepare({choice, stream, context}: ActionQuestion, {action, entry}: {action: View; entry: View | undefined}): Prepared {
  const {route, virtualHost, table} = choice
  const holders = table.bool('most_specific_header_mutations_wins') === true ? [table, virtualHost, route] : [route, virtualHost, table]
  const byEntry = withEntryHost(mutateHeaders({stream, notes: []}, {holder: entry, context}), entry)
  const mutated = holders.reduce((prepared, holder) => mutateHeaders(prepared, {holder, context}), byEntry)
  return rewritePath(rewriteHost({...mutated, stream: restoreConnectPort(mutated.stream)}, {action, context}), {route, context})
}

function withEntryHost({stream, notes}: Prepared, entry: View | undefined): Prepared {
  const host = entry?.str('host_rewrite_literal') ?? ''
  return {stream: host === '' ? stream : {...stream, request: {...stream.request, authority: host}}, notes}
}

/** The criteria of a weighted entry are merged over the action's. */
function metadataMatch(holders: readonly (View | undefined)[]): readonly View[] {
  return holders.flatMap((holder) => holder?.path('metadata_match', 'filter_metadata')?.own('envoy.lb') ?? [])
}

function redirectTarget({choice: {route}, stream, context}: ActionQuestion, redirect: View): RouteTarget {
  const rewritten = rewritePath({stream, notes: []}, {route, context}).stream
  return {kind: 'redirect', status: redirectStatus(redirect), location: redirectLocation(redirect, rewritten), stream: rewritten}
}

/** A direct response of 201 or 3xx carries the request's own URL as Location: router.cc. */
function directTarget(status: number, stream: Stream): RouteTarget {
  const hasLocation = stream.request.path !== undefined && (status === 201 || (status >= 300 && status < 400))
  return {kind: 'direct-response', status, stream, ...(hasLocation ? {location: redirectLocation(undefined, stream)} : {})}
}
