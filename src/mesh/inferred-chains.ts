import type {EnvoyConfig} from '../envoy/config/model.js'
import type {View} from '../json/view.js'
import {parseSecretName, sourceOfChain} from './inferred-names.js'
import {normalIp} from './ip.js'

/** One thing a dump says about an address. */
export interface AddressFact {
  readonly ip: string
  readonly identity?: string
  readonly pod?: string
  readonly controller?: string
  readonly namespace?: string
  /** The pod runs on the node of the proxy that says so. */
  readonly local?: true
  readonly waypoint?: true
  readonly view: View
}

/** Pods behind the inbound chains of a ztunnel: one chain per pod address, with the pod's certificate (envoy-2022 A.6). */
export function inboundPods(config: EnvoyConfig): readonly AddressFact[] {
  return chainsOf(config).flatMap((chain) => {
    const [range, ...others] = chain.path('filter_chain_match')?.list('prefix_ranges') ?? []
    const ip = range === undefined || others.length > 0 ? undefined : singleAddress(range)
    const secret = secretName(chain.path('transport_socket', 'typed_config')?.message())
    const named = secret === undefined ? undefined : parseSecretName(secret)
    return ip === undefined || named === undefined ? [] : [{ip, ...named, local: true as const, view: chain}]
  })
}

/** Pods that may connect: the source addresses in the matcher of the outbound listener (envoy-2022 A.2). */
export function outboundPods(config: EnvoyConfig): readonly AddressFact[] {
  return sourceTrees(config).flatMap(([ip, tree]) => {
    const [chain] = leavesOf(tree, 1)
    const identity = chain === undefined ? undefined : sourceOfChain(chain.chain)
    return [{ip: normalIp(ip), ...(identity === undefined ? {} : {identity}), local: true as const, view: tree}]
  })
}

/** One end of a matcher tree: which inputs led to which chain. */
export interface Leaf {
  readonly destination?: string
  readonly port?: number
  readonly chain: string
  readonly view: View
}

/** Destinations as the first source address sees them: all sources see the same services. */
export function destinations(config: EnvoyConfig): readonly Leaf[] {
  const [first] = sourceTrees(config)
  return first === undefined ? [] : leavesOf(first[1], MAX_LEAVES)
}

/** Destinations read from one matcher; clusters beyond that are found by inventory only. */
const MAX_LEAVES = 200_000
const MAX_DEPTH = 8

function chainsOf(config: EnvoyConfig): readonly View[] {
  return config.listeners().flatMap(({view}) => view.list('filter_chains'))
}

function singleAddress(range: View): string | undefined {
  const ip = range.str('address_prefix')
  const length = range.num('prefix_len')
  return ip !== undefined && (length === 32 || length === 128) ? normalIp(ip) : undefined
}

function secretName(tls: View | undefined): string | undefined {
  return tls?.get('common_tls_context')?.list('tls_certificate_sds_secret_configs')[0]?.str('name')
}

/** The maps by source address, wherever a listener's matcher has them. */
function sourceTrees(config: EnvoyConfig): readonly [string, View][] {
  return config.listeners().flatMap(({view}) => {
    const matcher = view.get('filter_chain_matcher')
    return matcher === undefined ? [] : treesBySource(matcher, 0)
  })
}

function treesBySource(matcher: View, depth: number): readonly [string, View][] {
  if (depth > MAX_DEPTH) return []
  if (inputOf(matcher) === 'SourceIPInput') return entriesOf(matcher)
  return [...entriesOf(matcher).map(([, onMatch]) => onMatch), ...missOf(matcher)]
    .flatMap((onMatch) => onMatch.get('matcher') ?? [])
    .flatMap((inner) => treesBySource(inner, depth + 1))
}

/** The chains a tree leads to, at most `limit` of them, in document order. */
function leavesOf(onMatch: View, limit: number): readonly Leaf[] {
  const leaves: Leaf[] = []
  const pending: Branching[] = [{view: onMatch, inputs: {}, depth: 0}]
  for (let next = pending.pop(); next !== undefined && leaves.length < limit; next = pending.pop()) {
    const chain = next.view.path('action', 'typed_config')?.message().str('value')
    if (chain !== undefined) leaves.push({...next.inputs, chain, view: next.view})
    pending.push(...innerBranches(next).toReversed())
  }
  return leaves
}

interface Branching {
  readonly view: View
  readonly inputs: Omit<Leaf, 'chain' | 'view'>
  readonly depth: number
}

function innerBranches({view, inputs, depth}: Branching): readonly Branching[] {
  const matcher = view.get('matcher')
  if (matcher === undefined || depth > MAX_DEPTH) return []
  const input = inputOf(matcher)
  return entriesOf(matcher).map(([key, inner]) => ({view: inner, inputs: {...inputs, ...inputFact(input, key)}, depth: depth + 1}))
}

function inputFact(input: string | undefined, key: string): Partial<Leaf> {
  if (input === 'DestinationIPInput') return {destination: key}
  return input === 'DestinationPortInput' ? {port: Number(key)} : {}
}

function inputOf(matcher: View): string | undefined {
  return matcher.path('matcher_tree', 'input', 'typed_config')?.typeName()?.split('.').at(-1)
}

function entriesOf(matcher: View): [string, View][] {
  return matcher.path('matcher_tree', 'exact_match_map', 'map')?.entries() ?? []
}

function missOf(matcher: View): readonly View[] {
  const onMiss = matcher.get('on_no_match')
  return onMiss === undefined ? [] : [onMiss]
}
