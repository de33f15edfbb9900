import type {SocketAddress} from '../../flow/address.js'
import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {headerLines, type Connection} from '../connection.js'
import {matchCidr} from '../match/cidr.js'
import {canonicalIp} from '../match/ip.js'
import {lastAddress, lastUntrusted, type ForwardedAddress} from './forwarded-for.js'

export interface Received {
  readonly connection: Connection
  readonly request: HttpRequest
}

/** What the connection manager takes for the client of a request. */
export interface Client {
  /** Absent when nothing told: then the peer counts, for everything but the question whether it is internal. */
  readonly address?: SocketAddress
  /** The address may be asked whether it is internal. */
  readonly trusted: boolean
  /** How often the peer is added to X-Forwarded-For. */
  readonly peerAdded: number
}

export type ClientDetection =
  | ({readonly kind: 'client'} & Client)
  /** A detection extension wants an address and finds none. */
  | {readonly kind: 'rejected'; readonly status: number}
  | {readonly kind: 'unknown'; readonly extension: string}

export const FORWARDED_FOR = 'x-forwarded-for'

/** Source: envoy-2022 D5; Envoy conn_manager_utility.cc mutateRequestHeaders. */
export function detectClient(manager: View, received: Received): ClientDetection {
  if (manager.bool('use_remote_address') === true) return {kind: 'client', ...edgeClient(manager, received)}
  const extensions = manager.list('original_ip_detection_extensions')
  if (extensions.length > 0) return firstDetected(extensions, received)
  const found = lastAddress(forwardedFor(received.request), manager.num('xff_num_trusted_hops') ?? 0)
  return {kind: 'client', ...toldBy(found), peerAdded: 0}
}

/** An edge proxy believes X-Forwarded-For only as far as trusted proxies wrote it. */
function edgeClient(manager: View, {connection, request}: Received): Client {
  const forwarded = forwardedFor(request)
  const hops = manager.num('xff_num_trusted_hops') ?? 0
  const told = hops === 0 ? undefined : lastAddress(forwarded, hops - 1)
  const address = told === undefined ? connection.remote : {ip: told.ip, port: 0}
  return {
    ...(address === undefined ? {} : {address}),
    trusted: forwarded === undefined,
    peerAdded: manager.bool('skip_xff_append') === true ? 0 : 1,
  }
}

/** What one extension makes of a request. */
type Attempt =
  | {readonly kind: 'tried'; readonly address?: SocketAddress; readonly trusted: boolean; readonly addsPeer: boolean}
  | Exclude<ClientDetection, {kind: 'client'}>

/** The first extension that finds an address, or refuses the request; one that finds nothing may still add the peer (seen on Envoy 1.40.0). */
function firstDetected(extensions: readonly View[], received: Received): ClientDetection {
  let peerAdded = 0
  for (const extension of extensions) {
    const attempt = detect(extension.get('typed_config'), received)
    if (attempt.kind !== 'tried') return attempt
    const {address, trusted, addsPeer} = attempt
    if (addsPeer) peerAdded += 1
    if (address !== undefined) return {kind: 'client', address, trusted, peerAdded}
  }
  return {kind: 'client', trusted: false, peerAdded}
}

const EXTENSION = 'envoy.extensions.http.original_ip_detection.'

function detect(config: View | undefined, received: Received): Attempt {
  const extension = config?.typeName() ?? 'of no type'
  if (extension === `${EXTENSION}custom_header.v3.CustomHeaderConfig`) return byHeader(config?.message(), received)
  return extension === `${EXTENSION}xff.v3.XffConfig` ? byXffConfig(config?.message(), received) : {kind: 'unknown', extension}
}

function byHeader(config: View | undefined, {request}: Received): Attempt {
  const [value = ''] = headerLines(request, config?.str('header_name') ?? '')
  const ip = canonicalIp(value)
  const trusted = config?.bool('allow_extension_to_set_address_as_trusted') === true
  if (ip !== undefined) return {kind: 'tried', address: {ip, port: 0}, trusted, addsPeer: false}
  const reject = config?.get('reject_with_status')
  return reject === undefined ? {kind: 'tried', trusted: false, addsPeer: false} : {kind: 'rejected', status: refusal(reject.str('code'))}
}

/** Only errors refuse; any other status does so with 403 (custom_header.cc toErrorCode). */
function refusal(code: string | undefined): number {
  const status = STATUSES.get(code ?? '') ?? 0
  return status >= 400 ? status : 403
}

const STATUSES: ReadonlyMap<string, number> = new Map([
  ['BadRequest', 400],
  ['Unauthorized', 401],
  ['PaymentRequired', 402],
  ['Forbidden', 403],
  ['NotFound', 404],
  ['Conflict', 409],
  ['TooManyRequests', 429],
  ['InternalServerError', 500],
  ['BadGateway', 502],
  ['ServiceUnavailable', 503],
])

function byXffConfig(config: View | undefined, received: Received): Attempt {
  const addsPeer = config?.bool('skip_xff_append') === false
  const cidrs = config?.path('xff_trusted_cidrs')?.list('cidrs') ?? []
  const forwarded = forwardedFor(received.request)
  if (cidrs.length === 0) return {kind: 'tried', ...toldBy(lastAddress(forwarded, config?.num('xff_num_trusted_hops') ?? 0)), addsPeer}
  const isTrusted = (ip: string | undefined): boolean => cidrs.some((range) => matchCidr({range, ip}) === 'yes')
  // xff.cc: for a peer that is no trusted proxy it does not ask what was configured.
  if (!isTrusted(received.connection.remote?.ip)) return {kind: 'tried', trusted: false, addsPeer: true}
  return {kind: 'tried', ...toldBy(lastUntrusted(forwarded, isTrusted)), addsPeer}
}

function toldBy(found: ForwardedAddress | undefined): Pick<Client, 'address' | 'trusted'> {
  return found === undefined ? {trusted: false} : {address: {ip: found.ip, port: 0}, trusted: found.alone}
}

/** Undefined without such a header. */
function forwardedFor(request: HttpRequest): string | undefined {
  const lines = headerLines(request, FORWARDED_FOR)
  return lines.length === 0 ? undefined : lines.join(',')
}
