import type {View} from '../../json/view.js'

export type RoutingPriority = 'DEFAULT' | 'HIGH'

const LIMITS = {
  /** Before a host is looked for. */
  tcp: ['max_connections'],
  /** With a host: a TCP connection waits for its turn too. */
  pool: ['max_pending_requests'],
  http: ['max_pending_requests', 'max_requests'],
} as const

/**
 * The limit of 0 under which nothing fits, named with its field; undefined when there is none. Higher limits depend on what is under way.
 * TCP asks for a connection before it looks for a host; HTTP opens one connection whatever max_connections says, but needs a place among the
 * pending and the active requests. Source: envoy-2022 D5 (UO); tcp_proxy.cc establishUpstreamConnection, conn_pool_base.cc newStreamImpl.
 */
export function closedLimit(cluster: View, use: {at: keyof typeof LIMITS; priority: RoutingPriority}): string | undefined {
  const threshold = cluster
    .path('circuit_breakers')
    ?.list('thresholds')
    .find((one) => (one.str('priority') ?? 'DEFAULT') === use.priority)
  return LIMITS[use.at].find((field) => threshold?.num(field) === 0)
}
