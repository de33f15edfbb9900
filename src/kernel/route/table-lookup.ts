import {contains, formatPrefix, isLinkLocal, isLoopback, isMulticast, type Ip} from '../config/ip.js'
import type {NextHop, PortRange, Route} from '../config/model.js'

/** What a lookup is asked for: the key of the kernel's `struct flowi`. */
export interface RouteKey {
  readonly destination: Ip
  readonly source?: Ip
  readonly mark: number
  /** `lo` for what local sockets send. */
  readonly inDevice: string
  readonly outDevice?: string
  readonly protocol?: string
  readonly sourcePort?: number
  readonly destinationPort?: number
  /** Ports that the kernel drew: those of the key stand for each of these. */
  readonly openPorts?: {readonly source?: PortRange | undefined; readonly destination?: PortRange | undefined} | undefined
  /** The whole byte; absent: 0. */
  readonly tos?: number
}

export type TableAnswer =
  /** `open`: what would be needed to tell where it goes. */
  | {readonly kind: 'found'; readonly route: Route; readonly hop: NextHop; readonly open?: string}
  | {readonly kind: 'refused'; readonly route: Route; readonly error: RouteError}
  /** Nothing there, or `throw`: the next rule is asked. */
  | {readonly kind: 'next'; readonly route?: Route}

/** As `ip route get` and connect() report it. */
export type RouteError = 'EHOSTUNREACH' | 'ENETUNREACH' | 'EACCES' | 'EINVAL'

/**
 * Longest prefix first (of IPv6 then the longest source), then a type of service, then lowest metric, then the order of the table; a
 * route whose device does not fit the key is passed over.
 * Source: envoy-2022 C.4; fib_table_lookup (net/ipv4/fib_trie.c), find_rr_leaf and rt6_need_strict (net/ipv6/route.c).
 */
export function lookUpTable(routes: readonly Route[], key: RouteKey): TableAnswer {
  for (const route of candidates(routes, key)) {
    const answer = answerOf(route, key)
    if (answer !== undefined) return answer
  }
  return {kind: 'next'}
}

function candidates(routes: readonly Route[], {destination, source, tos = 0}: RouteKey): readonly Route[] {
  return routes
    .filter((route) => contains(route.destination, destination))
    .filter((route) => route.source === undefined || (source !== undefined && contains(route.source, source)))
    .filter((route) => route.tos === undefined || route.tos === (tos & LEGACY_TOS))
    .toSorted((a, b) => narrowness(b) - narrowness(a) || (b.tos ?? 0) - (a.tos ?? 0) || a.metric - b.metric || a.order - b.order)
}

/** The longest destination first, then the longest source. */
function narrowness({destination, source}: Route): number {
  return destination.length * 1000 + (source?.length ?? 0)
}

/** Of the type of service IPv4 routes by these bits alone (fib_dscp_masked_match: RT_TOS without the bits for congestion). */
export const LEGACY_TOS = 0x1c

function answerOf(route: Route, key: RouteKey): TableAnswer | undefined {
  switch (route.type) {
    case 'throw':
      return {kind: 'next', route}
    case 'unreachable':
      return {kind: 'refused', route, error: 'EHOSTUNREACH'}
    case 'prohibit':
      return {kind: 'refused', route, error: 'EACCES'}
    case 'blackhole':
      return {kind: 'refused', route, error: 'EINVAL'}
    default: {
      const hops = route.nextHops.filter((one) => !one.dead && fitsDevice(one, key))
      const [hop] = hops
      if (hop === undefined) return undefined
      const open = openQuestion(route, hops)
      return {kind: 'found', route, hop, ...(open === undefined ? {} : {open})}
    }
  }
}

/** A hash of the packet chooses between several next hops (fib_select_multipath). */
function openQuestion({type, destination, unread}: Route, hops: readonly NextHop[]): string | undefined {
  const to = destination.length === 0 ? 'default' : formatPrefix(destination)
  if (unread !== undefined) return `the route to ${to} has "${unread}"`
  return hops.length > 1 && type === 'unicast' ? `which next hop of the route to ${to} is taken` : undefined
}

function fitsDevice({device}: NextHop, key: RouteKey): boolean {
  if (key.outDevice !== undefined) return device === key.outDevice
  // IPv6 takes loopback, link-local and multicast targets on the arriving device only (rt6_need_strict).
  return !(key.destination.family === 6 && key.inDevice !== 'lo' && isBoundToDevice(key.destination)) || device === key.inDevice
}

function isBoundToDevice(ip: Ip): boolean {
  return isLoopback(ip) || isLinkLocal(ip) || isMulticast(ip)
}
