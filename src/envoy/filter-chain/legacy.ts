import type {Condition} from '../../flow/forwarder.js'
import type {Rejected} from '../../flow/step.js'
import type {SocketAddress} from '../../flow/address.js'
import {toNumber, type View} from '../../json/view.js'
import type {Connection} from '../connection.js'
import {inRange, ipBytes, parseRange} from '../match/ip.js'
import {isLocalSource} from '../matcher/inputs.js'

export interface LegacyMatch {
  readonly chain?: View
  readonly rejected: readonly Rejected[]
  /** The level that found no chain. */
  readonly failedAt?: string
  readonly because: readonly string[]
  /** Set where the config does not say which chains Envoy looks at: what must hold for this outcome. */
  readonly requires: readonly Condition[]
}

interface Level {
  readonly name: string
  /** Chains that stay. None: the level fails, and with it the whole match. More than one group: only one of them is looked at further. */
  readonly keep: (chains: readonly View[], connection: Connection) => readonly Group[]
  readonly value: (connection: Connection) => string
}

interface Group {
  readonly chains: readonly View[]
  /** How the group is told from the others. */
  readonly name: string
}

/**
 * filter_chain_match: nine levels, each greedy, no backtracking into a less specific entry of an earlier level.
 * Source: envoy-2022 D3; filter_chain_manager_impl.cc findFilterChain*.
 */
const LEVELS: readonly Level[] = [
  {name: 'destination_port', keep: only(byPort), value: ({local}) => String(local?.port ?? 'none')},
  {
    name: 'prefix_ranges',
    keep: (chains, {local}) => byRanges(chains, {field: 'prefix_ranges', address: local}),
    value: ({local}) => local?.ip ?? 'internal',
  },
  {name: 'server_names', keep: only(byServerName), value: ({serverName}) => serverName ?? 'no SNI'},
  {name: 'transport_protocol', keep: only(byTransportProtocol), value: ({transportProtocol}) => transportProtocol},
  {
    name: 'application_protocols',
    keep: only(byApplicationProtocol),
    value: ({applicationProtocols}) => (applicationProtocols.length === 0 ? 'none' : applicationProtocols.join(',')),
  },
  {
    name: 'direct_source_prefix_ranges',
    keep: (chains, {directRemote}) => byRanges(chains, {field: 'direct_source_prefix_ranges', address: directRemote}),
    value: ({directRemote}) => directRemote?.ip ?? 'internal',
  },
  {name: 'source_type', keep: only(bySourceType), value: (connection) => (isLocalSource(connection) ? 'local' : 'external')},
  {
    name: 'source_prefix_ranges',
    keep: (chains, {remote}) => byRanges(chains, {field: 'source_prefix_ranges', address: remote}),
    value: ({remote}) => remote?.ip ?? 'internal',
  },
  {name: 'source_ports', keep: only(bySourcePort), value: ({remote}) => String(remote?.port ?? 'none')},
]

/** The chain of a connection; more than one outcome only where Envoy itself leaves it to chance which chains it sees. */
export function matchLegacy(chains: readonly View[], connection: Connection): readonly LegacyMatch[] {
  return chains.length === 0
    ? [{rejected: [], requires: [], because: []}]
    : descend({left: chains, levels: LEVELS, rejected: [], requires: []}, connection)
}

interface Descent {
  readonly left: readonly View[]
  readonly levels: readonly Level[]
  readonly rejected: readonly Rejected[]
  readonly requires: readonly Condition[]
}

function descend({left, levels, rejected, requires}: Descent, connection: Connection): readonly LegacyMatch[] {
  const [level, ...deeper] = levels
  if (level === undefined) {
    const [chain] = left
    return [{...(chain === undefined ? {} : {chain}), rejected, requires, because: decidingFields(chain, connection)}]
  }
  const value = level.value(connection)
  const groups = level.keep(left, connection)
  const ruledOut = (kept: readonly View[]): readonly Rejected[] => [...rejected, ...rejectedBy(level, {left, kept, value})]
  if (groups.length === 0) return [{rejected: ruledOut([]), requires, failedAt: level.name, because: [`${level.name} ${value}`]}]
  return groups.flatMap((group) =>
    descend(
      {
        left: group.chains,
        levels: deeper,
        rejected: ruledOut(group.chains),
        requires: [...requires, ...conditionOf(level, {group, groups})],
      },
      connection,
    ),
  )
}

function rejectedBy(level: Level, {left, kept, value}: {left: readonly View[]; kept: readonly View[]; value: string}): Rejected[] {
  return left
    .filter((chain) => !kept.includes(chain))
    .map((chain) => ({candidate: chainName(chain), because: `${level.name}: ${criterion(chain, level.name)}, not ${value}`}))
}

function conditionOf(level: Level, {group, groups}: {group: Group; groups: readonly Group[]}): Condition[] {
  const what = `${level.name}: Envoy keeps the chains with ${group.name} (it stores both ways to say "any", and uses one)`
  return groups.length < 2 ? [] : [{what, group: `${level.name} any`}]
}

function only(keep: (chains: readonly View[], connection: Connection) => readonly View[]): Level['keep'] {
  return (chains, connection) => {
    const kept = keep(chains, connection)
    return kept.length === 0 ? [] : [{chains: kept, name: 'the value'}]
  }
}

export function chainName(chain: View): string {
  return chain.str('name') ?? '(unnamed)'
}

