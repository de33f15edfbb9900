import {formatAddress} from '../../flow/address.js'
import type {Payload} from '../../flow/connection.js'
import type {ProxyLog} from '../../flow/forwarder.js'
import type {Step} from '../../flow/step.js'
import {andThen, one, single, type Branch} from '../branch.js'
import {closedLimit} from '../cluster/circuit-breaker.js'
import {resolveUpstream} from '../cluster/resolve.js'
import type {Upstream} from '../cluster/upstream.js'
import type {Stream} from '../connection.js'
import {stop, undetermined, type EngineContext, type Passage} from '../context.js'
import {departTo} from '../network/departure.js'
import {sentRequestSteps} from '../route/sent-request.js'
import type {RouteTarget} from '../route/target.js'

interface RouterInput {
  readonly context: EngineContext
  readonly target: RouteTarget
  readonly log: ProxyLog
}

type ClusterTarget = Extract<RouteTarget, {kind: 'cluster'}>

/** The router filter: answers itself or forwards to a host of the cluster. Source: envoy-2022 D5 (actions). */
export function routeRequest({context, target, log}: RouterInput): readonly Branch<Passage>[] {
  switch (target.kind) {
    case 'redirect':
      return single({
        end: stop(
          {kind: 'responded', status: target.status, location: target.location, reason: 'the route redirects'},
          {kind: 'http', status: target.status, location: target.location},
        ),
        log: {...log, code: target.status, details: 'direct_response'},
      })
    case 'direct-response':
      return single({
        end: stop(
          {kind: 'responded', status: target.status, reason: 'the route answers directly', ...locationOf(target)},
          {kind: 'http', status: target.status, ...locationOf(target)},
        ),
        log: {...log, code: target.status, details: 'direct_response'},
      })
    case 'no-cluster':
      return single(noCluster(log, {status: target.status, reason: target.reason}))
    case 'undetermined':
      return single({end: undetermined({what: target.missing}), log})
    case 'cluster':
      return forward({context, target, log})
    default:
      return target satisfies never
  }
}

function locationOf({location}: {location?: string}): {location?: string} {
  return location === undefined ? {} : {location}
}

function noCluster(log: ProxyLog, answer: {status: number; reason: string}): Passage {
  return {
    end: stop({kind: 'dangling-reference', reason: answer.reason}, {kind: 'http', status: answer.status}),
    log: {...log, code: answer.status, flags: 'NC', details: 'cluster_not_found'},
  }
}

function forward(input: {context: EngineContext; target: ClusterTarget; log: ProxyLog}): readonly Branch<Passage>[] {
  const {context, target} = input
  const {stream} = target
  return andThen(
    resolveUpstream({
      config: context.config,
      semantics: context.semantics,
      cluster: target.cluster,
      connection: stream.connection,
      stream,
      metadataMatch: target.metadataMatch,
    }),
    (upstream) => [toPassage(input, upstream)],
  )
}

function toPassage(input: {context: EngineContext; target: ClusterTarget; log: ProxyLog}, upstream: Upstream): Branch<Passage> {
  const {log, target} = input
  switch (upstream.kind) {
    case 'undetermined':
      return one({end: undetermined(...upstream.missing), log})
    case 'none':
      return one(
        upstream.reason === 'cluster-not-found'
          ? noCluster(log, {status: target.notFoundCode, reason: upstream.text})
          : {
              end: stop({kind: 'no-healthy-upstream', reason: upstream.text}, {kind: 'http', status: 503}),
              log: {...log, code: 503, flags: 'UH', details: 'no_healthy_upstream'},
            },
      )
    case 'host':
      return overflow(input, upstream) ?? dial(input, upstream)
    default:
      return upstream satisfies never
  }
}

/** A circuit breaker of 0: a host is chosen, but the request finds no place. */
function overflow(
  {target, log}: {target: ClusterTarget; log: ProxyLog},
  {cluster, address}: Extract<Upstream, {kind: 'host'}>,
): Branch<Passage> | undefined {
  const priority = target.route.get('route')?.str('priority') === 'HIGH' ? 'HIGH' : 'DEFAULT'
  const limit = closedLimit(cluster.view, {at: 'http', priority})
  if (limit === undefined) return undefined
  const details = 'upstream_reset_before_response_started{overflow}'
  const reason = `circuit breaker of cluster "${cluster.name}": ${limit} is 0`
  // With a place among the pending ones it gets a connection, and shows its host.
  const host = limit === 'max_requests' ? {upstreamHost: formatAddress(address)} : {}
  return one({end: stop({kind: 'refused', reason}, {kind: 'http', status: 503}), log: {...log, ...host, code: 503, flags: 'UO', details}})
}

function dial(
  input: {context: EngineContext; target: ClusterTarget; log: ProxyLog},
  host: Extract<Upstream, {kind: 'host'}>,
): Branch<Passage> {
  const {context, target, log} = input
  const left = departTo({context, host, connection: target.stream.connection, payload: upstreamPayload(target, host)})
  const told =
    target.connect === 'terminate'
      ? [connectStep(context, {target, host})]
      : sentRequestSteps(target, {sent: requestFor(target, host), evidence: context.evidence})
  if (left.failure !== undefined) {
    const logged = {...log, code: 503, flags: 'UF', upstreamHost: formatAddress(host.address)}
    return one<Passage>({end: stop(left.failure, {kind: 'http', status: 503}), log: logged}, [...told, ...left.steps])
  }
  return one<Passage>(
    {
      end: {kind: 'depart', departure: left.departure},
      log: {...log, ...(target.connect === 'terminate' ? {handledBy: 'connect'} : {}), upstreamHost: formatAddress(host.address)},
    },
    [...told, ...left.steps],
  )
}

/** envoy-2022 D5: with connect_config the CONNECT ends here and its payload goes on as plain bytes. */
function upstreamPayload(target: ClusterTarget, host: Extract<Upstream, {kind: 'host'}>): Payload {
  const {stream} = target
  if (target.connect === 'terminate') return stream.tunneled ?? {kind: 'unknown'}
  return {
    kind: 'http',
    version: upstreamVersion(stream, host),
    request: requestFor(target, host),
    ...(stream.tunneled === undefined ? {} : {tunneled: stream.tunneled}),
  }
}

function requestFor(target: ClusterTarget, {hostname = ''}: Extract<Upstream, {kind: 'host'}>): Stream['request'] {
  return (hostname === '' ? target.stream : (target.withEndpointHost?.(hostname) ?? target.stream)).request
}

function upstreamVersion(stream: Stream, host: Extract<Upstream, {kind: 'host'}>): 'h1' | 'h2' {
  switch (host.http) {
    case 'h1':
      return 'h1'
    case 'h2':
    case 'h3':
      return 'h2'
    case 'auto':
    case 'downstream':
      return stream.version
    default:
      return host.http satisfies never
  }
}

function connectStep(context: EngineContext, input: {target: ClusterTarget; host: Extract<Upstream, {kind: 'host'}>}): Step {
  return {
    kind: 'http-filter',
    name: 'router',
    type: 'CONNECT',
    effect: 'terminates the CONNECT and forwards its bytes',
    because: [`:authority ${input.target.stream.request.authority}`],
    evidence: [context.evidence(input.host.cluster.view)],
  }
}
