import {attached, sendError} from './errors.js'
import {replyMark} from '../config/settings.js'
import {FIRST_TTL, packetFamily, swapped, type IcmpError} from './packet.js'
import type {Passing} from './pass.js'
import {send} from './run.js'
import type {Transit} from './transit.js'

/** Without the prefix that names the protocol: the words of both families and of nft. Source: libipt_REJECT, libip6t_REJECT, nft(8). */
const ERRORS: ReadonlyMap<string, IcmpError> = new Map<string, IcmpError>([
  ['net-unreachable', 'net-unreachable'],
  ['no-route', 'net-unreachable'],
  ['host-unreachable', 'host-unreachable'],
  ['addr-unreachable', 'host-unreachable'],
  ['proto-unreachable', 'protocol-unreachable'],
  ['prot-unreachable', 'protocol-unreachable'],
  ['port-unreachable', 'port-unreachable'],
  ['net-prohibited', 'net-prohibited'],
  ['host-prohibited', 'host-prohibited'],
  ['admin-prohibited', 'prohibited'],
  ['adm-prohibited', 'prohibited'],
  ['policy-fail', 'policy-failed'],
  ['reject-route', 'route-rejected'],
])

/** REJECT drops a packet and answers it: with a RST that no socket sends, or with an ICMP error. Source: nf_send_reset, nf_send_unreach. */
export function reject({run, namespace}: Passing, {with: how, transit}: {readonly with: string; readonly transit: Transit}): void {
  if (/^tcp[ -]reset$/.test(how)) {
    reset({run, namespace}, transit)
    return
  }
  if (isAnsweringEcho(transit)) return
  const error = ERRORS.get(how.replace(/^icmp(?:v?6|x)?(?:-| (?:type )?)/, ''))
  if (error === undefined) run.doubts.push(`what REJECT answers "${how}"`)
  else sendError(run, {namespace, transit, error})
}

/** While the kernel sends an answer of its own it says nothing about it: its ICMP socket is taken (icmp_xmit_lock). */
function isAnsweringEcho({packet, ownSocket}: Transit): boolean {
  return ownSocket && packet.kind.kind === 'echo-reply'
}

function reset({run, namespace}: Pick<Passing, 'run' | 'namespace'>, {packet, mark, tracked}: Transit): void {
  if (packet.protocol !== 'tcp' || packet.kind.kind === 'rst') return
  send(run, {
    namespace: namespace.name,
    mark: replyMark(namespace, {family: packetFamily(packet), mark}),
    anySource: true,
    packet: {...packet, ...swapped(packet), kind: {kind: 'rst'}, ttl: FIRST_TTL, tos: 0},
    ...attached(tracked),
  })
}
