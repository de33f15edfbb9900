import type {PeerCertificate} from '../../flow/connection.js'
import type {ProxyLog} from '../../flow/forwarder.js'
import type {Step} from '../../flow/step.js'
import type {Verdict} from '../../flow/verdict.js'
import {isObject, type View} from '../../json/view.js'
import {andThen, either, one, single, type Branch} from '../branch.js'
import {evaluateRbacFilter} from '../authorization/filter.js'
import {runManager} from '../http/manager.js'
import {isReportingWasm} from '../config/null-vm.js'
import {typedFilter} from '../config/typed-filter.js'
import type {Connection} from '../connection.js'
import {closedAtOnce, stop, undetermined, type EngineContext, type Passage, type Stop} from '../context.js'
import {rbacMatcher} from '../matcher/rbac-matcher.js'
import {ended, proceed, stepOf, type FilterCall, type Progress, type Result} from './filter-call.js'
import {policyOf} from './policy.js'
import {askAuthorization, askRateLimit, limitConnections, limitRate} from './refusing-filters.js'
import {setFilterState} from './set-filter-state.js'
import {runTcpProxy} from './tcp-proxy.js'

type NetworkFilter = (call: FilterCall) => readonly Branch<Result>[]

const NETWORK = 'envoy.extensions.filters.network.'

const FILTERS: ReadonlyMap<string, NetworkFilter> = new Map<string, NetworkFilter>([
  [`${NETWORK}rbac.v3.RBAC`, rbac],
  [`${NETWORK}set_filter_state.v3.Config`, filterState],
  [`${NETWORK}sni_cluster.v3.SniCluster`, sniCluster],
  [`${NETWORK}tcp_proxy.v3.TcpProxy`, tcpProxy],
  [`${NETWORK}http_connection_manager.v3.HttpConnectionManager`, manager],
  [`${NETWORK}echo.v3.Echo`, echo],
  [`${NETWORK}direct_response.v3.Config`, directResponse],
  [`${NETWORK}ext_authz.v3.ExtAuthz`, askAuthorization],
  [`${NETWORK}ratelimit.v3.RateLimit`, askRateLimit],
  [`${NETWORK}local_ratelimit.v3.LocalRateLimit`, limitRate],
  [`${NETWORK}connection_limit.v3.ConnectionLimit`, limitConnections],
  // envoy-2022 A.9: these hand identity on or add telemetry; none of them ends a connection.
  ['istio.tls_passthrough.v1.CaptureTLS', captureTls],
  ['istio.tls_passthrough.v1.RestoreTLS', restoreTls],
  ['envoy.tcp.metadataexchange.config.MetadataExchange', telemetry],
  ['io.istio.tcp.metadata_exchange.Config', telemetry],
  ['stats.PluginConfig', telemetry],
])

/**
 * Runs the network filters of a chain in order up to its terminal filter. Source: envoy-2022 D6.
 * A connection whose TLS handshake fails (`denied`) still makes tcp_proxy dial: that happens on accept (recorded: matchers-rbac-network id-untrusted).
 */
export function runNetworkFilters(input: {
  context: EngineContext
  chain: View
  connection: Connection
  log: ProxyLog
  denied?: Stop
}): readonly Branch<Passage>[] {
  const {context, chain, log, denied} = input
  const refusal = refusedBy(input)
  if (refusal !== undefined) return single({end: refusal, log})
  const start = single<Result>({kind: 'continue', progress: {connection: input.connection, ...(denied === undefined ? {} : {denied})}})
  const filters = chain.list('filters')
  const settledState = settle({context, filters, progress: {connection: input.connection}, log})
  const passages = filters.reduce<readonly Branch<Result>[]>(
    (branches, filter) =>
      andThen(branches, (result) =>
        result.kind === 'ended' ? single(result) : runFilter({context, filter, progress: result.progress, log, settledState}),
      ),
    start,
  )
  return passages.map((branch) => ({
    ...branch,
    value: branch.value.kind === 'ended' ? branch.value.passage : withoutTerminal(branch.value.progress, log),
  }))
}

/** A chain with a filter that has no configuration closes every connection before the first filter runs (seen on Envoy 1.40.0). */
function refusedBy({context, chain, connection}: {context: EngineContext; chain: View; connection: Connection}): Stop | undefined {
  const [reason] = chain.list('filters').flatMap((filter) => typedFilter(context.config, filter).refuses ?? [])
  return reason === undefined ? undefined : stop({kind: 'dangling-reference', reason}, closedAtOnce(connection))
}

