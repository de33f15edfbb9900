import {not, tri, type Tri} from '../../flow/tri.js'
import {contains, parseIp} from '../config/ip.js'
import type {PortRange} from '../config/model.js'
import type {Match, MatchBody, PacketRule} from '../config/packet-rules.js'
import {addressTypes} from './address-type.js'
import {describeMatch} from './describe-match.js'
import {hasPorts, icmpType, type Packet} from './packet.js'
import {matchSet} from './match-set.js'
import {shareOfProbability} from './probability.js'
import type {RuleContext, Transit} from './transit.js'

/**
 * The first condition of a rule that does not hold; undefined when the rule takes the packet. What is random, or not modelled,
 * is decided by the run's choices. Source: envoy-2022 C.4.
 */
export function failedMatch(rule: PacketRule, context: RuleContext): Match | undefined {
  return rule.matches.find((match) => !decided(match, {rule, context}))
}

function decided(match: Match, {rule, context}: {readonly rule: PacketRule; readonly context: RuleContext}): boolean {
  const found = holds(match, context)
  if (found === 'yes' || found === 'no') return found === 'yes'
  return context.choices.decide({what: `"${describeMatch(match)}" of rule ${rule.chain} ${rule.number} holds`})
}

/** A condition with its negation. */
function holds(match: Match, context: RuleContext): Tri {
  if (match.kind === 'probability') return tri(drawn(match, context))
  // Rules that look at the connection never hold without one, negated or not (connmark_mt, nft_ct).
  if (asksConnection(match) && !hasConnection(context.transit)) return 'no'
  const found = holdsPlain(match, context)
  return match.negated ? not(found) : found
}

function drawn({probability, negated}: Extract<Match, {kind: 'probability'}>, {choices}: RuleContext): boolean {
  return choices.decide({what: `statistic random ${probability}`, share: shareOfProbability(probability)}) !== negated
}

function asksConnection({kind}: MatchBody): boolean {
  return kind === 'connmark' || kind === 'ct-destination' || kind === 'ct-destination-port' || kind === 'ct-direction'
}

function hasConnection({tracked}: Transit): boolean {
  return tracked !== undefined && 'connection' in tracked
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
      return tri(hasPorts(packet) && inRanges(match.ranges, packet.source.port))
    case 'destination-port':
      return tri(hasPorts(packet) && inRanges(match.ranges, packet.destination.port))
    case 'any-port':
      return tri(hasPorts(packet) && [packet.source.port, packet.destination.port].some((port) => inRanges(match.ranges, port)))
    default:
      return holdsDeeper(match, context)
  }
}

function holdsDeeper(match: MatchBody, context: RuleContext): Tri {
  const {packet, mark, ownSocket} = context.transit
  switch (match.kind) {
    case 'tcp-flags':
      return tri(packet.protocol === 'tcp' && match.mask.every((flag) => flagsOf(packet).includes(flag) === match.set.includes(flag)))
    case 'icmp-type':
      return tri(isIcmpType(match, packet))
    case 'mark':
      return tri(((mark ^ match.mark.value) & match.mark.mask) === 0)
    case 'set':
      return matchSet(match, context)
    case 'address-type': {
      const {ip} = match.side === 'source' ? packet.source : packet.destination
      const types = addressTypes(context.namespace, ip)
      return types === undefined ? 'undetermined' : tri(match.types.some((type) => types.has(type)))
    }
    case 'socket-exists':
      return tri(ownSocket)
    case 'owner':
      return ownSocket ? 'undetermined' : 'no'
    default:
      return holdsConnection(match, context)
  }
}

function holdsConnection(match: MatchBody, {transit}: RuleContext): Tri {
  const {tracked} = transit
  const connection = tracked !== undefined && 'connection' in tracked ? tracked.connection : undefined
  switch (match.kind) {
    case 'ct-state':
      return tri(match.states.some((state) => state.toLowerCase() === (tracked?.state ?? 'invalid')))
    case 'connmark':
      return tri(connection !== undefined && ((connection.mark ^ match.mark.value) & match.mark.mask) === 0)
    case 'ct-destination':
      return tri(connection !== undefined && covers(match.prefix, connection.original.destination.ip))
    case 'ct-destination-port':
      return tri(connection !== undefined && inRanges(match.ranges, connection.original.destination.port))
    case 'ct-direction':
      return tri(tracked !== undefined && 'direction' in tracked && tracked.direction === match.direction.toLowerCase())
    default:
      return 'undetermined'
  }
}

function covers(prefix: Parameters<typeof contains>[0], ip: string): boolean {
  const parsed = parseIp(ip)
  return parsed !== undefined && contains(prefix, parsed)
}

/** A missing device matches no name, but its negation. */
function namesDevice(pattern: string, device: string | undefined): boolean {
  if (device === undefined) return false
  return pattern.endsWith('+') ? device.startsWith(pattern.slice(0, -1)) : device === pattern
}

function inRanges(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({from, to}) => port >= from && port <= to)
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
