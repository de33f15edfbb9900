import type {Target} from '../config/packet-rules.js'
import type {MarkMask} from '../config/source-text.js'
import type {Connection} from './conntrack.js'
import {destinationNat, masquerade, redirect, sourceNat} from './nat-targets.js'
import type {Effect, RuleContext, Transit} from './transit.js'

export function applyTarget(target: Target, context: RuleContext): Effect {
  const {transit} = context
  switch (target.kind) {
    case 'accept':
      return {kind: 'accept', transit}
    case 'drop':
      return {kind: 'drop', why: 'DROP'}
    case 'reject':
      return {kind: 'reject', with: target.with, transit}
    case 'return':
      return {kind: 'return'}
    case 'jump':
    case 'goto':
      return {kind: target.kind, chain: target.chain}
    case 'continue':
      return {kind: 'continue', transit}
    case 'unknown':
      return unknownTarget(target.text, context)
    default:
      return changePacket(target, context)
  }
}

/** A target that is not modelled either changes nothing that matters, or ends the packet: both are followed. */
function unknownTarget(text: string, {transit, choices}: RuleContext): Effect {
  return choices.decide({what: `target "${text}" lets the packet go on`}) ? {kind: 'continue', transit} : {kind: 'drop', why: text}
}

type Changing = Exclude<Target, {kind: 'accept' | 'drop' | 'reject' | 'return' | 'jump' | 'goto' | 'continue' | 'unknown'}>

function changePacket(target: Changing, context: RuleContext): Effect {
  const {transit} = context
  switch (target.kind) {
    case 'set-mark':
      return {kind: 'continue', transit: {...transit, mark: changedMark(transit.mark, target.change)}}
    case 'set-tos':
      return {kind: 'continue', transit: {...transit, packet: withTos(transit.packet, target.change)}}
    case 'zone':
    case 'notrack':
      return {kind: 'continue', transit: isPrepared(transit, target) ? transit : prepared(target, transit)}
    case 'set-connmark':
    case 'save-mark':
    case 'restore-mark':
      return changeConnmark(target, transit)
    case 'tproxy':
      return tproxy(target, context)
    case 'redirect':
      return redirect(target, context)
    case 'dnat':
      return destinationNat(target, context)
    case 'snat':
      return sourceNat(target, context)
    case 'masquerade':
      return masquerade(target, context)
    default:
      return target satisfies never
  }
}

/** tos_tg, dscp_tg: `(tos & ~mask) ^ value`. */
function withTos(packet: Transit['packet'], change: MarkMask): Transit['packet'] {
  return {...packet, tos: changedMark(packet.tos ?? 0, change) & 0xff}
}

type Preparing = Extract<Changing, {kind: 'zone' | 'notrack'}>

/**
 * What is tracked, as packets on the loopback are, or was told before how to be, stays as it is (xt_ct_target, nft_notrack_eval);
 * but nft gives a zone to what was not to be tracked (nft_ct_set_zone_eval), and prepares answers to what is not tracked too.
 */
function isPrepared({tracked, zone, isSeen}: Transit, target: Preparing): boolean {
  if (isSeen === true && target.overrides !== true) return true
  if (zone !== undefined || (tracked !== undefined && 'connection' in tracked)) return true
  return tracked !== undefined && !(target.kind === 'zone' && target.overrides === true)
}

function prepared(target: Preparing, transit: Transit): Transit {
  if (target.kind === 'notrack') return {...transit, tracked: {state: 'untracked'}}
  const {zone, of} = target
  if (zone === 'mark') return {...transit, tracked: undefined, zone: {byMark: of ?? 'both'}}
  return {...transit, tracked: undefined, zone: {original: of === 'reply' ? 0 : zone, reply: of === 'original' ? 0 : zone}}
}

/** envoy-2022 C.4: `(mark & ~mask) ^ value`, in 32 bits. */
export function changedMark(mark: number, {value, mask}: MarkMask): number {
  return ((mark & ~mask) ^ value) >>> 0
}

type Connmark = Extract<Changing, {kind: 'set-connmark' | 'save-mark' | 'restore-mark'}>

function changeConnmark(target: Connmark, transit: Transit): Effect {
  const connection = connectionOf(transit)
  if (connection === undefined) return {kind: 'continue', transit}
  if (target.kind === 'restore-mark') {
    const change = {value: (connection.mark & target.connectionMask) >>> 0, mask: target.packetMask}
    return {kind: 'continue', transit: {...transit, mark: changedMark(transit.mark, change)}}
  }
  const change =
    target.kind === 'set-connmark' ? target.change : {value: (transit.mark & target.packetMask) >>> 0, mask: target.connectionMask}
  connection.mark = changedMark(connection.mark, change)
  return {kind: 'continue', transit}
}

function connectionOf({tracked}: Transit): Connection | undefined {
  return tracked !== undefined && 'connection' in tracked ? tracked.connection : undefined
}

/** envoy-2022 H.3.8: without a transparent socket the packet is dropped. */
function tproxy({port, ip, mark, lenient}: Extract<Changing, {kind: 'tproxy'}>, context: RuleContext): Effect {
  const {transit, transparentSocket} = context
  const answer = transparentSocket(transit, {port, ...(ip === undefined ? {} : {ip})})
  // nft_tproxy_eval: the rule is left (NFT_BREAK).
  if (answer.kind === 'none') return lenient === true ? {kind: 'return'} : {kind: 'drop', why: answer.why}
  return {
    kind: lenient === true ? 'continue' : 'accept',
    transit: {...transit, mark: changedMark(transit.mark, mark), stolenBy: answer.socket},
  }
}
