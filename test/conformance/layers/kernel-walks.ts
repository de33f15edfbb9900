import {formatSocket} from '../../../src/flow/address.js'
import {shareToNumber} from '../../../src/flow/share.js'
import type {Network} from '../../../src/kernel/config/network.js'
import {canonicalIp} from '../../../src/kernel/config/ip.js'
import {walkAttempt, type Branch, type Outcome} from '../../../src/kernel/walk/connect.js'
import {formatPacket, hasPorts, packetName} from '../../../src/kernel/walk/packet.js'
import type {AfterHook, Pass, PassedHook} from '../../../src/kernel/walk/run.js'
import type {AttemptInput, Traversal, Walked} from './kernel-case.js'

const EPHEMERAL = 40_000

/** The prediction for one packet: one result, or `any` of several where rules draw at random. */
export function predictWalk(network: Network, input: AttemptInput): unknown {
  const branches = walkAttempt(network, {
    namespace: input.netns,
    protocol: input.proto,
    ...(typeof input.src === 'string' ? {source: canonicalIp(input.src)} : {}),
    sourcePort: input.sport ?? EPHEMERAL,
    destination: {ip: canonicalIp(input.dst), port: input.dport ?? 0},
    mark: Number(input.mark),
    transparent: input.ip_transparent === true,
  })
  if (branches === undefined) return {undetermined: 'too many ways'}
  const doubt = branches.flatMap(({outcome, assumed}) => [...outcome.doubts, ...assumed.map(({what}) => what)])[0]
  if (doubt !== undefined) return {undetermined: doubt}
  const [only, ...others] = branches.map((branch) => resultOf(branch))
  return only !== undefined && others.length === 0
    ? only
    : {any: branches.map((branch) => ({...resultOf(branch), share: shareToNumber(branch.share)}))}
}

function resultOf({outcome}: Branch): Walked {
  return {summary: summaryOf(outcome), traversals: withoutRepeats(outcome.passes.filter(isListed)).map(traversalOf)}
}

function summaryOf({owner, result, answered}: Outcome): Walked['summary'] {
  return {
    owner: owner === undefined ? null : {netns: owner.namespace, port: owner.port},
    original_dst_seen: owner === undefined ? null : formatSocket(owner.originalDestination),
    result,
    answered,
  }
}

/** The layer's README: pure ACKs are left out. */
function isListed({packet}: Pass): boolean {
  return packet.kind.kind !== 'ack'
}

function traversalOf({namespace, packet, start, hooks}: Pass): Traversal {
  const name = packetName(packet)
  const device = start.hook === 'PREROUTING' ? {iif: start.device} : {oif: start.device}
  return {
    netns: namespace,
    packet: name.startsWith('tunnel-') ? name.replace('tunnel-', 'encap-') : name,
    start: {hook: start.hook, ...device, mark: hex(start.mark)},
    hooks: hooks.map((hook) => ({hook: hook.hook, rules: rulesOf(hook), after: hook.after === undefined ? null : afterOf(hook.after)})),
  }
}

function rulesOf({visited}: PassedHook): Traversal['hooks'][number]['rules'] {
  return visited.flatMap(({table, chain, rule, mark}) =>
    rule === undefined ? [] : [{table, chain, n: rule.number, rule: rule.text, mark: hex(mark)}],
  )
}

function afterOf({packet, mark, inDevice, outDevice, tracked}: AfterHook): NonNullable<Traversal['hooks'][number]['after']> {
  const ports = hasPorts(packet) ? {sport: packet.source.port, dport: packet.destination.port} : {}
  return {
    src: packet.source.ip,
    dst: packet.destination.ip,
    ...ports,
    mark: hex(mark),
    ...(inDevice === undefined ? {} : {iif: inDevice}),
    ...(outDevice === undefined ? {} : {oif: outDevice}),
    ...(tracked === undefined || tracked.state === 'invalid' ? {} : {ct_state: tracked.state}),
  }
}

/** A packet that goes round in circles is listed once per device it came in on. */
function withoutRepeats(passes: readonly Pass[]): Pass[] {
  const seen = new Set<string>()
  return passes.filter(({namespace, packet, start}) => {
    const text = [namespace, start.hook, start.device, formatPacket(packet)].join(' ')
    const isNew = !seen.has(text)
    seen.add(text)
    return isNew
  })
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`
}
