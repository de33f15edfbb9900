import type {Match, PacketRule, PacketRules, RuleTable} from '../config/packet-rules.js'
import {walkTable, type TableVerdict, type VisitedRule} from './chain.js'
import {confirm, portsLike, takeSource, track, type Tracked, type Zone} from './conntrack.js'
import {hookSteps, inOrder, type HookStep} from './hook-steps.js'
import {translate, type Side} from './nat.js'
import {packetFamily} from './packet.js'
import type {HookName, Surroundings, Transit} from './transit.js'

const SIDES: Readonly<Partial<Record<HookName, Side>>> = {
  PREROUTING: 'destination',
  OUTPUT: 'destination',
  INPUT: 'source',
  POSTROUTING: 'source',
}

export interface HookWalk {
  readonly hook: HookName
  readonly transit: Transit
  readonly surroundings: Surroundings
  readonly visited: VisitedRule[]
  /** Called in OUTPUT after what may ask for another route. */
  readonly afterChange?: (change: Change) => TableVerdict
}

/** What one step made of a packet. */
export interface Change {
  readonly by: 'nat' | 'mangle'
  readonly before: Transit
  readonly transit: Transit
}

/** One netfilter hook: all tables in the order of their priorities, until one of them ends the packet. Source: envoy-2022 C.4. */
export function walkHook(walk: HookWalk): TableVerdict {
  const rules = walk.surroundings.namespace.packetRules[packetFamily(walk.transit.packet)]
  const tracks = tracksConnections(rules)
  let verdict: TableVerdict = {kind: 'accept', transit: walk.transit}
  for (const step of hookSteps(walk.hook, {tables: rules.tables, tracks})) {
    verdict = routed({...walk, transit: verdict.transit}, step)
    if (verdict.kind !== 'accept') return verdict
  }
  return isLast(walk.hook) && !confirm(walk.surroundings.connections, verdict.transit.tracked)
    ? {kind: 'drop', why: 'another connection has its addresses and ports'}
    : verdict
}

function isLast(hook: HookName): boolean {
  return hook === 'INPUT' || hook === 'POSTROUTING'
}

function routed(walk: HookWalk, step: HookStep): TableVerdict {
  const verdict = walkStep(walk, step)
  if (verdict.kind !== 'accept' || !step.reroutes) return verdict
  const change: Change = {by: step.kind === 'nat' ? 'nat' : 'mangle', before: walk.transit, transit: verdict.transit}
  return walk.afterChange?.(change) ?? verdict
}

function walkStep(walk: HookWalk, step: HookStep): TableVerdict {
  switch (step.kind) {
    case 'track':
      return {kind: 'accept', transit: tracked(walk)}
    case 'nat':
      return walkNat(walk, step.tables)
    default:
      return walkTables(walk, step.tables)
  }
}

/** Packets that were tracked before they came round the loopback keep their connection. */
function tracked({transit, surroundings}: HookWalk): Transit {
  if (transit.tracked !== undefined) return transit
  return {...transit, tracked: track(surroundings.connections, {packet: transit.packet, zone: zoneOf(transit)})}
}

/** A zone that is to be the mark is that of the moment of tracking, 16 bits of it (nf_ct_zone_tmpl). */
function zoneOf({zone, mark}: Transit): Zone | undefined {
  if (zone === undefined || !('byMark' in zone)) return zone
  const id = mark & 0xffff
  return {original: zone.byMark === 'reply' ? 0 : id, reply: zone.byMark === 'original' ? 0 : id}
}

/** In nat the first table that decides is the last one that is asked (nf_nat_inet_fn). */
function walkTables(walk: HookWalk, tables: readonly RuleTable[]): TableVerdict {
  let verdict: TableVerdict = {kind: 'accept', transit: walk.transit}
  for (const table of inOrder(tables, {hook: walk.hook, ...walk.surroundings})) {
    verdict = walkTable({...walk, table, transit: verdict.transit})
    if (verdict.kind !== 'accept' || (table.name === 'nat' && !isUnbound(verdict.transit, sideOf(walk)))) return verdict
  }
  return verdict
}

function sideOf({hook}: Pick<HookWalk, 'hook'>): Side | undefined {
  return SIDES[hook]
}

/** The nat tables are asked once per connection and side; every packet is then rewritten as it was decided. Source: nf_nat_inet_fn. */
function walkNat(walk: HookWalk, tables: readonly RuleTable[]): TableVerdict {
  const side = sideOf(walk)
  if (side === undefined) return {kind: 'accept', transit: walk.transit}
  const asked = isUnbound(walk.transit, side) ? walkTables(walk, tables) : undefined
  if (asked !== undefined && asked.kind !== 'accept') return asked
  const transit = asked?.transit ?? walk.transit
  if (asked !== undefined) bindUnchanged(walk, {entry: transit.tracked, side})
  return {kind: 'accept', transit: {...transit, packet: translate(transit.packet, {tracked: transit.tracked, side})}}
}

/** Without a matching rule the side is bound to what it is, with another source port if that would clash (nf_nat_alloc_null_binding). */
function bindUnchanged({surroundings}: HookWalk, {entry, side}: {readonly entry: Tracked | undefined; readonly side: Side}): void {
  if (entry === undefined || !('connection' in entry) || entry.connection.bound[side]) return
  const {connection} = entry
  connection.bound[side] = true
  const to = connection.reply.destination
  if (side === 'source') takeSource(surroundings.connections, {connection, to, range: portsLike(to.port), isDrawn: false})
}

/** A reset that answers for REJECT is related, and asks as well; errors never do. */
function isUnbound({tracked: entry, packet}: Transit, side: Side | undefined): boolean {
  if (side === undefined) return false
  const asks = entry?.state === 'new' || (entry?.state === 'related' && packet.kind.kind !== 'error')
  return asks && !entry.connection.bound[side]
}

/**
 * Rules that need connection tracking switch it on for their family: those that translate, or look at the connection. Without one of them
 * the nat table is never asked, whatever else it holds (nf_ct_netns_get, nf_nat_inet_fn).
 */
function tracksConnections({tables}: PacketRules): boolean {
  return tables.some(({chains}) => [...chains.values()].some((chain) => chain.rules.some(asksConnection)))
}

const CONNECTION_MATCHES = new Set(['connmark', 'ct-state', 'ct-status', 'ct-protocol', 'ct-address', 'ct-port', 'ct-direction'])
const CONNECTION_TARGETS = new Set(['redirect', 'dnat', 'snat', 'masquerade', 'set-connmark', 'save-mark', 'restore-mark', 'zone'])

function asksConnection({matches, target}: Pick<PacketRule, 'matches' | 'target'>): boolean {
  return matches.some(needsTracking) || CONNECTION_TARGETS.has(target.kind)
}

function needsTracking(match: Match): boolean {
  return match.kind === 'one-of' ? match.options.some((option) => option.some(needsTracking)) : CONNECTION_MATCHES.has(match.kind)
}
