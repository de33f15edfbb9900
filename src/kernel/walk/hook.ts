import type {PacketRules, RuleTable} from '../config/packet-rules.js'
import {walkTable, type TableVerdict, type VisitedRule} from './chain.js'
import {confirm, track, uniqueReply, type Tracked} from './conntrack.js'
import {translate, type Side} from './nat.js'
import {packetFamily} from './packet.js'
import type {HookName, Surroundings, Transit} from './transit.js'

/** Tables in the order of their priorities; `track` and `nat` are the kernel's own steps. Source: envoy-2022 C.4. */
const ORDER: Readonly<Record<HookName, readonly string[]>> = {
  PREROUTING: ['raw', 'track', 'mangle', 'nat'],
  INPUT: ['mangle', 'filter', 'security', 'nat'],
  FORWARD: ['mangle', 'filter', 'security'],
  OUTPUT: ['raw', 'track', 'mangle', 'nat', 'filter', 'security'],
  POSTROUTING: ['mangle', 'nat'],
}

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
  /** Called after mangle and nat of OUTPUT, where a change means another route. */
  readonly afterTable?: (table: string, transit: Transit) => TableVerdict
}

/** One netfilter hook: all tables in order, until one of them ends the packet. */
export function walkHook(walk: HookWalk): TableVerdict {
  const rules = walk.surroundings.namespace.packetRules[packetFamily(walk.transit.packet)]
  const tracks = tracksConnections(rules)
  let verdict: TableVerdict = {kind: 'accept', transit: walk.transit}
  for (const step of ORDER[walk.hook]) {
    verdict = walkStep({...walk, transit: verdict.transit}, {step, rules, tracks})
    if (verdict.kind !== 'accept') return verdict
    verdict = walk.afterTable?.(step, verdict.transit) ?? verdict
    if (verdict.kind !== 'accept') return verdict
  }
  if (walk.hook === 'INPUT' || walk.hook === 'POSTROUTING') confirm(walk.surroundings.connections, verdict.transit.tracked)
  return verdict
}

interface Step {
  readonly step: string
  readonly rules: PacketRules
  readonly tracks: boolean
}

function walkStep(walk: HookWalk, {step, rules, tracks}: Step): TableVerdict {
  switch (step) {
    case 'track':
      return {kind: 'accept', transit: tracks ? tracked(walk) : walk.transit}
    case 'nat':
      return tracks ? walkNat(walk, rules) : {kind: 'accept', transit: walk.transit}
    default:
      return walkTables(walk, {tables: rules.tables.filter(({name}) => name === step)})
  }
}

/** Packets that were tracked before they came round the loopback keep their connection. */
function tracked({transit, surroundings}: HookWalk): Transit {
  if (transit.tracked !== undefined) return transit
  return {...transit, tracked: track(surroundings.connections, {packet: transit.packet, zone: transit.zone})}
}

function walkTables(walk: HookWalk, {tables}: {readonly tables: readonly RuleTable[]}): TableVerdict {
  let verdict: TableVerdict = {kind: 'accept', transit: walk.transit}
  for (const table of tables) {
    verdict = walkTable({...walk, table, transit: verdict.transit})
    if (verdict.kind !== 'accept') return verdict
  }
  return verdict
}

/** The nat table is asked once per connection and side; every packet is then rewritten as it was decided. Source: nf_nat_inet_fn. */
function walkNat(walk: HookWalk, rules: PacketRules): TableVerdict {
  const side = SIDES[walk.hook]
  if (side === undefined) return {kind: 'accept', transit: walk.transit}
  const tables = rules.tables.filter(({name}) => name === 'nat')
  const asked = isUnbound(walk.transit, side) ? walkTables(walk, {tables}) : undefined
  if (asked !== undefined && asked.kind !== 'accept') return asked
  const transit = asked?.transit ?? walk.transit
  if (asked !== undefined) bindUnchanged(walk, {entry: transit.tracked, side})
  return {kind: 'accept', transit: {...transit, packet: translate(transit.packet, {tracked: transit.tracked, side})}}
}

/** Without a matching rule the side is bound to what it is, with another source port if that would clash (nf_nat_alloc_null_binding). */
function bindUnchanged({surroundings}: HookWalk, {entry, side}: {readonly entry: Tracked | undefined; readonly side: Side}): void {
  if (entry?.state !== 'new' || entry.connection.bound[side]) return
  const {connection} = entry
  connection.bound[side] = true
  if (side === 'source') connection.reply = uniqueReply(surroundings.connections, {connection, reply: connection.reply})
}

/** A reset that answers for REJECT is related, and asks as well; errors never do. */
function isUnbound({tracked: entry, packet}: Transit, side: Side): boolean {
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

const CONNECTION_MATCHES = new Set(['connmark', 'ct-state', 'ct-destination', 'ct-destination-port', 'ct-direction'])
const CONNECTION_TARGETS = new Set(['redirect', 'dnat', 'snat', 'masquerade', 'set-connmark', 'save-mark', 'restore-mark', 'zone'])

function asksConnection({
  matches,
  target,
}: {
  readonly matches: readonly {readonly kind: string}[]
  readonly target: {readonly kind: string}
}): boolean {
  return matches.some(({kind}) => CONNECTION_MATCHES.has(kind)) || CONNECTION_TARGETS.has(target.kind)
}
