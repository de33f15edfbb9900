import {isIP} from 'node:net'
import {formatSocket, type SocketAddress} from '../../flow/address.js'
import type {Arrival, Json} from '../../flow/connection.js'
import type {Step} from '../../flow/step.js'
import {View} from '../../json/view.js'
import {andThen, either, one, single, type Branch} from '../branch.js'
import {typedFilter} from '../config/typed-filter.js'
import type {Connection} from '../connection.js'
import type {EngineContext} from '../context.js'
import {readSocketText} from '../match/socket-text.js'
import {setFilterState} from '../network/set-filter-state.js'
import {withLocal} from './connection.js'
import type {Filtered, ListenerFilterCall} from './filtered.js'
import {isFilterDisabled} from './filter-disabled.js'
import {inspectHttp, inspectTls} from './inspectors.js'

type ListenerFilter = (call: ListenerFilterCall) => readonly Branch<Filtered>[]

const FILTERS: ReadonlyMap<string, ListenerFilter> = new Map<string, ListenerFilter>([
  ['envoy.extensions.filters.listener.original_dst.v3.OriginalDst', originalDst],
  ['envoy.extensions.filters.listener.original_src.v3.OriginalSrc', originalSrc],
  ['envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol', proxyProtocol],
  ['envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', inspectTls],
  ['envoy.extensions.filters.listener.http_inspector.v3.HttpInspector', inspectHttp],
  ['envoy.extensions.filters.listener.set_filter_state.v3.Config', filterState],
  ['istio.set_internal_dst_address.v1.Config', setInternalDstAddress],
  // envoy-2022 A.9: telemetry only, they add metadata about the peer and never end a connection.
  ['istio.telemetry.workloadmetadata.v1.WorkloadMetadataResources', workloadMetadata],
  ['istio.telemetry.metadatatopeernode.v1.Config', telemetryOnly],
])

/** envoy-2022 A.9: they let everything pass, whatever their configuration. Every ztunnel of 2022 awaits one, and dumps may lack what ECDS sent. */
const HARMLESS: ReadonlySet<string> = new Set([
  'istio.telemetry.workloadmetadata.v1.WorkloadMetadataResources',
  'istio.telemetry.metadatatopeernode.v1.Config',
])

