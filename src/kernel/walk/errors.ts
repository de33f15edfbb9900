import type {Tracked} from './conntrack.js'
import {FIRST_TTL, packetFamily, type IcmpError} from './packet.js'
import {parseIp} from '../config/ip.js'
import type {NetworkNamespace} from '../config/namespace.js'
import {routeOutput} from '../route/output.js'
import {send, type Run} from './run.js'
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
  // Errors of a local target come from the address that was asked, others from the one towards the source.
  const source = route?.type === 'local' ? packet.destination.ip : towards(namespace, packet.source.ip)
  if (source === undefined) return
  send(run, {
    namespace: namespace.name,
    mark: 0,
    ownSocket: true,
    owner: 'kernel',
    packet: {
      protocol: packetFamily(packet) === 4 ? 'icmp' : 'icmpv6',
      kind: {kind: 'error', error, about: packet},
      source: {ip: source, port: 0},
      destination: {ip: packet.source.ip, port: 0},
      ttl: FIRST_TTL,
    },
    ...attached(tracked),
  })
}

function towards(namespace: NetworkNamespace, ip: string): string | undefined {
  const destination = parseIp(ip)
  const answer = destination === undefined ? undefined : routeOutput(namespace, {destination, mark: 0})
  return answer?.kind === 'route' ? answer.source : undefined
}

/** The error belongs to the connection of the packet, even if that was never confirmed (nf_ct_attach). */
export function attached(tracked: Tracked | undefined): {readonly tracked?: Tracked} {
  if (tracked === undefined || !('connection' in tracked)) return {}
  const direction = tracked.direction === 'original' ? 'reply' : 'original'
  return {tracked: {state: 'related', connection: tracked.connection, direction}}
}
