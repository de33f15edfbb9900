import {View} from '../../json/view.js'
import {domainCandidates, exactCandidates, ipCandidates, prefixCandidates, type Candidate} from './candidates.js'

/** A key matched and its nested matcher found nothing: that ends the whole matcher, or the next candidate has its turn. */
export type MissRule = 'final' | 'resume'

/** The entries of one matcher tree. */
export interface TreeLevel {
  /** Entries that an input selects, in the order Envoy tries them. */
  readonly find: (text: string) => readonly Candidate[]
  /** What may be asked of an unknown input; empty where the entries cannot be told apart by a key. */
  readonly keys: readonly string[]
  /** How a key says what it holds of the input. */
  readonly relation: 'is' | 'starts with'
  readonly rule: MissRule
}

type Find = (container: View, text: string) => Candidate[]

/** envoy-2022 D2: both custom matchers try less specific entries after a nested miss, in every version. */
const CUSTOM: ReadonlyMap<string, Find> = new Map<string, Find>([
  ['xds.type.matcher.v3.IPMatcher', ipCandidates],
  ['xds.type.matcher.v3.ServerNameMatcher', domainCandidates],
  ['xds.type.matcher.v3.DomainMatcher', domainCandidates],
])

/** The entries of a matcher_tree; undefined for a kind this tool does not know. Source: envoy-2022 D2. */
export function treeLevel(tree: View, rules: {readonly nested: MissRule; readonly prefix: MissRule}): TreeLevel | undefined {
  const exact = tree.get('exact_match_map')
  if (exact !== undefined) return mapLevel(exact, {find: exactCandidates, relation: 'is', rule: rules.nested})
  const prefix = tree.get('prefix_match_map')
  if (prefix !== undefined) return mapLevel(prefix, {find: prefixCandidates, relation: 'starts with', rule: rules.prefix})
  const custom = tree.path('custom_match', 'typed_config')
  const find = CUSTOM.get(custom?.typeName() ?? '')
  return custom === undefined || find === undefined
    ? undefined
    : {find: (text) => find(custom, text), keys: [], relation: 'is', rule: 'resume'}
}

function mapLevel(matcher: View, {find, ...rest}: {find: Find} & Pick<TreeLevel, 'relation' | 'rule'>): TreeLevel {
  const map = matcher.get('map') ?? new View({}, matcher.pointer)
  return {...rest, find: (text) => find(map, text), keys: map.entries().map(([key]) => key)}
}
