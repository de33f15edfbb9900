import type {View} from '../../../json/view.js'

/** Deeper matcher trees than this are nobody's configuration. */
const MAX_DEPTH = 32

/** Cluster name → destination ports whose matcher branch leads to it, over all chains of a listener (envoy-2022 A.2). */
export function servicePorts(listener: View): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  const matcher = listener.get('filter_chain_matcher')
  if (matcher === undefined) return found
  const clusters = new Map(listener.list('filter_chains').map((chain) => [chain.str('name') ?? '', clusterOf(chain)]))
  for (const {chain, port} of branches({matcher, port: undefined, depth: 0})) {
    const cluster = clusters.get(chain)
    if (cluster !== undefined) found.set(cluster, (found.get(cluster) ?? new Set<number>()).add(port))
  }
  return found
}

interface Place {
  readonly matcher: View
  readonly port: number | undefined
  readonly depth: number
}

interface Found {
  readonly chain: string
  readonly port: number
}

function branches({matcher, port, depth}: Place): Found[] {
  const tree = matcher.get('matcher_tree')
  const byPort = tree?.path('input', 'typed_config')?.typeName()?.endsWith('.DestinationPortInput') === true
  const keys = tree?.path('exact_match_map', 'map')?.entries() ?? []
  const fallback = matcher.get('on_no_match')
  return [
    ...keys.flatMap(([key, match]) => follow(match, {port: byPort ? Number(key) : port, depth})),
    ...(fallback === undefined ? [] : follow(fallback, {port, depth})),
  ]
}

function follow(match: View, {port, depth}: Omit<Place, 'matcher'>): Found[] {
  const matcher = match.get('matcher')
  if (matcher !== undefined) return depth < MAX_DEPTH ? branches({matcher, port, depth: depth + 1}) : []
  const chain = match.path('action', 'typed_config')?.str('value')
  return chain === undefined || port === undefined ? [] : [{chain, port}]
}

function clusterOf(chain: View): string | undefined {
  return chain.list('filters').flatMap((filter) => filter.get('typed_config')?.str('cluster') ?? [])[0]
}
