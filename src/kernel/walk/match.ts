import {allOf, anyOf, not, tri, type Tri} from '../../flow/tri.js'
import {portAmong} from '../config/drawn-port.js'
import type {PortRange, SocketOwner} from '../config/model.js'
import type {Match, MatchBody, PacketRule} from '../config/packet-rules.js'
import {addressTypes} from './address-type.js'
import {describeMatch} from './describe-match.js'
import {isTurn} from './every-nth.js'
import {hasPorts, icmpType, type Packet} from './packet.js'
import {holdsOfConnection, withoutConnection} from './match-connection.js'
import {matchSet} from './match-set.js'
import {covers, inRanges} from './match-values.js'
import {shareOfProbability} from './probability.js'
import type {RuleContext, Transit} from './transit.js'

/**
 * The first condition of a rule that does not hold; undefined when the rule takes the packet. What is random, or not modelled,
 * is decided by the run's choices. Source: envoy-2022 C.4.
 */
export function failedMatch(rule: PacketRule, context: RuleContext): Match | undefined {
  return rule.matches.find((match) => (match.kind === 'every-nth' ? !isDue(match, {rule, context}) : !decided(match, {rule, context})))
}

interface Asked {
  readonly rule: PacketRule
  readonly context: RuleContext
}

function isDue({every, negated}: Extract<Match, {kind: 'every-nth'}>, {rule, context}: Asked): boolean {
  return isTurn(context.turns, {rule: nameOf(rule, context), every, choices: context.choices}) !== negated
}

function nameOf({chain, number}: PacketRule, {namespace, table}: RuleContext): string {
  return `${namespace.name} ${table} ${chain} ${number}`
}

function decided(match: Match, {rule, context}: Asked): boolean {
  const found = holds(match, context)
  if (found === 'yes' || found === 'no') return found === 'yes'
  // Whether a rule that only looks on takes the packet is told where it matters, which it hardly does.
  const silent = rule.target.kind === 'continue' ? {silent: true as const} : {}
  return context.choices.decide({what: `"${describeMatch(match)}" of rule ${nameOf(rule, context)} holds`, ...silent})
}

/** A condition with its negation. */
function holds(match: Match, context: RuleContext): Tri {
  if (match.kind === 'probability') return tri(drawn(match, context))
  const without = withoutConnection(match, context.transit)
  if (without !== undefined) return without
  if (match.kind === 'owner' && match.strict === true && !hasOwner(context.transit)) return 'no'
  const found = holdsPlain(match, context)
  return match.negated ? not(found) : found
}

function drawn({probability, negated}: Extract<Match, {kind: 'probability'}>, {choices}: RuleContext): boolean {
  const share = shareOfProbability(probability)
  // None, or each: nothing is drawn.
  if (share.numerator === 0n || share.numerator === share.denominator) return share.numerator > 0n !== negated
  return choices.decide({what: `statistic random ${probability}`, share}) !== negated
}

function hasOwner({ownSocket, socketOwner}: Transit): boolean {
  return ownSocket && socketOwner !== 'kernel'
}

function holdsPlain(match: MatchBody, context: RuleContext): Tri {
  const {packet} = context.transit
  switch (match.kind) {
    case 'source':
      return tri(match.prefixes.some((prefix) => covers(prefix, packet.source.ip)))
    case 'destination':
      return tri(match.prefixes.some((prefix) => covers(prefix, packet.destination.ip)))
    case 'in-device':
      return tri(namesDevice(match.name, context.transit.inDevice))
    case 'out-device':
      return tri(namesDevice(match.name, context.transit.outDevice))
    case 'protocol':
      return tri(match.protocol === 'all' || match.protocol === packet.protocol)
    case 'source-port':
      return portIs(match.ranges, {packet, side: 'source'})
    case 'destination-port':
      return portIs(match.ranges, {packet, side: 'destination'})
    case 'any-port':
      return anyOf([portIs(match.ranges, {packet, side: 'source'}), portIs(match.ranges, {packet, side: 'destination'})])
    default:
      return holdsDeeper(match, context)
  }
}

function portIs(ranges: readonly PortRange[], {packet, side}: {readonly packet: Packet; readonly side: 'source' | 'destination'}): Tri {
  return hasPorts(packet) ? portAmong(ranges, {port: packet[side].port, open: packet.openPorts?.[side]}) : 'no'
}

function holdsDeeper(match: MatchBody, context: RuleContext): Tri {
  const {packet, mark} = context.transit
  switch (match.kind) {
    case 'tcp-flags':
      return tri(packet.protocol === 'tcp' && match.mask.every((flag) => flagsOf(packet).includes(flag) === match.set.includes(flag)))
    case 'icmp-type':
      return tri(isIcmpType(match, packet))
    case 'mark':
      return tri(((mark ^ match.mark.value) & match.mark.mask) === 0)
    case 'type-of-service':
      return tri(((packet.tos ?? 0) & match.tos.mask) === match.tos.value)
    case 'set':
      return matchSet(match, context)
    case 'address-type':
      return isOfType(match, context)
    case 'one-of':
      return anyOf(match.options.map((option) => allOf(option.map((one) => holds(one, context)))))
    default:
      return holdsOfSocket(match, context)
  }
}

function isOfType({side, types, byRoute}: Extract<MatchBody, {kind: 'address-type'}>, {namespace, transit}: RuleContext): Tri {
  const {source, destination, tos = 0} = transit.packet
  const [own, other] = side === 'source' ? [source, destination] : [destination, source]
  const found = addressTypes(namespace, {text: own.ip, byRoute: byRoute === true ? {from: other.ip, tos} : undefined})
  return found === undefined ? 'undetermined' : tri(types.some((type) => found.has(type)))
}

function holdsOfSocket(match: MatchBody, context: RuleContext): Tri {
  const {ownSocket, socketOwner} = context.transit
  switch (match.kind) {
    case 'socket-exists':
      return tri(ownSocket)
    case 'socket':
      return tri(findsSocket(match, context))
    case 'owner':
      return ownSocket ? ownedBy(match, socketOwner) : 'no'
    case 'recent':
      return match.notes ? 'yes' : 'undetermined'
    default:
      return holdsOfConnection(match, context.transit)
  }
}

function findsSocket({transparent, wildcard}: Extract<MatchBody, {kind: 'socket'}>, {transit, socketOf}: RuleContext): boolean {
  const found = socketOf(transit)
  return found !== undefined && (found.transparent || !transparent) && (wildcard || !found.wildcard)
}

function ownedBy({of, ids}: Extract<MatchBody, {kind: 'owner'}>, owner: SocketOwner | 'kernel' | undefined): Tri {
  if (owner === 'kernel') return 'no'
  return owner === undefined ? 'undetermined' : tri(inRanges(ids, of === 'user' ? owner.user : owner.group))
}

/** A missing device matches no name, but its negation. */
function namesDevice(pattern: string, device: string | undefined): boolean {
  if (device === undefined) return false
  return pattern.endsWith('+') ? device.startsWith(pattern.slice(0, -1)) : device === pattern
}

function flagsOf({kind}: Packet): readonly string[] {
  switch (kind.kind) {
    case 'syn':
      return ['SYN']
    case 'syn-ack':
      return ['SYN', 'ACK']
    case 'ack':
      return ['ACK']
    case 'rst':
      return ['RST', 'ACK']
    default:
      return []
  }
}

function isIcmpType({type, code}: Extract<MatchBody, {kind: 'icmp-type'}>, packet: Packet): boolean {
  const own = icmpType(packet)
  return own?.[0] === type && (code === undefined || own[1] === code)
}
