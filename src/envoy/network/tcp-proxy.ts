import {fraction} from '../../flow/share.js'
import {formatAddress} from '../../flow/address.js'
import type {Payload} from '../../flow/connection.js'
import type {ProxyLog} from '../../flow/forwarder.js'
import type {Step} from '../../flow/step.js'
import {View} from '../../json/view.js'
import {andThen, one, single, type Branch} from '../branch.js'
import {closedLimit} from '../cluster/circuit-breaker.js'
import {resolveUpstream} from '../cluster/resolve.js'
import type {Upstream} from '../cluster/upstream.js'
import type {Connection} from '../connection.js'
import {closedAtOnce, stop, undetermined, type EngineContext, type Passage} from '../context.js'
import {formatSubstitution} from '../format/substitute.js'
import {departTo, identityOf} from './departure.js'

export interface TcpProxyInput {
  readonly context: EngineContext
  readonly config: View
  readonly connection: Connection
  readonly log: ProxyLog
}

interface ClusterPick {
  readonly name: string
  readonly metadataMatch: readonly View[]
  readonly source: string
}

/** tcp_proxy: one cluster or weighted ones, plain or through a CONNECT tunnel. Source: envoy-2022 D4. */
export function runTcpProxy(input: TcpProxyInput): readonly Branch<Passage>[] {
  return andThen(pickCluster(input), (pick) => overflowing(input, pick) ?? forward(input, pick))
}

/** A circuit breaker of 0 closes the connection, before any host is looked for. */
function overflowing(input: TcpProxyInput, pick: ClusterPick): readonly Branch<Passage>[] | undefined {
  const cluster = input.context.config.cluster(pick.name)
  const limit = cluster === undefined ? undefined : closedLimit(cluster.view, {at: 'tcp', priority: 'DEFAULT'})
  if (limit === undefined) return undefined
  const log = {...input.log, handledBy: 'tcp', ...loggedCluster(input, pick)} as const
  return single(overflow({...input, log}, {cluster: pick.name, limit}))
}

function overflow(
  {connection, log}: TcpProxyInput,
  {cluster, limit, flags = 'UO'}: {cluster: string; limit: string; flags?: string},
): Passage {
  const reason = `circuit breaker of cluster "${cluster}": ${limit} is 0`
  return {end: stop({kind: 'refused', reason}, closedAtOnce(connection)), log: {...log, flags}}
}

function forward(input: TcpProxyInput, pick: ClusterPick): readonly Branch<Passage>[] {
  return andThen(
    resolveUpstream({
      config: input.context.config,
      semantics: input.context.semantics,
      cluster: pick.name,
      connection: input.connection,
      metadataMatch: pick.metadataMatch,
    }),
    (upstream) => [toPassage({...input, log: {...input.log, handledBy: 'tcp', ...loggedCluster(input, pick)}}, upstream)],
  )
}

/** The log names the cluster that was asked for, also when an aggregate passes on; an unknown one is not named. */
function loggedCluster({context}: TcpProxyInput, pick: ClusterPick): {cluster?: string} {
  return context.config.cluster(pick.name) === undefined ? {} : {cluster: pick.name}
}

/** envoy-2022 D4: filter state overrides `cluster`, never weighted clusters. */
function pickCluster({config, connection, context}: TcpProxyInput): readonly Branch<ClusterPick>[] {
  const weighted = config.path('weighted_clusters')?.list('clusters') ?? []
  const base = lbMetadata(config.get('metadata_match'), connection)
  if (weighted.length > 0) return weightedClusters(weighted, {base, context})
  const override = connection.filterState.get('envoy.tcp_proxy.cluster')
  if (override !== undefined && override.value !== undefined && override.value !== '') {
    return single({name: override.value, metadataMatch: base, source: 'filter state envoy.tcp_proxy.cluster'})
  }
  return single({name: config.str('cluster') ?? '', metadataMatch: base, source: 'tcp_proxy.cluster'})
}

function weightedClusters(
  entries: readonly View[],
  input: {base: readonly View[]; context: EngineContext},
): readonly Branch<ClusterPick>[] {
  const total = entries.reduce((sum, entry) => sum + (entry.uint('weight') ?? 0), 0)
  return entries
    .filter((entry) => (entry.uint('weight') ?? 0) > 0)
    .map((entry) => {
      const own = entry.path('metadata_match', 'filter_metadata')?.own('envoy.lb')
      const pick: ClusterPick = {
        name: entry.str('name') ?? '',
        metadataMatch: own === undefined ? input.base : [...input.base, own],
        source: 'weighted_clusters',
      }
      return {...one(pick), share: fraction(entry.uint('weight') ?? 0, total)}
    })
}

