import type {Condition} from '../../flow/forwarder.js'
import type {Rejected} from '../../flow/step.js'
import {toNumber, type View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import {isLocalSource} from '../matcher/inputs.js'
import {byKey, byRange, type Group, type GroupLookup, type LevelIndex} from './chain-index.js'

export interface LegacyMatch {
  readonly chain?: View
  /** Every other chain, with the level that ruled it out; worked out when it is read. */
  readonly rejected: readonly Rejected[]
  /** The level that found no chain. */
  readonly failedAt?: string
  readonly because: readonly string[]
  /** Set where the config does not say which chains Envoy looks at: what must hold for this outcome. */
  readonly requires: readonly Condition[]
}

interface Level {
  readonly name: string
  readonly index: LevelIndex
  readonly value: (connection: Connection) => string
}

/**
 * filter_chain_match: nine levels, each greedy, no backtracking into a less specific entry of an earlier level.
 * Source: envoy-2022 D3; filter_chain_manager_impl.cc findFilterChain*.
 */
const LEVELS: readonly Level[] = [
  {
    name: 'destination_port',
    index: byKey({keys: (match) => set(String(match?.num('destination_port') ?? 0), '0'), wanted: ({local}) => portText(local)}),
    value: ({local}) => String(local?.port ?? 'none'),
  },
  {
    name: 'prefix_ranges',
    index: byRange({field: 'prefix_ranges', address: ({local}) => local}),
    value: ({local}) => local?.ip ?? 'internal',
  },
  {
    name: 'server_names',
    index: byKey({
      keys: (match) => texts(match, 'server_names').map((name) => name.toLowerCase()),
      wanted: ({serverName}) => serverNameCandidates(serverName),
    }),
    value: ({serverName}) => serverName ?? 'no SNI',
  },
  {
    name: 'transport_protocol',
    index: byKey({keys: (match) => set(match?.str('transport_protocol') ?? '', ''), wanted: ({transportProtocol}) => [transportProtocol]}),
    value: ({transportProtocol}) => transportProtocol,
  },
  {
    name: 'application_protocols',
    index: byKey({
      keys: (match) => texts(match, 'application_protocols'),
      wanted: ({applicationProtocols}) => applicationProtocols,
    }),
    value: ({applicationProtocols}) => (applicationProtocols.length === 0 ? 'none' : applicationProtocols.join(',')),
  },
  {
    name: 'direct_source_prefix_ranges',
    index: byRange({field: 'direct_source_prefix_ranges', address: ({directRemote}) => directRemote}),
    value: ({directRemote}) => directRemote?.ip ?? 'internal',
  },
  {
    name: 'source_type',
    index: byKey({
      keys: (match) => set(match?.str('source_type') ?? 'ANY', 'ANY'),
      wanted: (connection) => [isLocalSource(connection) ? 'SAME_IP_OR_LOOPBACK' : 'EXTERNAL'],
    }),
    value: (connection) => (isLocalSource(connection) ? 'local' : 'external'),
  },
  {
    name: 'source_prefix_ranges',
    index: byRange({field: 'source_prefix_ranges', address: ({remote}) => remote}),
    value: ({remote}) => remote?.ip ?? 'internal',
  },
  {
    name: 'source_ports',
    index: byKey({
      keys: (match) => (match?.list('source_ports') ?? []).flatMap((port) => toNumber(port.value)?.toString() ?? []),
      wanted: ({remote}) => portText(remote),
    }),
    value: ({remote}) => String(remote?.port ?? 'none'),
  },
]

/** The chains of a listener, compiled level by level as questions need them: nested maps in the order of the levels. */
export interface ChainMatcher {
  /** The chain of a connection; more than one outcome only where Envoy itself leaves it to chance which chains it sees. */
  readonly match: (connection: Connection) => readonly LegacyMatch[]
}

export function legacyMatcher(chains: readonly View[]): ChainMatcher {
  const root = openNode(0, {chains, name: 'all'})
  return {
    match: (connection) =>
      chains.length === 0 ? [{rejected: [], requires: [], because: []}] : descend({node: root, passed: [], requires: []}, connection),
  }
}

interface ChainNode extends Group {
  readonly level: Level | undefined
  readonly next: GroupLookup<ChainNode>
}

function openNode(depth: number, group: Group): ChainNode {
  const level = LEVELS[depth]
  let compiled: GroupLookup<ChainNode> | undefined
  const next: GroupLookup<ChainNode> = (connection) => {
    compiled ??= level?.index(group.chains, (inner) => openNode(depth + 1, inner)) ?? (() => [])
    return compiled(connection)
  }
  return {...group, level, next}
}

interface Descent {
  readonly node: ChainNode
  /** The levels so far, with what each kept. */
  readonly passed: readonly PassedLevel[]
  readonly requires: readonly Condition[]
}

interface PassedLevel {
  readonly level: Level
  readonly left: readonly View[]
  readonly kept: readonly View[]
}

function descend({node, passed, requires}: Descent, connection: Connection): readonly LegacyMatch[] {
  const {level} = node
  if (level === undefined) return [outcome({chain: node.chains[0], passed, requires}, connection)]
  const groups = node.next(connection)
  const through = (kept: readonly View[]): PassedLevel[] => [...passed, {level, left: node.chains, kept}]
  if (groups.length === 0) return [outcome({failed: level, passed: through([]), requires}, connection)]
  return groups.flatMap((group) =>
    descend({node: group, passed: through(group.chains), requires: [...requires, ...conditionOf(level, {group, groups})]}, connection),
  )
}

type End = Omit<Descent, 'node'> & {readonly chain?: View | undefined; readonly failed?: Level}

function outcome({chain, failed, passed, requires}: End, connection: Connection): LegacyMatch {
  return {
    ...(chain === undefined ? {} : {chain}),
    ...(failed === undefined ? {} : {failedAt: failed.name}),
    because: failed === undefined ? decidingFields(chain, connection) : [`${failed.name} ${failed.value(connection)}`],
    requires,
    get rejected() {
      return passed.flatMap((level) => rejectedBy(level, connection))
    },
  }
}

function rejectedBy({level, left, kept}: PassedLevel, connection: Connection): Rejected[] {
  if (left.length === kept.length) return []
  const stays = new Set(kept)
  const value = level.value(connection)
  return left
    .filter((chain) => !stays.has(chain))
    .map((chain) => ({candidate: chainName(chain), because: ruledOut({chain, value, field: level.name})}))
}

function conditionOf(level: Level, {group, groups}: {group: Group; groups: readonly Group[]}): Condition[] {
  const what = `${level.name}: Envoy keeps the chains with ${group.name} (it stores both ways to say "any", and uses one)`
  return groups.length < 2 ? [] : [{what, group: `${level.name} any`}]
}

export function chainName(chain: View): string {
  return chain.str('name') ?? '(unnamed)'
}

function decidingFields(chain: View | undefined, connection: Connection): string[] {
  const match = chain?.get('filter_chain_match')
  return LEVELS.filter((level) => match?.get(level.name) !== undefined).map((level) => `${level.name} ${level.value(connection)}`)
}

/** A chain without the criterion takes every value, but one that asks for this very value comes first. */
function ruledOut({chain, field, value}: {readonly chain: View; readonly field: string; readonly value: string}): string {
  const wanted = chain.get('filter_chain_match')?.get(field)
  if (wanted === undefined) return `takes every value of ${field}, and another chain asks for ${value}`
  const criteria = Array.isArray(wanted.value) ? wanted.items() : [wanted]
  return `wants ${field} ${criteria.map(criterionText).join(',')}, got ${value}`
}

function criterionText(item: View): string {
  const prefix = item.str('address_prefix')
  return prefix === undefined ? (item.text() ?? JSON.stringify(item.value)) : `${prefix}/${item.num('prefix_len') ?? 0}`
}

/** `a.b.c` is looked up as `a.b.c`, `*.b.c`, `*.c`. */
function serverNameCandidates(name: string | undefined): string[] {
  if (name === undefined) return []
  const labels = name.split('.')
  return [name, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`)]
}

function portText(address: {readonly port: number} | undefined): string[] {
  return address === undefined ? [] : [String(address.port)]
}

/** A field that is not at its default. */
function set(value: string, initial: string): string[] {
  return value === initial ? [] : [value]
}

function texts(match: View | undefined, field: string): string[] {
  return (match?.list(field) ?? []).map((item) => item.text() ?? '')
}
