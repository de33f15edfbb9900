import type {Address} from '../../flow/address.js'
import type {InternalContext, Json} from '../../flow/connection.js'
import type {Missing} from '../../flow/verdict.js'
import type {View} from '../../json/view.js'
import type {EnvoyConfig, Resource} from '../config/model.js'
import type {Connection, Stream} from '../connection.js'
import type {Semantics} from '../semantics.js'

/** What of a dump decides about clusters. */
export type ClusterConfig = Pick<
  EnvoyConfig,
  'dump' | 'node' | 'localCluster' | 'upstreamBind' | 'runtime' | 'cluster' | 'endpoints' | 'secret'
>

/** What choosing an upstream host can depend on. */
export interface UpstreamContext {
  readonly config: ClusterConfig
  readonly semantics: Semantics
  /** Name of the cluster. */
  readonly cluster: string
  readonly connection: Connection
  /** The request; absent for tcp_proxy, whose choice sees no headers (envoy-2022 A.5). */
  readonly stream?: Stream
  /** `envoy.lb` structs of the route (or tcp_proxy) and of the weighted cluster's entry: later ones override earlier ones. */
  readonly metadataMatch?: readonly View[]
}

/** Where a share of the traffic of one cluster goes. */
export type Upstream =
  | UpstreamHost
  | {
      readonly kind: 'none'
      readonly reason: 'cluster-not-found' | 'no-healthy-upstream'
      readonly cluster?: Resource
      readonly text: string
    }
  | {readonly kind: 'undetermined'; readonly cluster?: Resource; readonly missing: readonly Missing[]}

export interface UpstreamHost {
  readonly kind: 'host'
  /** The cluster the host belongs to: a member, when an aggregate cluster was asked for. */
  readonly cluster: Resource
  readonly address: Address
  readonly hostname?: string
  /** The LbEndpoint; absent for hosts of ORIGINAL_DST and dynamic forward proxy clusters. */
  readonly host?: View
  /** The host's filter_metadata by namespace. */
  readonly metadata: ReadonlyMap<string, Json>
  readonly socket: UpstreamSocket
  /** What passes to the internal listener; set for internal addresses only. */
  readonly internal?: InternalContext
  readonly http: UpstreamProtocol
}

export interface UpstreamSocket {
  /** `proxy-protocol` writes a PROXY header before `inner`; `opaque`: a transport socket whose effect on the bytes is not modelled. */
  readonly kind: 'raw' | 'tls' | 'internal' | 'proxy-protocol' | 'opaque'
  /** Name of the transport_socket_matches entry, else of the transport socket. */
  readonly name: string
  /** The TransportSocket message; absent for the implicit raw_buffer. */
  readonly view?: View
  readonly tls?: UpstreamTls
  /** The socket this one wraps. */
  readonly inner?: UpstreamSocket
}

export interface UpstreamTls {
  /** SDS names of the client certificate; empty when it is inline or when there is none. */
  readonly secrets: readonly string[]
  readonly inlineCertificate: boolean
  readonly sni?: string
  readonly sniFrom?: 'sni' | 'auto-sni' | 'auto-host-sni'
  /** ALPN protocols offered to the server. */
  readonly alpn: readonly string[]
  /** Expected server names as printed: `URI exact spiffe://…`. The server needs one of them; empty accepts any name. */
  readonly expectedSans: readonly string[]
  /** The entries of match_(typed_)subject_alt_names. */
  readonly sanMatchers: readonly View[]
  /** False when the server's certificate is not verified at all. */
  readonly validates: boolean
  readonly validationSecret?: string
}

/** Protocol spoken to HTTP upstreams; `downstream` repeats the client's, `auto` is agreed by ALPN. */
export type UpstreamProtocol = 'h1' | 'h2' | 'h3' | 'auto' | 'downstream'
