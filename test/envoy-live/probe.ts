import type {SocketAddress} from '../../src/flow/address.js'

/** One generated connection, and what is sent over it. */
export interface Probe {
  /** Addresses that a PROXY header claims; without them the connection has its real ones. */
  readonly claimed?: {readonly source: SocketAddress; readonly destination: SocketAddress} | undefined
  /** Loopback address the client dials from. */
  readonly from: string
  readonly sends: Sent
  /** How many connections are made of it: random choices show only over many. */
  readonly repeat: number
}

export type Sent =
  | {readonly kind: 'opaque'}
  /** The first flight of a TLS client, and nothing more. */
  | {readonly kind: 'hello'; readonly sni?: string | undefined; readonly alpn: readonly string[]}
  /** A real TLS client; without a request it sends a few bytes. */
  | {readonly kind: 'tls'; readonly sni?: string | undefined; readonly alpn: readonly string[]; readonly request?: Request}
  | {readonly kind: 'http'; readonly version: 'h1' | 'h2'; readonly request: Request}

export interface Request {
  readonly method: string
  readonly authority: string
  /** A CONNECT has none. */
  readonly path?: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** What came back to the client. */
export interface Reply {
  readonly result: 'response' | 'tcp_reply' | 'data' | 'closed' | 'timeout'
  readonly status?: number
  readonly location?: string
  /** What the upstream that answered saw; absent when Envoy answered itself. */
  readonly upstream?: UpstreamView
}

export interface UpstreamView {
  /** The loopback address it was reached at. */
  readonly reached: string
  /** The address that dialled it. */
  readonly from?: string | undefined
  /** The addresses that a PROXY header before everything else told, `source > destination`. */
  readonly announced?: string | undefined
  readonly method?: string | undefined
  readonly path?: string | undefined
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined
}
