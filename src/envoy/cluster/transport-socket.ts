import type {View} from '../../json/view.js'
import type {Connection, Stream} from '../connection.js'
import type {MatcherSubject} from '../matcher/inputs.js'
import {holdsLabels, structFields} from './metadata.js'
import type {Host} from './host.js'
import {socketName, type SocketName} from './socket-matcher.js'
import type {UpstreamSocket} from './upstream.js'
import {readUpstreamTls, type TlsSettings} from './upstream-tls.js'

const MATCH_NAMESPACE = 'envoy.transport_socket_match'
/** Sockets wrap each other; deeper ones than any generator writes are taken as opaque. */
const MAX_NESTING = 8

/** Hosts made on the fly (ORIGINAL_DST) have no metadata. */
export type SocketHost = Pick<Host, 'metadata' | 'localityMetadata'>

interface Choosing {
  readonly host: SocketHost
  readonly tls: TlsSettings
  readonly connection: Connection
  readonly stream?: Stream
}

/**
 * The transport socket of a host: the first transport_socket_matches entry the host's metadata holds, then the first its
 * locality's holds, else the cluster's own, else raw bytes. Source: envoy-2022 D9; Envoy transport_socket_match_impl.cc.
 */
export function socketOf(cluster: View, input: Choosing): UpstreamSocket {
  const entries = cluster.list('transport_socket_matches')
  const tree = cluster.get('transport_socket_matcher')
  const entry = tree === undefined ? firstListed(entries, input.host) : byName(entries, socketName(tree, subjectOf(input)))
  if (entry === 'unknown') return {kind: 'opaque', name: 'transport_socket_matcher', ...(tree === undefined ? {} : {view: tree})}
  const socket = entry?.get('transport_socket') ?? cluster.get('transport_socket')
  const read = readSocket(socket, {tls: input.tls, nesting: 0})
  return entry === undefined ? read : {...read, name: entry.str('name') ?? read.name}
}

/** The newer match tree takes the place of the list, whose entries it names; a name that is not there chooses the cluster's own socket. */
function byName(entries: readonly View[], chosen: SocketName): View | 'unknown' | undefined {
  if (chosen.kind === 'unknown') return 'unknown'
  return chosen.kind === 'none' ? undefined : entries.find((entry) => entry.str('name') === chosen.name)
}

function subjectOf({host, connection, stream}: Choosing): MatcherSubject {
  return {connection, endpoint: host, ...(stream === undefined ? {} : {stream})}
}

function firstListed(entries: readonly View[], host: SocketHost): View | undefined {
  return firstMatch(entries, host.metadata) ?? firstMatch(entries, host.localityMetadata)
}

function firstMatch(entries: readonly View[], metadata: SocketHost['metadata']): View | undefined {
  return entries.find((entry) => holdsLabels({labels: structFields(entry.get('match')), metadata: metadata.get(MATCH_NAMESPACE)}))
}

interface Reading {
  readonly tls: TlsSettings
  readonly nesting: number
}

function readSocket(socket: View | undefined, reading: Reading): UpstreamSocket {
  if (socket === undefined) return {kind: 'raw', name: 'envoy.transport_sockets.raw_buffer'}
  const config = socket.get('typed_config')
  const base = {name: socket.str('name') ?? '', view: socket}
  switch (socketType(config, base.name)) {
    case 'raw_buffer':
      return {kind: 'raw', ...base}
    case 'tls':
      return {kind: 'tls', ...base, tls: readUpstreamTls(config?.message(), reading.tls)}
    case 'internal_upstream':
      return {kind: 'internal', ...base, ...wrapped(config, reading)}
    case 'proxy_protocol':
      return {kind: 'proxy-protocol', ...base, ...wrapped(config, reading)}
    // A tap only listens.
    case 'tap':
      return wrapped(config, reading).inner ?? {kind: 'opaque', ...base}
    default:
      return {kind: 'opaque', ...base, ...wrapped(config, reading)}
  }
}

function wrapped(config: View | undefined, {tls, nesting}: Reading): {readonly inner?: UpstreamSocket} {
  const inner = config?.message().get('transport_socket')
  return inner === undefined || nesting === MAX_NESTING ? {} : {inner: readSocket(inner, {tls, nesting: nesting + 1})}
}

/** `envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext` is `tls`; without a config the registered name tells. */
function socketType(config: View | undefined, name: string): string {
  return /\.transport_sockets?\.([a-z0-9_]+)\./.exec(config?.typeName() ?? '')?.[1] ?? name.replace(/^envoy\.transport_sockets\./, '')
}
