import type {Address, SocketAddress} from './address.js'

/** JSON as read from a dump. Integers beyond 2^53 are decimal strings. */
export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json}

/** What a TLS peer presents. Empty lists mean: a certificate without such names. */
export interface PeerCertificate {
  readonly uriSans: readonly string[]
  readonly dnsSans: readonly string[]
  readonly subject?: string
}

/** A name in a server certificate that a client accepts. */
export interface ExpectedName {
  readonly match: 'exact' | 'prefix'
  readonly value: string
}

export interface HttpRequest {
  readonly method: string
  readonly authority: string
  /** Absent for a plain CONNECT. Includes the query. */
  readonly path?: string
  readonly scheme?: string
  /** Header lines in order, names lower case, pseudo headers left out. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/**
 * What a connection carries, outermost layer first: HBONE is `tls` around `http` CONNECT around the tunnelled payload.
 */
export type Payload =
  /** Application bytes nobody on the way can parse (or that nobody was told about). */
  | {readonly kind: 'opaque'}
  /** The question does not say what the application sends. */
  | {readonly kind: 'unknown'}
  | {
      readonly kind: 'proxy-protocol'
      readonly source: SocketAddress
      readonly destination: SocketAddress
      readonly tlvs: Readonly<Record<string, string>>
      readonly payload: Payload
    }
  | {
      readonly kind: 'tls'
      readonly sni?: string
      readonly alpn: readonly string[]
      /** The client certificate; absent when none is sent. */
      readonly peer?: PeerCertificate
      /** Names of which the client wants the server to present one; absent when it takes any. */
      readonly expects?: readonly ExpectedName[]
      /** False when the client certificate is signed by an authority the mesh does not trust. */
      readonly trusted: boolean
      readonly payload: Payload
    }
  | {
      readonly kind: 'http'
      readonly version: 'h1' | 'h2'
      readonly request: HttpRequest
      /** HTTP/1.0 instead of 1.1: only http_inspector tells them apart. */
      readonly http10?: true
      /** The bytes inside an accepted CONNECT (or tunnelling POST). */
      readonly tunneled?: Payload
    }

/** What one Envoy hands to its own internal listener beside the bytes. */
export interface InternalContext {
  /** Dynamic metadata by filter namespace. */
  readonly metadata: ReadonlyMap<string, Json>
  /** Filter state shared with the upstream, serialised as a string where it is known. */
  readonly filterState: ReadonlyMap<string, FilterStateValue>
  /** TLS peer handed over by a capture_tls / restore_tls pair (envoy-2022 A.9). */
  readonly peer?: PeerCertificate
}

export interface FilterStateValue {
  /** Undefined when the object is set but its content cannot be evaluated. */
  readonly value: string | undefined
  /** How far it travels (SharedWithUpstream): 'none', 'once' or 'transitive'. */
  readonly shared: 'none' | 'once' | 'transitive'
}

/** A connection reaching one forwarder. */
export interface Arrival {
  /** The socket the kernel delivers to, or the internal listener named by the sender. */
  readonly entry: Address
  /** Remote address of the accepted socket. Absent on an internal connection. */
  readonly source?: SocketAddress
  /** Original destination as SO_ORIGINAL_DST or the TPROXY socket name tells it; defaults to the entry. */
  readonly originalDestination?: SocketAddress
  /** Which side of a node the packets come from; only packet rules look at it. */
  readonly ingress?: Ingress
  readonly payload: Payload
  readonly internal?: InternalContext
}

/** A pod of the node, its ztunnel pod, the node's own processes, or another machine. */
export type Ingress = 'workload' | 'ztunnel' | 'host' | 'network'

/** A connection leaving one forwarder. */
export interface Departure {
  readonly to: Address
  /** Source address on the wire: the proxy's own, or the one kept by original_src (envoy-2022 A.5). */
  readonly source: {readonly kind: 'own'} | {readonly kind: 'kept'; readonly address: SocketAddress}
  /** Set where packet rules redirected the connection to `to`: the address that was dialled, as the accepting socket learns it. */
  readonly originalDestination?: SocketAddress
  readonly payload: Payload
  readonly internal?: InternalContext
}