function decidingFields(chain: View | undefined, connection: Connection): string[] {
  const match = chain?.get('filter_chain_match')
  return LEVELS.filter((level) => match?.get(level.name) !== undefined).map((level) => `${level.name} ${level.value(connection)}`)
}

function criterion(chain: View, field: string): string {
  const wanted = chain.get('filter_chain_match')?.get(field)
  if (wanted === undefined) return 'any (a chain asking for it exactly comes first)'
  return Array.isArray(wanted.value)
    ? wanted
        .items()
        .map((item) => criterionText(item))
        .join(',')
    : criterionText(wanted)
}

function criterionText(item: View): string {
  const prefix = item.str('address_prefix')
  return prefix === undefined ? (item.text() ?? JSON.stringify(item.value)) : `${prefix}/${item.num('prefix_len') ?? 0}`
}

function byPort(chains: readonly View[], {local}: Connection): readonly View[] {
  const port = (chain: View): number => chain.get('filter_chain_match')?.num('destination_port') ?? 0
  const exact = local === undefined ? [] : chains.filter((chain) => port(chain) === local.port)
  return exact.length > 0 ? exact : chains.filter((chain) => port(chain) === 0)
}

/** envoy-2022 D3: a non-IP address is looked up as 255.255.255.255, so only unrestricted ranges match. */
const FAKE_ADDRESS = '255.255.255.255'

function byRanges(chains: readonly View[], query: {field: string; address: SocketAddress | undefined}): readonly Group[] {
  const bytes = ipBytes(query.address?.ip ?? FAKE_ADDRESS) ?? []
  const rangesOf = (chain: View): readonly View[] => chain.get('filter_chain_match')?.list(query.field) ?? []
  const lengths = chains.map((chain) => longestPrefix(rangesOf(chain), bytes))
  const best = Math.max(...lengths)
  if (best < 0) return []
  const kept = chains.filter((_, index) => lengths[index] === best)
  // filter_chain_manager_impl.cc convertIPsToTries: no ranges and a range of length 0 share a trie node, whose set has no order.
  const groups = [
    {name: 'no ranges', chains: kept.filter((chain) => rangesOf(chain).length === 0)},
    {name: 'such a range', chains: kept.filter((chain) => rangesOf(chain).length > 0)},
  ]
  return groups.filter((group) => group.chains.length > 0)
}

/** Length of the longest range that holds the address; no ranges at all is /0; -1 when none matches. */
function longestPrefix(ranges: readonly View[], bytes: readonly number[]): number {
  if (ranges.length === 0) return 0
  return Math.max(
    -1,
    ...ranges.map((view) => {
      const range = parseRange({prefix: view.str('address_prefix') ?? '', length: view.num('prefix_len') ?? 0})
      return range !== undefined && inRange(bytes, range) ? range.length : -1
    }),
  )
}

function byServerName(chains: readonly View[], {serverName}: Connection): readonly View[] {
  const names = (chain: View): string[] =>
    (chain.get('filter_chain_match')?.list('server_names') ?? []).map((name) => (name.text() ?? '').toLowerCase())
  for (const candidate of serverNameCandidates(serverName)) {
    const matching = chains.filter((chain) => names(chain).includes(candidate))
    if (matching.length > 0) return matching
  }
  return chains.filter((chain) => names(chain).length === 0)
}

/** `a.b.c` is looked up as `a.b.c`, `*.b.c`, `*.c`. */
function serverNameCandidates(name: string | undefined): string[] {
  if (name === undefined) return []
  const labels = name.split('.')
  return [name, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`)]
}

function byTransportProtocol(chains: readonly View[], connection: Connection): readonly View[] {
  return exactOrNone(chains, {
    of: (chain) => [chain.get('filter_chain_match')?.str('transport_protocol') ?? ''].filter((value) => value !== ''),
    wanted: [connection.transportProtocol],
  })
}

function byApplicationProtocol(chains: readonly View[], connection: Connection): readonly View[] {
  const protocols = (chain: View): string[] =>
    (chain.get('filter_chain_match')?.list('application_protocols') ?? []).map((item) => item.text() ?? '')
  return exactOrNone(chains, {of: protocols, wanted: connection.applicationProtocols})
}

function exactOrNone(chains: readonly View[], query: {of: (chain: View) => readonly string[]; wanted: readonly string[]}): readonly View[] {
  for (const wanted of query.wanted) {
    const matching = chains.filter((chain) => query.of(chain).includes(wanted))
    if (matching.length > 0) return matching
  }
  return chains.filter((chain) => query.of(chain).length === 0)
}

function bySourceType(chains: readonly View[], connection: Connection): readonly View[] {
  const type = (chain: View): string => chain.get('filter_chain_match')?.str('source_type') ?? 'ANY'
  const wanted = isLocalSource(connection) ? 'SAME_IP_OR_LOOPBACK' : 'EXTERNAL'
  const exact = chains.filter((chain) => type(chain) === wanted)
  return exact.length > 0 ? exact : chains.filter((chain) => type(chain) === 'ANY')
}

function bySourcePort(chains: readonly View[], {remote}: Connection): readonly View[] {
  const ports = (chain: View): number[] =>
    (chain.get('filter_chain_match')?.list('source_ports') ?? []).flatMap((port) => toNumber(port.value) ?? [])
  const exact = remote === undefined ? [] : chains.filter((chain) => ports(chain).includes(remote.port))
  return exact.length > 0 ? exact : chains.filter((chain) => ports(chain).length === 0)
}
