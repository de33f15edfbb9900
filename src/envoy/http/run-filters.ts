import type {Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {andThen, either, one, single, type Branch} from '../branch.js'
import type {Stream} from '../connection.js'
import {effectiveRbac, evaluateRbacFilter} from '../authorization/filter.js'
import {isReportingWasm} from '../config/null-vm.js'
import {isStruct} from '../match/metadata.js'
import {typedFilter} from '../config/typed-filter.js'
import {stop, type Passage} from '../context.js'
import {rbacMatcher} from '../matcher/rbac-matcher.js'
import {policyOf} from '../network/policy.js'
import {setFilterState} from '../network/set-filter-state.js'
import {perFilterConfig} from '../route/per-filter-config.js'
import {upgradeFilters} from '../route/upgrade.js'
import {corsPreflight} from './cors.js'
import {checkOrigin} from './csrf.js'
import {authorizeExternally, RBAC_METADATA} from './external-authorization.js'
import {abortFault} from './fault.js'
import {answer, httpStep, type HttpFilterCall, type HttpFiltersInput, type HttpResult} from './http-filter.js'
import {mutateRequest} from './header-mutation.js'
import {answerHealthCheck} from './health-check.js'
import {checkJwt} from './jwt.js'
import {fetchOnDemand} from './on-demand.js'
import {limitByService, limitLocally} from './rate-limit.js'
import {rememberHost} from './stateful-session.js'

type HttpFilter = (call: HttpFilterCall) => readonly Branch<HttpResult>[]

const HTTP = 'envoy.extensions.filters.http.'

const FILTERS: ReadonlyMap<string, HttpFilter> = new Map<string, HttpFilter>([
  [`${HTTP}rbac.v3.RBAC`, rbac],
  [`${HTTP}fault.v3.HTTPFault`, abortFault],
  [`${HTTP}cors.v3.Cors`, corsPreflight],
  [`${HTTP}jwt_authn.v3.JwtAuthentication`, checkJwt],
  [`${HTTP}set_filter_state.v3.Config`, filterState],
  [`${HTTP}csrf.v3.CsrfPolicy`, checkOrigin],
  [`${HTTP}header_mutation.v3.HeaderMutation`, mutateRequest],
  [`${HTTP}health_check.v3.HealthCheck`, answerHealthCheck],
  [`${HTTP}ext_authz.v3.ExtAuthz`, authorizeExternally],
  [`${HTTP}ratelimit.v3.RateLimit`, limitByService],
  [`${HTTP}local_ratelimit.v3.LocalRateLimit`, limitLocally],
  [`${HTTP}on_demand.v3.OnDemand`, fetchOnDemand],
  [`${HTTP}stateful_session.v3.StatefulSession`, rememberHost],
  [`${HTTP}router.v3.Router`, (call) => single({kind: 'continue', stream: call.stream})],
])

/** Filters that look at traffic without changing where it goes. */
const PASSIVE = new Set([
  `${HTTP}grpc_stats.v3.FilterConfig`,
  `${HTTP}compressor.v3.Compressor`,
  `${HTTP}decompressor.v3.Decompressor`,
  `${HTTP}buffer.v3.Buffer`,
  `${HTTP}grpc_web.v3.GrpcWeb`,
  `${HTTP}dynamic_forward_proxy.v3.FilterConfig`,
  `${HTTP}upstream_codec.v3.UpstreamCodec`,
  'stats.PluginConfig',
  'io.istio.http.peer_metadata.Config',
  'istio.telemetry.baggagehandler.v1.Config',
  'istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig',
  'envoy.tcp.metadataexchange.config.MetadataExchange',
])

/** Runs the HTTP filters in order. Source: envoy-2022 D5 (typed_per_filter_config), D6. */
export function runHttpFilters(input: HttpFiltersInput): readonly Branch<HttpResult>[] {
  const filters = upgradeFilters({manager: input.manager, stream: input.stream}) ?? input.manager.list('http_filters')
  return filters.reduce<readonly Branch<HttpResult>[]>(
    (branches, filter) =>
      andThen(branches, (result) =>
        result.kind === 'ended' ? single(result) : unflagged(result.stream, runFilter({...input, stream: result.stream}, filter)),
      ),
    single({kind: 'continue', stream: input.stream}),
  )
}

/** A delay drawn before shows in the flags of whatever comes after it. */
function unflagged({delayed}: Stream, results: readonly Branch<HttpResult>[]): readonly Branch<HttpResult>[] {
  return delayed === undefined
    ? results
    : results.map((branch) =>
        branch.value.kind === 'ended' ? {...branch, value: {...branch.value, passage: withoutFlags(branch.value.passage)}} : branch,
      )
}

/** What is said of a passage when its flags are left to chance. */
export function withoutFlags(passage: Passage): Passage {
  const log: {-readonly [Field in keyof Passage['log']]: Passage['log'][Field]} = {...passage.log}
  delete log.flags
  return {end: passage.end, log}
}

function runFilter(input: HttpFiltersInput, filter: View): readonly Branch<HttpResult>[] {
  const {name, type, message, undelivered, refuses} = typedFilter(input.context.config, filter)
  const own = perFilterConfig({
    choice: input.choice,
    filterName: name,
    ...(input.weightedEntry === undefined ? {} : {weightedEntry: input.weightedEntry}),
  })
  if (isDisabled(filter, own)) return single({kind: 'continue', stream: input.stream})
  const call: HttpFilterCall = {
    ...input,
    config: message,
    name,
    type,
    ...(own.config === undefined ? {} : {perRoute: own.config.message()}),
    overrides: own.configs.map((override) => override.message()),
  }
  if (PASSIVE.has(type) || isReportingWasm(message)) {
    return single({kind: 'continue', stream: input.stream}, [httpStep(call, 'does not change the way')])
  }
  if (undelivered !== undefined) return refuses === undefined ? opaque({...call, type: undelivered}) : refuse(call, refuses)
  return (FILTERS.get(type) ?? opaque)(call)
}

function isDisabled(filter: View, own: ReturnType<typeof perFilterConfig>): boolean {
  return own.disabled ?? (filter.bool('disabled') === true && own.config === undefined)
}

/** filter_chain_helper.h MissingConfigFilter, seen on Envoy 1.40.0: once the listener serves without waiting on, requests fail here. */
function refuse(call: HttpFilterCall, reason: string): readonly Branch<HttpResult>[] {
  return answer(call, {verdict: {kind: 'dangling-reference', reason}, status: 500, effect: 'has no configuration', flags: 'NFCF'})
}

function rbac(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {context, stream, log} = call
  // RBACPerRoute without rbac switches the filter off for the route.
  const filter = effectiveRbac(call.config, call.perRoute)
  if (filter === undefined) return single({kind: 'continue', stream}, [httpStep(call, 'switched off for this route')])
  const subject = {connection: stream.connection, stream, ignorePathParameters: ignoresPathParameters(call)}
  const decision = evaluateRbacFilter({
    filter,
    subject,
    semantics: context.semantics,
    layer: 'l7',
    evidence: context.evidence,
    evaluateMatcher: rbacMatcher(context, subject),
  })
  const allowed = single<HttpResult>({kind: 'continue', stream: withShadowMetadata(stream, decision.shadowMetadata)}, decision.steps)
  const details = decision.details ?? 'rbac_access_denied'
  const denied = [
    one<HttpResult>(
      {
        kind: 'ended',
        passage: {
          end: stop({kind: 'denied', layer: 'l7', ...policyOf(decision.policy), reason: details}, {kind: 'http', status: 403}),
          log: {...log, code: 403, details},
        },
      },
      decision.steps,
    ),
  ]
  switch (decision.decision) {
    case 'allow':
      return allowed
    case 'deny':
      return denied
    case 'undetermined':
      return either(`HTTP RBAC allows (${decision.missing.join(', ')})`, {yes: allowed, no: denied})
    default:
      return decision.decision satisfies never
  }
}

/** What a later filter_enabled_metadata, route or policy may ask for. Struct fields are merged (stream_info_impl.h setDynamicMetadata). */
function withShadowMetadata(stream: Stream, fields: Readonly<Record<string, string | null>>): Stream {
  if (Object.keys(fields).length === 0) return stream
  const before = stream.metadata.get(RBAC_METADATA)
  const kept = isStruct(before) ? before : {}
  return {...stream, metadata: new Map([...stream.metadata, [RBAC_METADATA, {...kept, ...fields}]])}
}

/** The redirect of require_tls counts as a route here, although it has no config of its own. */
function ignoresPathParameters({choice}: HttpFilterCall): boolean {
  const routed = choice.kind === 'route' || choice.kind === 'redirect-tls'
  return routed && choice.table.bool('ignore_path_parameters_in_path_matching') === true
}

function filterState(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const {context, config} = call
  // set_filter_state.cc: the filter's own values, then those of every level, the most specific last.
  return [config, ...call.overrides.toReversed()].reduce<readonly Branch<HttpResult>[]>(
    (branches, holder) =>
      andThen(branches, (result) => {
        if (result.kind === 'ended') return single(result)
        const {connection} = result.stream
        const set = setFilterState({context, config: holder, field: 'on_request_headers', connection, stream: result.stream})
        return single<HttpResult>({kind: 'continue', stream: {...result.stream, filterState: set.filterState}}, [
          httpStep(call, set.effect),
        ])
      }),
    single<HttpResult>({kind: 'continue', stream: call.stream}),
  )
}

function opaque(call: HttpFilterCall): readonly Branch<HttpResult>[] {
  const step: Step = {...httpStep(call, 'not understood'), opaque: true}
  const what = `HTTP filter ${call.name} (${call.type}) must let the request pass unchanged`
  return [{...one<HttpResult>({kind: 'continue', stream: call.stream}, [step]), requires: [{what}]}]
}
