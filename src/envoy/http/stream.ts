import type {SocketAddress} from '../../flow/address.js'
import type {HttpRequest, Payload} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {canonicalIp} from '../match/ip.js'
import {headerLines, type Connection, type Stream} from '../connection.js'
import {receivedHeaders, withoutHopHeaders} from './received-request.js'

interface Received {
  readonly connection: Connection
  readonly request: HttpRequest
}

/** The request as the connection manager sees it before normalisation. Source: envoy-2022 D5. */
export function openStream(input: {manager: View; connection: Connection; payload: Extract<Payload, {kind: 'http'}>}): Stream {
  const {manager, connection, payload} = input
  const received: Received = {connection, request: {...payload.request, headers: receivedHeaders(payload.request, payload.version)}}
  const remote = trustedRemote(manager, received)
  const request = mutateRequest(manager, {...received, version: payload.version})
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

/** What Envoy changes before routing, so that header matchers see it: conn_manager_utility.cc mutateRequestHeaders. */
function mutateRequest(manager: View, received: Received & Pick<Stream, 'version'>): HttpRequest {
  const headers = withoutHopHeaders(received.request.headers).filter(
    ([name]) => name !== CLIENT_CERTIFICATE || forwardsCertificate(manager, received),
  )
  const cleaned = {...received, request: {...received.request, headers}}
  const request = withForwardedProto(manager, {...cleaned, request: withForwardedFor(manager, cleaned)})
  return withScheme(request, received)
}

const CLIENT_CERTIFICATE = 'x-forwarded-client-cert'

/** conn_manager_utility.cc mutateXfccRequestHeader: dropped unless the connection is mutual TLS and the config keeps it. */
function forwardsCertificate(manager: View, {connection}: Received): boolean {
  const mode = manager.str('forward_client_cert_details') ?? 'SANITIZE'
  return mode === 'ALWAYS_FORWARD_ONLY' || (mode !== 'SANITIZE' && connection.tls?.peer !== undefined)
}

/** With use_remote_address the peer is added to X-Forwarded-For; of a loopback peer Envoy tells its own address instead, which no dump has. */
function withForwardedFor(manager: View, {connection, request}: Received): HttpRequest {
  const peer = connection.remote?.ip
  if (manager.bool('use_remote_address') !== true || manager.bool('skip_xff_append') === true || peer === undefined) return request
  // 0.0.0.0 stands for a client whose address the question leaves open: nothing is written for it.
  if (peer === '0.0.0.0' || peer === '::') return request
  const own = peer === '127.0.0.1' || peer === '::1'
  const value = [...headerLines(request, FORWARDED_FOR), own ? '(the address of the proxy)' : peer].join(',')
  return {...request, headers: [...request.headers.filter(([name]) => name !== FORWARDED_FOR), [FORWARDED_FOR, value]]}
}

const FORWARDED_FOR = 'x-forwarded-for'

/** An edge proxy (use_remote_address) overwrites what the client sent. */
function withForwardedProto(manager: View, {connection, request}: Received): HttpRequest {
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
function trustedRemote(manager: View, input: Received): SocketAddress | undefined {
  const {connection, request} = input
  const hops = manager.num('xff_num_trusted_hops') ?? 0
  const useRemote = manager.bool('use_remote_address') === true
  if (useRemote && hops === 0) return connection.remote
  const forwarded = headerLines(request, FORWARDED_FOR)
    .join(',')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const entry = forwarded.at(useRemote ? -hops : -1 - hops)
  const ip = entry === undefined ? undefined : canonicalIp(entry)
  return ip === undefined ? connection.remote : {ip, port: 0}
}
