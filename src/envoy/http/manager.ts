import type {ProxyLog} from '../../flow/forwarder.js'
import type {Verdict} from '../../flow/verdict.js'
import type {View} from '../../json/view.js'
import {andThen, one, single, type Branch} from '../branch.js'
import {headerLines, type Connection, type Stream} from '../connection.js'
import {stop, undetermined, type EngineContext, type Passage} from '../context.js'
import {formatSubstitution} from '../format/substitute.js'
import {rbacMatcher} from '../matcher/rbac-matcher.js'
import type {RouteChoice} from '../route/choice.js'
import type {RouteContext} from '../route/context.js'
import {hasGrpcContentType} from '../route/grpc.js'
import {normalizeRequest} from '../route/normalize-request.js'
import {resolveAction} from '../route/resolve-action.js'
import {selectRoute} from '../route/select-route.js'
import type {RouteTarget} from '../route/target.js'
import {upgradeAllowed} from '../route/upgrade.js'
import {codecOf, notUnderstood, refusesTarget, targetRefused} from './codec.js'
import {answersInGrpc} from './grpc-answer.js'
import type {HttpFiltersInput} from './http-filter.js'
import {withoutInternalOnly} from './internal-request.js'
import {receivedHeaders} from './received-request.js'
import {runHttpFilters, withoutFlags} from './run-filters.js'
import {routeRequest} from './router.js'
import {routeTableOf} from './route-table.js'
import {openStream, type Opened} from './stream.js'
import {refusalOf} from './early-refusal.js'

export interface ManagerInput {
  readonly context: EngineContext
  readonly manager: View
  readonly connection: Connection
  readonly log: ProxyLog
}

type Passages = readonly Branch<Passage>[]

/** HTTP connection manager: normalise, route, filter, forward. Source: envoy-2022 D5, D6. */
export function runManager(input: ManagerInput): Passages {
  const {payload} = input.connection
  if (payload.kind === 'unknown') {
    return single({
      end: undetermined({what: 'which HTTP request is sent', collect: 'ask with --method, --path and --host'}),
      log: input.log,
    })
  }
  const {manager, connection, context} = input
  const codec = codecOf(manager, connection)
  if (payload.kind !== 'http' || payload.version !== codec) return single(notUnderstood({codec, payload, log: input.log}))
  if (refusesTarget(codec, payload.request)) return single(targetRefused(input.log, payload.request))
  const passages = andThen(openStream({manager, connection, payload, semantics: context.semantics, node: context.config.node}), (opened) =>
    handleOpened({...input, log: {...input.log, handledBy: 'http'}}, opened),
  )
  return payload.request.path !== undefined && hasGrpcContentType(payload.request) ? answersInGrpc(passages) : passages
}

function handleOpened(input: ManagerInput, opened: Opened): Passages {
  const refusal = refusalOf(input, opened)
  if (refusal === undefined) return handleStream(input, opened.stream)
  const {stream} = opened
  const {reason, ...answered} = refusal
  const found = routeTableOf(input.context, {manager: input.manager, stream})
  return andThen(found.kind === 'table' ? earlyLogs({...input, stream}, found.table) : single(input.log), (log) =>
    single({
      end: stop({kind: 'refused', reason}, {kind: 'http', status: answered.status}),
      log: {...log, code: answered.status, details: answered.details},
    }),
  )
}

function handleStream(input: ManagerInput, arrived: Stream): Passages {
  const normalized = normalizeRequest({manager: input.manager, stream: arrived, semantics: input.context.semantics})
  const {stream} = normalized
  const found = routeTableOf(input.context, {manager: input.manager, stream})
  if (normalized.kind === 'undetermined') return single({end: undetermined({what: normalized.missing}), log: input.log})
  if (normalized.kind === 'response') {
    const logs = found.kind === 'table' ? earlyLogs({...input, stream}, found.table) : single(input.log)
    return andThen(logs, (log) => single(respond(log, normalized)))
  }
  switch (found.kind) {
    case 'missing':
      return single({end: undetermined(found.missing), log: input.log})
    case 'no-scope':
      return single(notFound(input.log, {kind: 'no-route', reason: 'no route scope matches the request'}))
    case 'dangling':
      return single(notFound(input.log, {kind: 'dangling-reference', reason: found.reason}))
    case 'table': {
      const own = {...stream, request: withoutInternalOnly(stream.request, found.table)}
      return andThen(selectRoute({table: found.table, stream: own, context: routeContext(input)}), (choice) =>
        handleChoice({...input, stream: own}, choice),
      )
    }
    default:
      return found satisfies never
  }
}

function routeContext({context, connection}: ManagerInput): RouteContext {
  return {
    semantics: context.semantics,
    evidence: context.evidence,
    runtime: context.config.runtime,
    evaluateMatcher: (matcher, stream) => rbacMatcher(context, {connection, stream})(matcher),
    format: (template, stream) => formatSubstitution(template, {connection, stream, node: context.config.node, omitEmptyValues: true}),
  }
}

interface StreamInput extends ManagerInput {
  readonly stream: Stream
}

function handleChoice(input: StreamInput, choice: RouteChoice): Passages {
  const log = choiceLog(input.log, choice)
  switch (choice.kind) {
    case 'undetermined':
      return single({end: undetermined({what: choice.missing}), log})
    case 'no-virtual-host':
    case 'no-route': {
      const why = choice.kind === 'no-route' ? 'no route of the virtual host matches' : 'no virtual host matches the authority'
      return filtered({...input, log, choice}, () =>
        single(notFound(log, {kind: 'no-route', reason: `${why}: ${describeRequest(input.stream)}`})),
      )
    }
    case 'redirect-tls':
      return filtered({...input, log, choice}, () =>
        single(respond(log, {status: 301, details: 'direct_response', location: choice.location})),
      )
    case 'route':
      return handleRoute({...input, log}, choice)
    default:
      return choice satisfies never
  }
}