/** Filters that set state when the connection is new; those that look at bytes see what all of them set, wherever they stand (seen on Envoy 1.40.0). */
const EARLY: ReadonlySet<string> = new Set([`${NETWORK}set_filter_state.v3.Config`, `${NETWORK}sni_cluster.v3.SniCluster`])

function settle(input: {context: EngineContext; filters: readonly View[]; progress: Progress; log: ProxyLog}): Connection['filterState'] {
  const {context, filters, log} = input
  const early = filters.filter((filter) => EARLY.has(typedFilter(context.config, filter).type))
  const settled = early.reduce<Progress>((progress, filter) => {
    const settledState = progress.connection.filterState
    const [result] = runFilter({context, filter, progress, log, settledState})
    return result?.value.kind === 'continue' ? result.value.progress : progress
  }, input.progress)
  return settled.connection.filterState
}

function withoutTerminal(progress: Progress, log: ProxyLog): Passage {
  return {
    end: progress.denied ?? stop({kind: 'refused', reason: 'the filter chain has no terminal filter, Envoy closes the connection'}),
    log,
  }
}

function runFilter(input: Omit<FilterCall, 'config' | 'name' | 'type'> & {filter: View}): readonly Branch<Result>[] {
  const {context, filter, progress, log, settledState} = input
  const {name, type, message, undelivered} = typedFilter(context.config, filter)
  const call = {context, config: message, name, progress, log, settledState}
  if (isReportingWasm(message)) return telemetry({...call, type})
  return undelivered === undefined ? (FILTERS.get(type) ?? opaque)({...call, type}) : opaque({...call, type: undelivered})
}

function tcpProxy({context, config, progress, log}: FilterCall): readonly Branch<Result>[] {
  const passages = runTcpProxy({context, config, connection: progress.connection, log})
  return passages.map((branch) => ({
    ...branch,
    value: {kind: 'ended', passage: progress.denied === undefined ? branch.value : denyAfterDial(branch.value, progress.denied)},
  }))
}

/** Where nothing can be dialled the connection ends for that reason: no byte is ever looked at (seen on Envoy 1.40.0). */
function denyAfterDial(passage: Passage, denied: Stop): Passage {
  return passage.end.kind === 'depart' ? {...passage, end: {...denied, dialled: passage.end.departure}} : passage
}

function manager({context, config, progress, log}: FilterCall): readonly Branch<Result>[] {
  if (progress.denied !== undefined) return ended({end: progress.denied, log})
  return runManager({context, manager: config, connection: progress.connection, log}).map((branch) => ({
    ...branch,
    value: {kind: 'ended', passage: branch.value},
  }))
}

function rbac(call: FilterCall): readonly Branch<Result>[] {
  const {context, config, progress} = call
  if (progress.denied !== undefined) return proceed(progress)
  const subject = {connection: {...progress.connection, filterState: call.settledState}}
  const decision = evaluateRbacFilter({
    filter: config,
    subject,
    semantics: context.semantics,
    layer: 'l4',
    evidence: context.evidence,
    evaluateMatcher: rbacMatcher(context, subject),
  })
  const verdict: Verdict = {kind: 'denied', layer: 'l4', ...policyOf(decision.policy), reason: decision.details ?? 'network RBAC'}
  const denied = [one<Result>({kind: 'continue', progress: {...progress, denied: stop(verdict)}}, decision.steps)]
  switch (decision.decision) {
    case 'allow':
      return proceed(progress, decision.steps)
    case 'deny':
      return denied
    case 'undetermined':
      return either(`network RBAC allows (${decision.missing.join(', ')})`, {yes: proceed(progress, decision.steps), no: denied})
    default:
      return decision.decision satisfies never
  }
}

/** on_new_connection runs before the TLS handshake: the peer is not known yet (recorded: matchers-rbac-network filter-state). */
function filterState(call: FilterCall): readonly Branch<Result>[] {
  const {
    context,
    config,
    progress: {connection},
  } = call
  const {tls, ...early} = connection
  const first = setFilterState({context, config, field: 'on_new_connection', connection: early})
  const second = setFilterState({
    context,
    config,
    field: 'on_downstream_tls_handshake',
    connection: {...connection, filterState: first.filterState},
  })
  const effect = tls === undefined || config.get('on_downstream_tls_handshake') === undefined ? first.effect : second.effect
  return proceed({...call.progress, connection: {...connection, filterState: second.filterState}}, [stepOf(call, effect)])
}

