import type {HttpRequest, Payload} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {canonicalIp} from '../match/ip.js'
import {either, single, type Branch} from '../branch.js'
import {headerLines, type Connection, type Stream} from '../connection.js'
import type {EnvoyNode} from '../config/model.js'
import type {Semantics} from '../semantics.js'
import {detectClient, FORWARDED_FOR, type Client, type Received} from './client-address.js'
import {isInternal, markOrigin} from './internal-request.js'
import {withOwnName} from './own-name.js'
import {receivedHeaders, withoutHopHeaders} from './received-request.js'

/** The request as routing finds it, or what Envoy answers before there is any routing. */
export type Opened =
  | {readonly kind: 'stream'; readonly stream: Stream}
  | {readonly kind: 'rejected'; readonly stream: Stream; readonly status: number}

interface Opening {
  readonly manager: View
  readonly connection: Connection
  readonly payload: Extract<Payload, {kind: 'http'}>
  readonly semantics: Semantics
  readonly node: Pick<EnvoyNode, 'id' | 'cluster'>
}

/** The request as the connection manager sees it before normalisation. Source: envoy-2022 D5. */
export function openStream(opening: Opening): Branch<Opened>[] {
  const {manager, connection, payload} = opening
  const received: Received = {connection, request: {...payload.request, headers: receivedHeaders(payload.request, payload.version)}}
  const detected = detectClient(manager, received)
  switch (detected.kind) {
    case 'rejected':
      return single({kind: 'rejected', status: detected.status, stream: streamOf(opening, {received, client: NOBODY, internal: false})})
    case 'unknown': {
      const what = `original IP detection ${detected.extension} must find no address`
      return withClient(opening, {received, client: NOBODY}).map((branch) => ({
        ...branch,
        requires: [{what}],
      }))
    }
    case 'client':
      return withClient(opening, {received, client: detected})
    default:
      return detected satisfies never
  }
}

const NOBODY: Client = {trusted: false, peerAdded: 0}

interface Found {
  readonly received: Received
  readonly client: Client
}

function withClient(opening: Opening, found: Found): Branch<Opened>[] {
  const {manager, semantics} = opening
  const internal = isInternal(manager, {client: found.client, semantics})
  const opened = (answer: boolean): Branch<Opened>[] => single({kind: 'stream', stream: streamOf(opening, {...found, internal: answer})})
  if (internal !== 'undetermined') return opened(internal === 'yes')
  return either('this Envoy takes private addresses for internal ones (before 1.33)', {yes: opened(true), no: opened(false)})
}

function streamOf({manager, connection, payload, node}: Opening, found: Found & {readonly internal: boolean}): Stream {
  const request = mutateRequest(manager, {...found, version: payload.version, node})
  const remote = found.client.address ?? connection.remote
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

interface Mutating extends Found {
  readonly internal: boolean
  readonly version: Stream['version']
  readonly node: Opening['node']
}

/** What Envoy changes before routing, so that header matchers see it: conn_manager_utility.cc mutateRequestHeaders. */
function mutateRequest(manager: View, {received, client, internal, version, node}: Mutating): HttpRequest {
  const headers = withoutHopHeaders(received.request.headers).filter(
    ([name]) => name !== CLIENT_CERTIFICATE || forwardsCertificate(manager, received),
  )
  const cleaned = {...received, request: {...received.request, headers}}
  const forwarded = withForwardedFor(cleaned, client.peerAdded)
  const request = withForwardedProto(manager, {...cleaned, request: forwarded})
  const edge = !internal && manager.bool('use_remote_address') === true
  const origin = markOrigin(request.headers, {internal, edge, address: externalAddress(client)})
  const marked = {...request, headers: withOwnName(origin, {manager, node})}
  return withScheme(marked, {...received, version})
}

/** A client that the question leaves open (0.0.0.0) is not told on. */
function externalAddress({address}: Client): string | undefined {
  return address === undefined || isOpen(address.ip) ? undefined : canonicalIp(address.ip)
}

/** 0.0.0.0 stands for a client whose address the question leaves open. */
function isOpen(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::'
}

const CLIENT_CERTIFICATE = 'x-forwarded-client-cert'

/** conn_manager_utility.cc mutateXfccRequestHeader: dropped unless the connection is mutual TLS and the config keeps it. */
function forwardsCertificate(manager: View, {connection}: Received): boolean {
  const mode = manager.str('forward_client_cert_details') ?? 'SANITIZE'
  return mode === 'ALWAYS_FORWARD_ONLY' || (mode !== 'SANITIZE' && connection.tls?.peer !== undefined)
}

/** The peer is added to X-Forwarded-For; of a loopback peer Envoy tells its own address instead, which no dump has. */
function withForwardedFor({connection, request}: Received, times: number): HttpRequest {
  const peer = connection.remote?.ip
  if (times === 0 || peer === undefined || isOpen(peer)) return request
  const told = peer === '127.0.0.1' || peer === '::1' ? '(the address of the proxy)' : peer
  const value = [...headerLines(request, FORWARDED_FOR), ...Array.from({length: times}, () => told)].join(',')
  return {...request, headers: [...request.headers.filter(([name]) => name !== FORWARDED_FOR), [FORWARDED_FOR, value]]}
}

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
