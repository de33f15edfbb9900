import type {View} from '../../json/view.js'
import type {SocketAddress} from '../../flow/address.js'
import type {Connection} from '../connection.js'
import {ipBytes, parseRange, type Range} from '../match/ip.js'
import {ipTrie} from '../match/ip-trie.js'

/** Chains that stay together after one level. */
export interface Group {
  readonly chains: readonly View[]
  /** How the group is told from the others. */
  readonly name: string
}

/** The groups that stay for a connection. None: the level fails. More than one: Envoy looks at one of them only. */
export type GroupLookup<G> = (connection: Connection) => readonly G[]

/** Builds the look-up of one level over chains; `open` makes of a group what a question goes on with. */
export type LevelIndex = <G>(chains: readonly View[], open: (group: Group) => G) => GroupLookup<G>

/** A level that compares texts: the first wanted key that any chain has, else the chains that ask for nothing. */
export function byKey(level: {
  readonly keys: (match: View | undefined) => readonly string[]
  readonly wanted: (connection: Connection) => readonly string[]
}): LevelIndex {
  return (chains, open) => {
    const keysOf = (chain: View): readonly string[] => level.keys(chain.get('filter_chain_match'))
    const held = grouped(chains, (chain) => keysOf(chain))
    const groups = new Map([...held].map(([key, members]) => [key, open({chains: members, name: 'the value'})]))
    const others = chains.filter((chain) => keysOf(chain).length === 0)
    const any = others.length === 0 ? [] : [open({chains: others, name: 'the value'})]
    return (connection) => {
      const key = level.wanted(connection).find((wanted) => groups.has(wanted))
      const found = key === undefined ? undefined : groups.get(key)
      return found === undefined ? any : [found]
    }
  }
}

/** envoy-2022 D3: a non-IP address is looked up as 255.255.255.255, so only unrestricted ranges match. */
const FAKE_ADDRESS = '255.255.255.255'

/** A level that compares an address with ranges: the chains with the longest one; no ranges at all is the widest. */
export function byRange(level: {
  readonly field: string
  readonly address: (connection: Connection) => SocketAddress | undefined
}): LevelIndex {
  return (chains, open) => {
    const rangesOf = (chain: View): readonly View[] => chain.get('filter_chain_match')?.list(level.field) ?? []
    const without = chains.filter((chain) => rangesOf(chain).length === 0)
    const any = without.length === 0 ? [] : [open({chains: without, name: 'no ranges'})]
    const members = grouped(chains, (chain) => rangesOf(chain).flatMap(rangeKey))
    const trie = ipTrie(
      [...members].map(([key, held]) => [rangeOf(key), {whole: isWhole(key), group: open({chains: held, name: 'such a range'})}] as const),
    )
    return (connection) => {
      const [found] = trie.find(ipBytes(level.address(connection)?.ip ?? FAKE_ADDRESS) ?? [])
      if (found === undefined) return any
      // filter_chain_manager_impl.cc convertIPsToTries: no ranges and a range of length 0 share a trie node, whose set has no order.
      return found.whole ? [...any, found.group] : [found.group]
    }
  }
}

/** `10.1.2.3/8` and `10.0.0.0/8` are one range: its first bits as text. */
function rangeKey(view: View): string[] {
  const range = parseRange({prefix: view.str('address_prefix') ?? '', length: view.num('prefix_len') ?? 0})
  if (range === undefined) return []
  const bits = range.bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return [`${bits.slice(0, range.length)}${'x'.repeat(bits.length - range.length)}`]
}

function isWhole(key: string): boolean {
  return key.startsWith('x')
}

function rangeOf(key: string): Range {
  const wild = key.indexOf('x')
  const bits = key.replaceAll('x', '0')
  const bytes = Array.from({length: bits.length / 8}, (_, index) => Number.parseInt(bits.slice(index * 8, index * 8 + 8), 2))
  return {bytes, length: wild < 0 ? bits.length : wild}
}

/** Chains by key, each chain once per key, in their order. */
function grouped(chains: readonly View[], keysOf: (chain: View) => readonly string[]): Map<string, View[]> {
  const groups = new Map<string, View[]>()
  for (const chain of chains) {
    for (const key of new Set(keysOf(chain))) {
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [chain])
      else group.push(chain)
    }
  }
  return groups
}
