import type {HttpRequest} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import type {Stream} from '../connection.js'

/** A request on its way to a cluster, as the router hands it over. */
export interface ClusterTarget {
  readonly kind: 'cluster'
  readonly cluster: string
  /** Rewritten path and host, headers added and removed. */
  readonly stream: Stream
  /** auto_host_rewrite: the stream with the hostname of the endpoint as its authority, once that is chosen. */
  readonly withEndpointHost?: (hostname: string) => Stream
  /** `envoy.lb` structs for subset load balancing, weakest first: a later one wins per key. */
  readonly metadataMatch: readonly View[]
  /** Status when the cluster does not exist. */
  readonly notFoundCode: number
  /** A CONNECT: ended here with its payload sent on as TCP, or passed on as CONNECT. */
  readonly connect?: 'terminate' | 'forward'
  readonly route: View
  /** The request before the route changed it. */
  readonly arrived: HttpRequest
  /** What of the changed request could not be evaluated. */
  readonly notes: readonly string[]
  /** The entry of `weighted_clusters` that was taken; its per-filter config comes first. */
  readonly weightedEntry?: View
}

export type RouteTarget =
  | ClusterTarget
  /** No cluster can be named; the router answers with `status` (NC). */
  | {readonly kind: 'no-cluster'; readonly reason: string; readonly status: number; readonly stream: Stream; readonly weightedEntry?: View}
  | {readonly kind: 'redirect'; readonly status: number; readonly location: string; readonly stream: Stream}
  | {readonly kind: 'direct-response'; readonly status: number; readonly location?: string; readonly stream: Stream}
  | {readonly kind: 'undetermined'; readonly missing: string; readonly stream: Stream}
