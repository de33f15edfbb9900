import type {SocketAddress} from '../../flow/address.js'
import type {HttpRequest, Payload} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {canonicalIp} from '../match/ip.js'
import {headerLines, type Connection, type Stream} from '../connection.js'

/** The request as the connection manager sees it before normalisation. Source: envoy-2022 D5. */
export function openStream(input: {manager: View; connection: Connection; payload: Extract<Payload, {kind: 'http'}>}): Stream {
  const {manager, connection, payload} = input
  const request = withScheme(withForwardedProto(manager, {connection, request: payload.request}), {connection, version: payload.version})
  const remote = trustedRemote(manager, {connection, request})
  return {
    connection,
    version: payload.version,
    request,
    scheme: headerLines(request, 'x-forwarded-proto')[0] ?? 'http',
    ...(remote === undefined ? {} : {remote}),
    // A request has dynamic metadata of its own; only filter state is inherited (stream_info_impl.h, Envoy 1.24 to 1.40).
    metadata: new Map(),
    filterState: connection.filterState,
    ...(payload.tunneled === undefined ? {} : {tunneled: payload.tunneled}),
  }
}

/** Set before routing, so header matchers see it; an edge proxy (use_remote_address) overwrites what the client sent: conn_manager_utility.cc. */
function withForwardedProto(manager: View, input: {connection: Connection; request: HttpRequest}): HttpRequest {
  const {connection, request} = input
  const overwrites = manager.bool('use_remote_address') === true && (manager.num('xff_num_trusted_hops') ?? 0) === 0
  const given = headerLines(request, 'x-forwarded-proto').length > 0
  if (given && !overwrites) return request
  const headers = request.headers.filter(([name]) => name !== 'x-forwarded-proto')
  return {...request, headers: [...headers, ['x-forwarded-proto', connection.tls === undefined ? 'http' : 'https']]}
}

/**
 * HTTP/1 has no :scheme, and gets the one of x-forwarded-proto where that names one: conn_manager_utility.cc mutateRequestHeaders.
 * The forwarded header itself may say otherwise, then both stay.
 */
function withScheme(request: HttpRequest, {connection, version}: Pick<Stream, 'connection' | 'version'>): HttpRequest {
  if (version === 'h2' && request.scheme !== undefined) return request
  const [forwarded = ''] = headerLines(request, 'x-forwarded-proto')
  return {...request, scheme: /^https?$/i.test(forwarded) ? forwarded : connection.tls === undefined ? 'http' : 'https'}
}

/** The client address as use_remote_address and X-Forwarded-For leave it: conn_manager_utility.cc mutateRequestHeaders. */
function trustedRemote(manager: View, input: {connection: Connection; request: HttpRequest}): SocketAddress | undefined {
  const {connection, request} = input
  const hops = manager.num('xff_num_trusted_hops') ?? 0
  const useRemote = manager.bool('use_remote_address') === true
  if (useRemote && hops === 0) return connection.remote
  const forwarded = headerLines(request, 'x-forwarded-for')
    .join(',')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const entry = forwarded.at(useRemote ? -hops : -1 - hops)
  const ip = entry === undefined ? undefined : canonicalIp(entry)
  return ip === undefined ? connection.remote : {ip, port: 0}
}