/** Filters of older dumps carry only a name. */
const TYPE_BY_NAME: ReadonlyMap<string, string> = new Map([
  ['envoy.filters.listener.original_dst', 'envoy.extensions.filters.listener.original_dst.v3.OriginalDst'],
  ['envoy.filters.listener.original_src', 'envoy.extensions.filters.listener.original_src.v3.OriginalSrc'],
  ['envoy.filters.listener.proxy_protocol', 'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol'],
  ['envoy.filters.listener.tls_inspector', 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector'],
  ['envoy.filters.listener.http_inspector', 'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector'],
])

/** Runs the listener filters in order, then the original_dst filter that use_original_dst injects (envoy-2022 I.1). */
export function runListenerFilters(input: {
  context: EngineContext
  listener: View
  connection: Connection
  arrival: Arrival
}): readonly Branch<Filtered>[] {
  const {context, listener, arrival} = input
  const start = single<Filtered>({connection: input.connection})
  const configured = listener
    .list('listener_filters')
    .reduce<readonly Branch<Filtered>[]>(
      (branches, filter) => unlessHanging(branches, (filtered) => runFilter({context, arrival, filter, filtered})),
      start,
    )
  if (listener.bool('use_original_dst') !== true) return configured
  return unlessHanging(configured, (filtered) =>
    injectedOriginalDst({context, arrival, filtered, config: listener, name: 'use_original_dst'}),
  )
}

function unlessHanging(
  branches: readonly Branch<Filtered>[],
  next: (filtered: Filtered) => readonly Branch<Filtered>[],
): Branch<Filtered>[] {
  return andThen(branches, (filtered) =>
    filtered.hangs === undefined && filtered.closed === undefined ? next(filtered) : single(filtered),
  )
}

function runFilter(input: {context: EngineContext; arrival: Arrival; filter: View; filtered: Filtered}): readonly Branch<Filtered>[] {
  const {context, filter, filtered, arrival} = input
  const {name, type, message, undelivered, refuses} = typedFilter(context.config, filter)
  const call: ListenerFilterCall = {context, arrival, filtered, config: message, name}
  if (isFilterDisabled(filter.get('filter_disabled'), filtered.connection)) return [stay(call, 'disabled for this connection')]
  if (refuses !== undefined) return [one({...filtered, closed: refuses})]
  if (undelivered !== undefined && !HARMLESS.has(type)) return [opaque(call, undelivered)]
  const run = FILTERS.get(type) ?? FILTERS.get(TYPE_BY_NAME.get(name) ?? '')
  return run === undefined ? [opaque(call, type)] : run(call)
}

/** envoy-2022 D1: SO_ORIGINAL_DST on sockets; on internal connections dynamic metadata, else filter state. */
function originalDst(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {
    filtered: {connection},
  } = call
  return connection.entry.kind === 'internal' ? internalOriginalDst(call) : socketOriginalDst(call)
}

function socketOriginalDst(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const original = socketDestination(call.arrival)
  return original === undefined
    ? [stay(call, 'no original destination')]
    : [change(call, {connection: withLocal(call.filtered.connection, original), effect: `restores ${formatSocket(original)}`})]
}

const ORIGINAL_DST_NAMESPACE = 'envoy.filters.listener.original_dst'

function internalOriginalDst(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const works = call.context.semantics.internalOriginalDst
  const restored = restoreInternal(call)
  const idle = stay(call, 'does nothing on internal connections before 1.25')
  if (works === undefined && restored.value.connection !== call.filtered.connection) {
    return either('Envoy is 1.25 or newer (original_dst works on internal connections)', {yes: [restored], no: [idle]})
  }
  return works === false ? [idle] : [restored]
}

function restoreInternal(call: ListenerFilterCall): Branch<Filtered> {
  const {connection} = call.filtered
  const local = readSocketText(metadataText(connection.metadata.get(ORIGINAL_DST_NAMESPACE), 'local') ?? stateText(connection, 'local_ip'))
  const remote = readSocketText(stateText(connection, 'remote_ip'))
  const restored = local === undefined ? connection : withLocal(connection, local)
  if (remote !== undefined) return change(call, {connection: {...restored, remote}, effect: 'restores addresses from filter state'})
  return local === undefined
    ? stay(call, 'nothing to restore')
    : change(call, {connection: restored, effect: `restores ${formatSocket(local)}`})
}

function stateText(connection: Connection, object: string): string {
  return connection.filterState.get(`${ORIGINAL_DST_NAMESPACE}.${object}`)?.value ?? ''
}

/** envoy-2022 I.1: runs after the configured filters; over a forged address of the socket's own family it puts the real one back. */
function injectedOriginalDst(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {
    filtered: {connection},
    arrival,
  } = call
  if (connection.entry.kind === 'internal') return [one(call.filtered)]
  const original = socketDestination(arrival)
  const forged =
    connection.localRestored && connection.local !== undefined && original !== undefined && isIP(connection.local.ip) !== isIP(original.ip)
  return original === undefined || forged ? [one(call.filtered)] : [one({...call.filtered, connection: withLocal(connection, original)})]
}

function socketDestination(arrival: Arrival): SocketAddress | undefined {
  const {entry} = arrival
  return arrival.originalDestination ?? (entry.kind === 'socket' ? {ip: entry.ip, port: entry.port} : undefined)
}

/** envoy-2022 A.5: upstream connections dialled from this passage use the downstream source address. */
function originalSrc(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {connection} = call.filtered
  return connection.remote === undefined
    ? [stay(call, 'no source address to keep')]
    : [
        change(call, {
          connection: {...connection, keptSource: {...connection.remote, port: 0}},
          effect: `keeps source ${connection.remote.ip}`,
        }),
      ]
}

/** envoy-2022 D1: restores both addresses; TLVs named by rules become dynamic metadata. */
function proxyProtocol(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {
    config,
    filtered: {connection},
  } = call
  const {payload} = connection
  if (payload.kind === 'unknown') return [one({...call.filtered, hangs: 'the PROXY header is not known'})]
  if (payload.kind !== 'proxy-protocol') {
    return config.bool('allow_requests_without_proxy_protocol') === true
      ? [stay(call, 'no PROXY header')]
      : [one({...call.filtered, hangs: 'waits for a PROXY header'})]
  }
  const restored: Connection = {
    ...withLocal(connection, payload.destination),
    remote: payload.source,
    payload: payload.payload,
    metadata: mergeMetadata(connection.metadata, tlvMetadata(config, payload.tlvs)),
  }
  return [change(call, {connection: restored, effect: `restores ${formatSocket(payload.source)} → ${formatSocket(payload.destination)}`})]
}

function tlvMetadata(config: View, tlvs: Readonly<Record<string, string>>): Map<string, Json> {
  const found = new Map<string, Record<string, Json>>()
  for (const rule of config.list('rules')) {
    const value = tlvs[`0x${(rule.num('tlv_type') ?? 0).toString(16).toUpperCase().padStart(2, '0')}`]
    const target = rule.get('on_tlv_present')
    const key = target?.str('key')
    if (value === undefined || key === undefined) continue
    const namespace = target?.str('metadata_namespace') ?? 'envoy.filters.listener.proxy_protocol'
    found.set(namespace, {...found.get(namespace), [key]: value})
  }
  return new Map(found)
}

/** envoy-2022 A.4: metadata `tunnel` gives the local address and the ORIGINAL_DST target. */
function setInternalDstAddress(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {connection} = call.filtered
  const tunnel = connection.metadata.get('tunnel')
  const destination = readSocketText(metadataText(tunnel, 'destination') ?? '')
  const address = metadataText(tunnel, 'address')
  if (destination === undefined && address === undefined) return [stay(call, 'no tunnel metadata')]
  const filterState =
    address === undefined
      ? connection.filterState
      : new Map([
          ...connection.filterState,
          ['envoy.network.transport_socket.original_dst_address', {value: address, shared: 'none'}] as const,
        ])
  const changed = {...(destination === undefined ? connection : withLocal(connection, destination)), filterState}
  const effect = `local ${destination === undefined ? '(kept)' : formatSocket(destination)}, dials ${address ?? '(unset)'}`
  return [change(call, {connection: changed, effect})]
}

function filterState(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  const {connection} = call.filtered
  const set = setFilterState({context: call.context, config: call.config, field: 'on_accept', connection})
  return [change(call, {connection: {...connection, filterState: set.filterState}, effect: set.effect})]
}

/** envoy-2022 A.9: writes `baggage` from the workload list; its content is telemetry that no matcher reads. */
function workloadMetadata(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  return [stay(call, 'adds workload metadata (telemetry)')]
}

function telemetryOnly(call: ListenerFilterCall): readonly Branch<Filtered>[] {
  return [stay(call, 'telemetry only')]
}

function opaque(call: ListenerFilterCall, type: string): Branch<Filtered> {
  const step = {...stepOf(call, 'unknown filter, assumed to let the connection pass'), opaque: true}
  return {
    ...one(call.filtered),
    steps: [step],
    requires: [{what: `listener filter ${call.name} (${type}) must let the connection pass unchanged`}],
  }
}

function stay(call: ListenerFilterCall, effect: string): Branch<Filtered> {
  return {...one(call.filtered), steps: [stepOf(call, effect)]}
}

function change(call: ListenerFilterCall, changed: {connection: Connection; effect: string}): Branch<Filtered> {
  return one({...call.filtered, connection: changed.connection}, [stepOf(call, changed.effect)])
}

function stepOf(call: ListenerFilterCall, effect: string): Extract<Step, {kind: 'listener-filter'}> {
  return {kind: 'listener-filter', name: call.name, effect, because: [], evidence: [call.context.evidence(call.config)]}
}

function mergeMetadata(base: ReadonlyMap<string, Json>, extra: ReadonlyMap<string, Json>): ReadonlyMap<string, Json> {
  return new Map([...base, ...extra])
}

function metadataText(value: Json | undefined, key: string): string | undefined {
  return new View(value, '').own(key)?.text()
}
