import {anyOf, tri, type Tri} from '../../flow/tri.js'
import {contains, familyOf, parseIp, parsePrefix} from '../config/ip.js'
import type {IpSet, IpSetMember} from '../config/model.js'
import type {MatchBody} from '../config/packet-rules.js'
import type {RuleContext} from './transit.js'

type SetMatch = Extract<MatchBody, {kind: 'set'}>

/** `--match-set`: a set that was not recorded, or of a type that is not modelled, leaves the answer open. */
export function matchSet({set, sides}: Pick<SetMatch, 'set' | 'sides'>, context: RuleContext): Tri {
  const recorded = context.namespace.sets.get(set)
  if (recorded === undefined) return 'undetermined'
  // Sets of sets hold no sets of sets.
  if (recorded.type === 'list:set') return anyOf(recorded.members.map(({text}) => listedSet({set: text, sides}, context)))
  return /^(hash|bitmap):(ip|net|port|iface)(,(ip|net|port|iface))*$/.test(recorded.type)
    ? holdsMember(recorded, {sides, context})
    : 'undetermined'
}

function listedSet({set, sides}: Pick<SetMatch, 'set' | 'sides'>, context: RuleContext): Tri {
  return context.namespace.sets.get(set)?.type === 'list:set' ? 'undetermined' : matchSet({set, sides}, context)
}

function holdsMember(recorded: IpSet, {sides, context}: Omit<Lookup, 'set'>): Tri {
  const members = recorded.members.map((member) => ({member, matches: memberMatches(member, {set: recorded, sides, context})}))
  const excluded = anyOf(members.flatMap(({member, matches}) => (member.nomatch ? [matches] : [])))
  if (excluded !== 'no') return excluded === 'yes' ? 'no' : excluded
  return anyOf(members.flatMap(({member, matches}) => (member.nomatch ? [] : [matches])))
}

interface Lookup {
  readonly set: IpSet
  readonly sides: readonly string[]
  readonly context: RuleContext
}

function memberMatches({parts}: IpSetMember, {set, sides, context}: Lookup): Tri {
  const kinds = set.type.slice(set.type.indexOf(':') + 1).split(',')
  const found = kinds.map((kind, index) => partMatches({kind, part: parts[index] ?? '', side: sides[index] ?? sides[0] ?? 'src', context}))
  return found.includes('no') ? 'no' : found.includes('undetermined') ? 'undetermined' : 'yes'
}

interface Part {
  readonly kind: string
  readonly part: string
  readonly side: string
  readonly context: RuleContext
}

function partMatches({kind, part, side, context}: Part): Tri {
  const {packet, inDevice, outDevice} = context.transit
  if (kind === 'iface') return tri(part === (side === 'src' ? inDevice : outDevice))
  const socket = side === 'src' ? packet.source : packet.destination
  if (kind === 'port') return portMatches(part, {protocol: packet.protocol, port: socket.port})
  const ip = parseIp(socket.ip)
  const prefix = parsePrefix(part, familyOf(part))
  if (prefix !== undefined && ip !== undefined) return tri(contains(prefix, ip))
  return /^[\d.]+-[\d.]+$/.test(part) && ip?.family === 4 ? tri(inRange(part, ip.value)) : 'undetermined'
}

function inRange(part: string, value: bigint): boolean {
  const [from, to] = part.split('-').map((text) => parseIp(text)?.value)
  return from !== undefined && to !== undefined && value >= from && value <= to
}

/** `tcp:80` or `80`, which stands for TCP. */
function portMatches(part: string, own: {readonly protocol: string; readonly port: number}): Tri {
  const match = /^(?:(\w+):)?(\d+)(?:-(\d+))?$/.exec(part)
  if (match === null) return 'undetermined'
  const [from, to] = [Number(match[2]), Number(match[3] ?? match[2])]
  return tri((match[1] ?? 'tcp') === own.protocol && own.port >= from && own.port <= to)
}
