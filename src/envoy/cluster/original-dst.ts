import type {SocketAddress} from '../../flow/address.js'
import type {Json} from '../../flow/connection.js'
import type {Rejected} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {headerLines} from '../connection.js'
import {filterStateOf} from '../format/filter-state-command.js'
import {isList, metadataAtKey} from '../format/value.js'
import {readSocketText} from '../match/socket-text.js'
import type {UpstreamContext} from './upstream.js'

const STATE_KEY = 'envoy.network.transport_socket.original_dst_address'
const DEFAULT_HEADER = 'x-envoy-original-dst-host'

/** The one host of an ORIGINAL_DST cluster, where it came from, and the better sources that gave nothing usable. */
export type OriginalDestination =
  | ({readonly kind: 'found'; readonly rejected: readonly Rejected[]} & Destination)
  | {readonly kind: 'none'; readonly rejected: readonly Rejected[]}
  | {readonly kind: 'unknown'; readonly what: string}

interface Destination {
  readonly address: SocketAddress
  readonly from: string
  readonly portOverride?: number
}

/** What one source says: nothing, a text that must be ip:port, or something the data cannot tell. */
type Reading =
  | {readonly kind: 'absent'; readonly from: string; readonly because: string}
  | {readonly kind: 'text'; readonly from: string; readonly text: string}
  | {readonly kind: 'unknown'; readonly from: string}

type Asking = Pick<UpstreamContext, 'connection' | 'stream' | 'semantics'>

/**
 * Filter state, then metadata_key, then the header, then the restored local address; upstream_port_override at last.
 * A text that is no ip:port counts as absent. Source: envoy-2022 D9, I.10; Envoy original_dst_cluster.cc.
 */
export function originalDestination(config: View | undefined, asking: Asking): OriginalDestination {
  const rejected: Rejected[] = []
  for (const reading of readSources(config, asking)) {
    if (reading.kind === 'unknown') return {kind: 'unknown', what: reading.from}
    const address = reading.kind === 'text' ? readSocketText(reading.text) : undefined
    if (address !== undefined) return {kind: 'found', rejected, ...override(config, {address, from: reading.from})}
    rejected.push({candidate: reading.from, because: reading.kind === 'text' ? `"${reading.text}" is no ip:port` : reading.because})
  }
  const local = restoredAddress(asking)
  if (local === undefined) return {kind: 'none', rejected}
  return {kind: 'found', rejected, ...override(config, {address: local, from: 'restored local address'})}
}

function override(config: View | undefined, found: Destination): Destination {
  const port = config?.get('upstream_port_override') === undefined ? undefined : config.port('upstream_port_override')
  return port === undefined ? found : {...found, address: {ip: found.address.ip, port}, portOverride: port}
}

function restoredAddress({connection}: Asking): SocketAddress | undefined {
  return connection.localRestored ? connection.local : undefined
}

function readSources(config: View | undefined, asking: Asking): Reading[] {
  const state = readFilterState(asking)
  const sources = state === undefined ? [] : [state]
  const key = config?.get('metadata_key')
  // A version before 1.28 does not know the field.
  if (key !== undefined && asking.semantics.originalDstMetadataKey !== false) sources.push(readMetadata(key, asking))
  if (config?.bool('use_http_header') === true) sources.push(readHeader(config, asking))
  return sources
}

/** The request's filter state, which has the connection's as its parent. Always looked at, hence no candidate while unset. */
function readFilterState(asking: Asking): Reading | undefined {
  const from = `filter state ${STATE_KEY}`
  const object = filterStateOf(STATE_KEY, asking)
  if (object === undefined) return undefined
  return object.value === undefined ? {kind: 'unknown', from} : {kind: 'text', from, text: object.value}
}

/** Dynamic metadata of the request, then of the connection: the first that holds a string there (or a list of them). */
function readMetadata(key: View, {connection, stream}: Asking): Reading {
  const namespace = key.str('key') ?? ''
  const path = key.list('path').flatMap((segment) => segment.str('key') ?? [])
  const from = `dynamic metadata ${[namespace, ...path].join('/')}`
  const texts = [stream?.metadata, connection.metadata].map((metadata) => firstText(metadataAtKey(key, metadata)))
  const text = texts.find((candidate) => candidate !== undefined)
  return text === undefined ? {kind: 'absent', from, because: 'not set'} : {kind: 'text', from, text}
}

function firstText(value: Json | undefined): string | undefined {
  const first = value !== undefined && isList(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}

/** envoy-2022 A.5: only a real HTTP request has headers; only the first line counts. */
function readHeader(config: View, {stream}: Asking): Reading {
  const configured = config.str('http_header_name') ?? ''
  const name = (configured === '' ? DEFAULT_HEADER : configured).toLowerCase()
  const from = `header ${name}`
  if (stream === undefined) return {kind: 'absent', from, because: 'tcp_proxy offers no headers'}
  const [text] = headerLines(stream.request, name)
  return text === undefined ? {kind: 'absent', from, because: 'not in the request'} : {kind: 'text', from, text}
}
