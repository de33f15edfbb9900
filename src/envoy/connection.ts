import type {Address, SocketAddress} from '../flow/address.js'
import type {FilterStateValue, HttpRequest, Json, Payload, PeerCertificate} from '../flow/connection.js'

/** A downstream connection as one listener passage sees it. Stages return changed copies. */
export interface Connection {
  readonly entry: Address
  /** Remote address after listener filters; absent on an internal connection (Envoy prints `envoy://internal_client_address/`). */
  readonly remote?: SocketAddress
  /** Physical peer, before proxy_protocol and the like. */
  readonly directRemote?: SocketAddress
  /** Local address after restoring; absent on an internal connection whose address no filter restored. */
  readonly local?: SocketAddress
  /** A listener filter (or use_original_dst) replaced the local address. */
  readonly localRestored: boolean
  /** `raw_buffer` or `tls` as detected by tls_inspector; without it `raw_buffer`. */
  readonly transportProtocol: string
  readonly serverName?: string
  /** Protocols offered or detected before the chain is chosen: ALPN by tls_inspector, or http_inspector's finding. */
  readonly applicationProtocols: readonly string[]
  /** Set once the chain's transport socket terminated TLS, or restore_tls injected an outer one. */
  readonly tls?: {
    readonly peer?: PeerCertificate
    readonly sni?: string
    /** The protocol that ALPN agreed on; absent when the sides agreed on none. */
    readonly agreed?: string
  }
  readonly metadata: ReadonlyMap<string, Json>
  readonly filterState: ReadonlyMap<string, FilterStateValue>
  /** original_src: upstream connections dialled from here keep this source address (envoy-2022 A.5). */
  readonly keptSource?: SocketAddress
  /** An inspector waited for data before the chain was chosen: whatever fails later, the dialling side saw a connect succeed (envoy-2022 I.14). */
  readonly inspected?: true
  /** What is still to be read: layers already terminated are gone. */
  readonly payload: Payload
}

/** An HTTP request inside an HTTP connection manager. */
export interface Stream {
  readonly connection: Connection
  readonly version: 'h1' | 'h2'
  readonly request: HttpRequest
  /** The connection is TLS, or x-forwarded-proto said so. */
  readonly scheme: string
  /** Remote address as XFF and use_remote_address leave it: RBAC remote_ip. */
  readonly remote?: SocketAddress
  /** Request dynamic metadata (on top of the connection's). */
  readonly metadata: ReadonlyMap<string, Json>
  readonly filterState: ReadonlyMap<string, FilterStateValue>
  readonly tunneled?: Payload
  /** A fault may have delayed the request, which the access log shows as one more flag. */
  readonly delayed?: true
  /** The host a session asks for (stateful_session): taken before the load balancing policy; a strict one takes no other. */
  readonly overrideHost?: {readonly address: string; readonly strict: boolean}
}

/** All lines of one request header, pseudo headers included; `host` means `:authority`. */
export function headerLines(request: HttpRequest, name: string): readonly string[] {
  const key = name.toLowerCase()
  switch (key) {
    case ':method':
      return [request.method]
    case ':authority':
    case 'host':
      return [request.authority]
    case ':path':
      return request.path === undefined ? [] : [request.path]
    case ':scheme':
      return request.scheme === undefined ? [] : [request.scheme]
    default:
      return request.headers.filter(([header]) => header === key).map(([, value]) => value)
  }
}
