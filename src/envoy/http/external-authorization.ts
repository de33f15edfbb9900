import type {Departure} from '../../flow/connection.js'
import type {Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {either, type Branch} from '../branch.js'
import {clusterHealth} from '../cluster/cluster-health.js'
import {resolveUpstream} from '../cluster/resolve.js'
import {matchMetadata, metadataAt} from '../match/metadata.js'
import {departTo} from '../network/departure.js'
import {runtimeFlag} from '../network/runtime-flag.js'
import {answer, drawn, mayRefuse, pass, type HttpFilterCall, type HttpResult} from './http-filter.js'
import {statusCode} from './rate-limit.js'

const FORBIDDEN = 403

/**
 * ext_authz: the answer comes from outside; a denial is 403 unless the service says otherwise. Where the service has no host the outcome
 * is certain: failure_mode_allow lets the request pass, else it is refused. Source: envoy-2022 D6; ext_authz.cc.
 */
export function authorizeExternally(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {config, perRoute} = call
  if (perRoute?.bool('disabled') === true) return pass(call, 'switched off for this route')
  const enabled = (): readonly Branch<HttpResult>[] =>
    drawn(call, {percent: config.get('filter_enabled'), inside: () => ask(call), outside: () => whileDisabled(call)})
  const matcher = config.get('filter_enabled_metadata')
  switch (matcher === undefined ? 'yes' : switchedOn(matcher, call)) {
    case 'yes':
      return enabled()
    case 'no':
      return whileDisabled(call)
    default:
      return either('the dynamic metadata switches ext_authz on', {yes: enabled(), no: whileDisabled(call)})
  }
}

/** Where the HTTP RBAC filter leaves what its shadow rules found. */
export const RBAC_METADATA = 'envoy.filters.http.rbac'

/**
 * Istio's CUSTOM policies are shadow rules of an RBAC filter before, whose result is known; who else may write metadata is not.
 * Source: ambient-ga D; ext_authz.cc FilterConfig::filterEnabled.
 */
function switchedOn(matcher: View, {stream}: HttpFilterCall): Tri {
  const filter = matcher.str('filter') ?? ''
  const path = matcher.list('path').map((segment) => segment.str('key') ?? '')
  const result = path.map((key) => key.replace(/shadow_effective_policy_id$/, 'shadow_engine_result'))
  const isKnown = filter === RBAC_METADATA && typeof metadataAt(stream.metadata, {filter, path: result}) === 'string'
  return isKnown ? matchMetadata(matcher, stream.metadata) : 'undetermined'
}

/** deny_at_disable is a runtime flag: a request that the fraction leaves out is refused. */
function whileDisabled(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const denies = runtimeFlag(call.config.get('deny_at_disable'), call.context.config.runtime) === true
  return denies ? failed(call, 'ext_authz is switched off, and then refuses') : pass(call, 'switched off')
}

function ask(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const calls = checkCalls(call)
  return calls.length === 0 ? decide(call) : decide(call).map((branch) => ({...branch, calls}))
}

/** The check request of the HTTP service goes to a host of its cluster; with several hosts, or gRPC, it is not followed. */
function checkCalls({config, context, stream}: HttpFilterCall): readonly Departure[] {
  const service = config.get('http_service')
  const cluster = service?.get('server_uri')?.str('cluster')
  if (service === undefined || cluster === undefined) return []
  const {connection, request} = stream
  const upstreams = resolveUpstream({config: context.config, semantics: context.semantics, cluster, connection, stream})
  const [only] = upstreams
  if (only === undefined || upstreams.length > 1 || only.value.kind !== 'host') return []
  const path = `${service.str('path_prefix') ?? ''}${request.path ?? ''}`
  const check = {method: request.method, authority: request.authority, path, headers: []}
  return [departTo({context, host: only.value, connection, payload: {kind: 'http', version: 'h1', request: check}}).departure]
}

function decide(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {config} = call
  if (!isReachable(call)) {
    const effect = 'the authorization service has no host'
    return config.bool('failure_mode_allow') === true ? pass(call, `${effect}; failure_mode_allow`) : failed(call, effect)
  }
  const refused = mayRefuse(call, {condition: 'ext_authz must allow', status: FORBIDDEN})
  const onError = statusCode(config.get('status_on_error')) ?? FORBIDDEN
  if (config.bool('failure_mode_allow') === true || onError === FORBIDDEN) return refused
  const answers = either('the authorization service answers', {yes: refused, no: failed(call, 'the authorization service fails')})
  return answers
}

function failed(call: HttpFilterCall, effect: string): Branch<HttpResult>[] {
  const status = statusCode(call.config.get('status_on_error')) ?? FORBIDDEN
  const verdict = {kind: 'denied', layer: 'l7', reason: effect} as const
  return answer(call, {verdict, status, effect, flags: 'UAEX'})
}

/** False where the dump shows that the cluster of the service is missing or has no usable host. */
function isReachable({config, context}: HttpFilterCall): boolean {
  const cluster =
    config.path('http_service', 'server_uri')?.str('cluster') ?? config.path('grpc_service', 'envoy_grpc')?.str('cluster_name')
  const health = cluster === undefined ? 'unknown' : clusterHealth(context.config, cluster)
  return health === 'unknown' || (health !== 'absent' && health.hosts > 0)
}
