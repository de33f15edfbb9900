import {isObject, View} from '../../json/view.js'
import {domainLookup, exactLookup, ipLookup, prefixLookup, type Candidate, type Lookup} from './candidates.js'

/** A key matched and its nested matcher found nothing: that ends the whole matcher, or the next candidate has its turn. */
export type MissRule = 'final' | 'resume'

/** The entries of one matcher tree. */
export interface TreeLevel {
  /** Entries that an input selects, in the order Envoy tries them. */
  readonly find: (text: string) => readonly Candidate[]
  /** Every entry, with its key in words. */
  readonly all: () => readonly Candidate[]
  /** What may be asked of an unknown input; empty where the entries cannot be told apart by a key. */
  readonly keys: () => readonly string[]
  /** How a key says what it holds of the input. */
  readonly relation: 'is' | 'starts with'
  readonly rule: MissRule
}

interface CompiledTree extends Lookup {
  readonly kind: 'exact' | 'prefix' | 'custom'
}

/** envoy-2022 D2: both custom matchers try less specific entries after a nested miss, in every version. */
const CUSTOM: ReadonlyMap<string, (matcher: View) => Lookup> = new Map([
  ['xds.type.matcher.v3.IPMatcher', ipLookup],
  ['xds.type.matcher.v3.ServerNameMatcher', domainLookup],
  ['xds.type.matcher.v3.DomainMatcher', domainLookup],
])

/** The entries of a matcher_tree; undefined for a kind this tool does not know. Source: envoy-2022 D2. */
export function treeLevel(tree: View, rules: {readonly nested: MissRule; readonly prefix: MissRule}): TreeLevel | undefined {
  const compiled = compiledTree(tree)
  if (compiled === undefined) return undefined
  const {kind, find, all} = compiled
  switch (kind) {
    case 'exact':
      return {find, all, keys: () => keysOf(compiled), relation: 'is', rule: rules.nested}
    case 'prefix':
      return {find, all: () => inWords(compiled), keys: () => keysOf(compiled), relation: 'starts with', rule: rules.prefix}
    case 'custom':
      return {find, all, keys: () => [], relation: 'is', rule: 'resume'}
    default:
      return kind satisfies never
  }
}

function keysOf({all}: Lookup): string[] {
  return all().map(({key}) => key)
}

function inWords({all}: Lookup): Candidate[] {
  return all().map(({key, onMatch}) => ({key: `prefix ${key}`, onMatch}))
}

/** By the raw tree: every question about a listener asks the same one. */
const compiledTrees = new WeakMap<object, CompiledTree | 'unknown'>()

function compiledTree(tree: View): CompiledTree | undefined {
  const raw = isObject(tree.value) ? tree.value : {}
  const known = compiledTrees.get(raw) ?? compileTree(tree) ?? 'unknown'
  compiledTrees.set(raw, known)
  return known === 'unknown' ? undefined : known
}

function compileTree(tree: View): CompiledTree | undefined {
  const exact = tree.get('exact_match_map')
  if (exact !== undefined) return {kind: 'exact', ...exactLookup(mapOf(exact))}
  const prefix = tree.get('prefix_match_map')
  if (prefix !== undefined) return {kind: 'prefix', ...prefixLookup(mapOf(prefix))}
  const custom = tree.path('custom_match', 'typed_config')
  const lookup = CUSTOM.get(custom?.typeName() ?? '')
  return custom === undefined || lookup === undefined ? undefined : {kind: 'custom', ...lookup(custom)}
}

function mapOf(matcher: View): View {
  return matcher.get('map') ?? new View({}, matcher.pointer)
}