/** envoy-2022 I.7: 404 comes before the upgrade gate, the gate before the filters. */
function handleRoute(input: StreamInput, choice: Extract<RouteChoice, {kind: 'route'}>): Passages {
  return andThen(resolveAction({choice, stream: input.stream, context: routeContext(input)}), (target) => {
    const log = targetLog(input, target)
    if (!upgradeAllowed({manager: input.manager, route: choice.route, stream: input.stream})) {
      return single({
        end: stop(
          {kind: 'refused', reason: 'neither the connection manager nor the route allows this upgrade'},
          {kind: 'http', status: 403},
        ),
        log: {...log, code: 403, details: 'upgrade_failed'},
      })
    }
    const entry = 'weightedEntry' in target ? {weightedEntry: target.weightedEntry} : {}
    return filtered({...input, log, choice, ...entry, ...('cluster' in target ? {cluster: target.cluster} : {})}, (stream) =>
      routeRequest({
        context: input.context,
        target: afterFilters({context: routeContext(input), choice, target, before: input.stream, stream}),
        log,
      }),
    )
  })
}

/** Filters run before the router: what they stored is visible to the cluster, and headers they changed are rewritten again. */
function afterFilters(input: {
  context: RouteContext
  choice: Extract<RouteChoice, {kind: 'route'}>
  target: RouteTarget
  before: Stream
  stream: Stream
}): RouteTarget {
  const {target, before, stream, choice, context} = input
  const again = stream === before ? undefined : resolveAction({choice, stream, context}).find(({value}) => sameTarget(value, target))?.value
  const chosen = again ?? target
  return {...chosen, stream: {...chosen.stream, filterState: stream.filterState, metadata: stream.metadata, ...sessionOf(stream)}}
}

function sessionOf({overrideHost}: Stream): Pick<Stream, 'overrideHost'> {
  return overrideHost === undefined ? {} : {overrideHost}
}

function sameTarget(a: RouteTarget, b: RouteTarget): boolean {
  return a.kind === 'cluster' && b.kind === 'cluster' && a.cluster === b.cluster && a.weightedEntry?.pointer === b.weightedEntry?.pointer
}

function filtered(input: Omit<HttpFiltersInput, 'stream'> & {stream: Stream}, next: (stream: Stream) => Passages): Passages {
  return andThen(runHttpFilters(input), (result) => {
    if (result.kind === 'ended') return [one(result.passage)]
    const passages = next(result.stream)
    return result.stream.delayed === undefined ? passages : passages.map((branch) => ({...branch, value: withoutFlags(branch.value)}))
  })
}

function choiceLog(log: ProxyLog, choice: RouteChoice): ProxyLog {
  const host = 'virtualHost' in choice ? choice.virtualHost.str('name') : undefined
  const route = choice.kind === 'route' ? choice.route.str('name') : undefined
  return {...log, ...(host === undefined ? {} : {virtualHost: host}), ...(route === undefined || route === '' ? {} : {route})}
}

/**
 * Recorded: virtual host, route and cluster are logged although the request was answered before routing. They are looked up with the
 * headers as they came; without x-forwarded-proto there is no route (conn_manager_impl.cc decodeHeaders).
 */
function earlyLogs(input: StreamInput, table: View): readonly Branch<ProxyLog>[] {
  const stream = asReceived(input)
  const context = routeContext(input)
  return andThen(selectRoute({table, stream, context}), (choice) => {
    const log = choiceLog(input.log, choice)
    if (choice.kind !== 'route') return single(log)
    const targets = resolveAction({choice, stream, context}).filter(({mirror}) => mirror !== true)
    return targets.map((branch) => ({...branch, value: targetLog({...input, log}, branch.value)}))
  })
}

function asReceived({connection: {payload}, stream}: StreamInput): Stream {
  const received =
    payload.kind === 'http' ? {...payload.request, headers: receivedHeaders(payload.request, payload.version)} : stream.request
  const {path} = stream.request
  return {
    ...stream,
    scheme: headerLines(received, 'x-forwarded-proto')[0] ?? '',
    request: {...received, ...(path === undefined ? {} : {path})},
  }
}

/** The cluster is logged from route selection on, also when a filter answers; an unknown one is not. */
function targetLog(input: StreamInput, target: RouteTarget): ProxyLog {
  return target.kind === 'cluster' && input.context.config.cluster(target.cluster) !== undefined
    ? {...input.log, cluster: target.cluster}
    : input.log
}

function notFound(log: ProxyLog, verdict: Verdict): Passage {
  return {
    end: stop(verdict, {kind: 'http', status: 404}),
    log: {...log, code: 404, flags: 'NR', details: 'route_not_found'},
  }
}

function respond(log: ProxyLog, response: {status: number; details: string; location?: string}): Passage {
  const location = response.location === undefined ? {} : {location: response.location}
  const verdict: Verdict = {kind: 'responded', status: response.status, reason: response.details, ...location}
  return {
    end: stop(verdict, {kind: 'http', status: response.status, ...location}),
    log: {...log, code: response.status, details: response.details},
  }
}

function describeRequest({request}: Stream): string {
  return `${request.method} ${request.authority}${request.path ?? ''}`
}
