import type {Missing, Verdict} from '../../flow/verdict.js'
import type {SocketAddress} from '../../flow/address.js'
import type {Service, Workload} from '../config/model.js'

/** How ztunnel serves one outbound connection. */
export type OutboundOutcome = OutboundRequest | OutboundFailure | OutboundUnknown

export interface OutboundRequest {
  readonly kind: 'request'
  readonly protocol: 'TCP' | 'HBONE' | 'DOUBLEHBONE'
  /** The socket that is dialled. */
  readonly dial: SocketAddress
  /** `:authority` of the CONNECT, of the inner one for double HBONE. */
  readonly authority?: string
  /** Whose socket is dialled; absent for passthrough. */
  readonly nextHop?: Workload
  /** The service that was addressed. */
  readonly service?: Service
  /** Identities accepted from the TLS peer. */
  readonly upstreamSans: readonly string[]
  /** Identities accepted at the end of the inner tunnel; only for double HBONE. */
  readonly finalSans: readonly string[]
  readonly via: 'direct' | 'service-waypoint' | 'workload-waypoint' | 'network-gateway' | 'passthrough'
  /** Before 1.22 a request also says which workload it was meant for, whoever is dialled (ambient-ga K.7). */
  readonly intended?: Workload
  /** Before 1.22: the workload is on the node of this ztunnel, which then serves it itself. */
  readonly sameNode?: boolean
}

/** The connection is closed; `error` is the text of the access log. */
export interface OutboundFailure {
  readonly kind: 'failure'
  readonly error: string
  readonly verdict: Verdict
}

/** The dump does not hold what decides. */
export interface OutboundUnknown {
  readonly kind: 'unknown'
  readonly missing: Missing
  /** What happens if it turns out that there is nothing to find: a name that DNS does not know. */
  readonly ifNothing?: OutboundFailure
}
