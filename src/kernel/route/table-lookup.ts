import {contains, isLinkLocal, isLoopback, isMulticast, type Ip} from '../config/ip.js'
import type {NextHop, Route} from '../config/model.js'

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
}

export type TableAnswer =
  | {readonly kind: 'found'; readonly route: Route; readonly hop: NextHop}
  | {readonly kind: 'refused'; readonly route: Route; readonly error: RouteError}
  /** Nothing there, or `throw`: the next rule is asked. */
  | {readonly kind: 'next'; readonly route?: Route}

/** As `ip route get` and connect() report it. */
export type RouteError = 'EHOSTUNREACH' | 'ENETUNREACH' | 'EACCES' | 'EINVAL'

/**
 * Longest prefix first, then lowest metric, then the order of the table; a route whose device does not fit the key is passed over.
 * Source: envoy-2022 C.4; fib_table_lookup (net/ipv4/fib_trie.c), find_rr_leaf and rt6_need_strict (net/ipv6/route.c).
 */
export function lookUpTable(routes: readonly Route[], key: RouteKey): TableAnswer {
  for (const route of candidates(routes, key)) {
    const answer = answerOf(route, key)
    if (answer !== undefined) return answer
  }
  return {kind: 'next'}
}

function candidates(routes: readonly Route[], {destination}: RouteKey): readonly Route[] {
  return routes
    .filter((route) => contains(route.destination, destination))
    .toSorted((a, b) => b.destination.length - a.destination.length || a.metric - b.metric || a.order - b.order)
}

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
      const hop = route.nextHops.find((one) => !one.dead && fitsDevice(one, key))
      return hop === undefined ? undefined : {kind: 'found', route, hop}
    }
  }
}

function fitsDevice({device}: NextHop, key: RouteKey): boolean {
  if (key.outDevice !== undefined) return device === key.outDevice
  // IPv6 takes loopback, link-local and multicast targets on the arriving device only (rt6_need_strict).
  return !(key.destination.family === 6 && key.inDevice !== 'lo' && isBoundToDevice(key.destination)) || device === key.inDevice
}

function isBoundToDevice(ip: Ip): boolean {
  return isLoopback(ip) || isLinkLocal(ip) || isMulticast(ip)
}
