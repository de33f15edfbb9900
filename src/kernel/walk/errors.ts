import type {Tracked} from './conntrack.js'
import {FIRST_TTL, packetFamily, type IcmpError, type Packet} from './packet.js'
import {parseIp} from '../config/ip.js'
import {isConfigured, type NetworkNamespace} from '../config/namespace.js'
import {replyMark} from '../config/settings.js'
import {routeOutput} from '../route/output.js'
import type {RouteAnswer} from '../route/route.js'
import {sourceWithoutRoute} from '../route/source-address.js'
import {send, type Run, type Sending} from './run.js'
import type {Transit} from './transit.js'

export interface ErrorReport {
  readonly namespace: NetworkNamespace
  readonly transit: Transit
  readonly error: IcmpError
}

/** Sends an ICMP error to the source of a packet, unless the packet is an error itself. Source: __icmp_send, icmp6_send. */
export function sendError(run: Run, {namespace, transit, error}: ErrorReport): void {
  const {packet, route, tracked} = transit
  if (packet.kind.kind === 'error') return
  const isOwn = isOwnTarget(namespace, {packet, route})
  const source = isOwn ? packet.destination.ip : towards(namespace, transit)
  if (source === undefined) return
  send(run, {
    namespace: namespace.name,
    mark: markOf(namespace, transit),
    ownSocket: true,
    owner: 'kernel',
    // icmp_route_lookup: for what is not its own, IPv4 asks for the route without a source, and takes that of the route.
    ...(packetFamily(packet) === 4 && !isOwn ? {sourceFromRoute: true} : {}),
    packet: {
      protocol: packetFamily(packet) === 4 ? 'icmp' : 'icmpv6',
      kind: {kind: 'error', error, about: packet},
      source: {ip: source, port: 0},
      destination: {ip: packet.source.ip, port: 0},
      ttl: FIRST_TTL,
      // __icmp_send: of the packet's own, with the precedence of control; icmp6_send: none.
      tos: packetFamily(packet) === 4 ? ((packet.tos ?? 0) & 0x1e) | 0xc0 : 0,
    },
    ...attached(tracked),
  })
}

function markOf(namespace: NetworkNamespace, {packet, mark}: Transit): number {
  return replyMark(namespace, {family: packetFamily(packet), mark})
}

/** Errors of an own target come from the address that was asked, others from the one towards the source. IPv4 goes by the route (icmp_send). */
function isOwnTarget(
  namespace: NetworkNamespace,
  {packet, route}: {readonly packet: Packet; readonly route: Transit['route'] | undefined},
): boolean {
  return packetFamily(packet) === 4 ? route?.type === 'local' : isConfigured(namespace, packet.destination.ip)
}

function towards(namespace: NetworkNamespace, transit: Transit): string | undefined {
  const {packet, inDevice} = transit
  const destination = parseIp(packet.source.ip)
  const answer = destination === undefined ? undefined : routeOutput(namespace, {destination, mark: markOf(namespace, transit)})
  if (destination === undefined || answer?.kind !== 'route') return undefined
  return destination.family === 6 && inDevice !== undefined && !hasPreferredSource(answer)
    ? sourceWithoutRoute(namespace, {destination, device: inDevice})
    : answer.source
}

/** Else IPv6 chooses an address that says more: one of the device the packet came in on (icmp6_send). */
function hasPreferredSource({policy: {answer}}: Extract<RouteAnswer, {kind: 'route'}>): boolean {
  return answer.kind === 'found' && answer.lookup.answer.route.preferredSource !== undefined
}

/** The error belongs to the connection of the packet, even if that was never confirmed, or is marked as that of none (nf_ct_attach). */
export function attached(tracked: Tracked | undefined): Pick<Sending, 'tracked' | 'isSeen'> {
  if (tracked?.state === 'untracked') return {isSeen: true}
  if (tracked === undefined || !('connection' in tracked)) return {}
  const direction = tracked.direction === 'original' ? 'reply' : 'original'
  return {tracked: {state: 'related', connection: tracked.connection, direction}}
}