/** Subset criteria: the filter's metadata_match, then what filters put into dynamic metadata `envoy.lb`. */
function lbMetadata(metadataMatch: View | undefined, connection: Connection): View[] {
  const configured = metadataMatch?.get('filter_metadata')?.own('envoy.lb')
  const dynamic = connection.metadata.get('envoy.lb')
  return [configured, dynamic === undefined ? undefined : new View(dynamic, '')].filter((view) => view !== undefined)
}

function toPassage(input: TcpProxyInput, upstream: Upstream): Branch<Passage> {
  switch (upstream.kind) {
    case 'host':
      return dial(input, upstream)
    case 'undetermined':
      return one({end: undetermined(...upstream.missing), log: input.log})
    case 'none':
      return one(noUpstream(input, upstream))
    default:
      return upstream satisfies never
  }
}

function noUpstream(input: TcpProxyInput, upstream: Extract<Upstream, {kind: 'none'}>): Passage {
  if (upstream.reason === 'no-healthy-upstream') {
    return {
      end: stop({kind: 'no-healthy-upstream', reason: upstream.text}, closedAtOnce(input.connection)),
      log: {...input.log, flags: 'UH'},
    }
  }
  if (input.config.get('on_demand') !== undefined) {
    return {
      end: undetermined({what: `${upstream.text}; it would be fetched on demand`, collect: 'take the dump again after such a connection'}),
      log: input.log,
    }
  }
  return {end: stop({kind: 'dangling-reference', reason: upstream.text}, closedAtOnce(input.connection)), log: {...input.log, flags: 'NC'}}
}

function dial(input: TcpProxyInput, host: Extract<Upstream, {kind: 'host'}>): Branch<Passage> {
  const {context, connection} = input
  const limit = closedLimit(host.cluster.view, {at: 'pool', priority: 'DEFAULT'})
  if (limit !== undefined) return one(overflow(input, {cluster: host.cluster.name, limit, flags: 'URX'}))
  const tunnel = tunnelRequest(input, host)
  const left = departTo({context, host, connection, payload: tunnel?.payload ?? connection.payload})
  const log = {...input.log, upstreamHost: formatAddress(host.address), ...(left.failure === undefined ? {} : {flags: 'UF'})}
  return one<Passage>({end: left.failure === undefined ? {kind: 'depart', departure: left.departure} : stop(left.failure), log}, [
    ...(tunnel === undefined ? [] : [tunnel.step]),
    ...left.steps,
  ])
}

/** envoy-2022 D4: tunneling_config turns the connection into one CONNECT (or POST) request. */
function tunnelRequest(input: TcpProxyInput, host: Extract<Upstream, {kind: 'host'}>): {payload: Payload; step: Step} | undefined {
  const {config, connection, context} = input
  const tunneling = config.get('tunneling_config')
  if (tunneling === undefined || connection.filterState.get('envoy.tcp_proxy.disable_tunneling')?.value === 'true') return undefined
  const hostname = tunneling.str('hostname') ?? ''
  const authority = formatSubstitution(hostname, {connection, node: context.config.node})
  const headers = tunnelHeaders(input, tunneling)
  const method = tunneling.bool('use_post') === true ? 'POST' : 'CONNECT'
  const step: Step = {
    kind: 'tunnel',
    method,
    authority: authority.text,
    headers,
    ...tunnelIdentity(context, host),
    because: [`hostname ${hostname}${authority.complete ? '' : ' (cannot be evaluated from the dump)'}`],
    evidence: [context.evidence(tunneling)],
  }
  const request = {method, authority: authority.text, headers, ...(method === 'POST' ? {path: tunneling.str('post_path') ?? '/'} : {})}
  return {step, payload: {kind: 'http', version: host.http === 'h1' ? 'h1' : 'h2', tunneled: connection.payload, request}}
}

function tunnelIdentity(context: EngineContext, {socket}: Extract<Upstream, {kind: 'host'}>): {identity?: string} {
  const identity = socket.tls === undefined ? undefined : identityOf(context, socket.tls)
  return identity === undefined ? {} : {identity}
}

function tunnelHeaders({connection, context}: TcpProxyInput, tunneling: View): (readonly [string, string])[] {
  return tunneling.list('headers_to_add').flatMap((entry) => {
    const header = entry.get('header')
    const key = header?.str('key')
    // Recorded (tunnel-metadata-missing): a header whose value is empty is not sent.
    const value = formatSubstitution(header?.str('value') ?? '', {connection, node: context.config.node, omitEmptyValues: true}).text
    return key === undefined || value === '' ? [] : [[key.toLowerCase(), value] as const]
  })
}