/** envoy-2022 D6: sets the cluster override to the SNI. */
function sniCluster(call: FilterCall): readonly Branch<Result>[] {
  const {
    progress: {connection},
  } = call
  const sni = connection.tls?.sni ?? connection.serverName
  if (sni === undefined || sni === '') return proceed(call.progress, [stepOf(call, 'no SNI')])
  const state = new Map([...connection.filterState, ['envoy.tcp_proxy.cluster', {value: sni, shared: 'none'}] as const])
  return proceed({...call.progress, connection: {...connection, filterState: state}}, [stepOf(call, `cluster := ${sni}`)])
}

function echo(call: FilterCall): readonly Branch<Result>[] {
  return ended(
    {
      end:
        call.progress.denied === undefined
          ? stop({kind: 'responded', status: 200, reason: 'the echo filter sends the bytes back'}, {kind: 'data'})
          : call.progress.denied,
      log: call.log,
    },
    [stepOf(call, 'echoes the bytes')],
  )
}

function directResponse(call: FilterCall): readonly Branch<Result>[] {
  const data = call.config.get('response')?.str('inline_string')
  const answer = {kind: 'data' as const, ...(data === undefined ? {} : {data})}
  return ended(
    {
      // The answer goes out before a byte of the client is looked at; only a TLS handshake can fail before it (seen on Envoy 1.40.0).
      end:
        call.progress.denied?.verdict.kind === 'tls-failure'
          ? call.progress.denied
          : stop({kind: 'responded', status: 200, reason: 'the direct_response filter answers'}, answer),
      log: {...call.log, details: 'direct_response'},
    },
    [stepOf(call, 'answers with fixed bytes')],
  )
}

const CAPTURED_TLS = 'istio.tls_passthrough'

/** envoy-2022 A.9: the peer certificate travels in filter state to the internal connections behind. */
function captureTls(call: FilterCall): readonly Branch<Result>[] {
  const {
    progress: {connection},
  } = call
  if (connection.tls === undefined) return proceed(call.progress, [stepOf(call, 'no TLS to capture')])
  const value = JSON.stringify(connection.tls.peer ?? null)
  const state = new Map([...connection.filterState, [CAPTURED_TLS, {value, shared: 'transitive'}] as const])
  return proceed({...call.progress, connection: {...connection, filterState: state}}, [
    stepOf(call, `captures peer ${connection.tls.peer?.uriSans.join(',') ?? '(none)'}`),
  ])
}

function restoreTls(call: FilterCall): readonly Branch<Result>[] {
  const {
    progress: {connection},
  } = call
  const captured = connection.filterState.get(CAPTURED_TLS)?.value
  if (captured === undefined) return proceed(call.progress, [stepOf(call, 'nothing captured')])
  const peer = readPeer(captured)
  const restored: Connection = {...connection, tls: peer === undefined ? {} : {peer}}
  return proceed({...call.progress, connection: restored}, [stepOf(call, `restores peer ${peer?.uriSans.join(',') ?? '(none)'}`)])
}

function readPeer(text: string): PeerCertificate | undefined {
  const value: unknown = JSON.parse(text)
  if (!isObject(value)) return undefined
  const strings = (list: unknown): string[] => (Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [])
  return {
    uriSans: strings(value['uriSans']),
    dnsSans: strings(value['dnsSans']),
    ...(typeof value['subject'] === 'string' ? {subject: value['subject']} : {}),
  }
}

function telemetry(call: FilterCall): readonly Branch<Result>[] {
  return proceed(call.progress, [stepOf(call, 'telemetry only')])
}

const OTHER_TERMINALS = ['redis_proxy', 'thrift_proxy', 'dubbo_proxy', 'generic_proxy', 'reverse_tunnel']

/** envoy-2022 D6: an unknown filter is let through with a condition; terminal filters with their own routing end the walk. */
function opaque(call: FilterCall): readonly Branch<Result>[] {
  const step: Step = {...stepOf(call, 'not understood'), opaque: true}
  if (OTHER_TERMINALS.some((name) => call.type.includes(name))) {
    return ended({end: undetermined({what: `terminal network filter ${call.type} does its own routing`}), log: call.log}, [step])
  }
  const what = `network filter ${call.name} (${call.type}) must let the connection pass unchanged`
  return [{...one<Result>({kind: 'continue', progress: call.progress}, [step]), requires: [{what}]}]
}
