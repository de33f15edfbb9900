import {isObject, type View} from '../../json/view.js'
import {legacyMatcher, type ChainMatcher} from './legacy.js'

/** The filter chains of a listener, ready for many questions. */
interface CompiledChains {
  readonly byMatch: ChainMatcher
  /** The first chain of a name. */
  readonly byName: ReadonlyMap<string, View>
}

/** By the raw listener: batches ask one listener thousands of times. */
const compiled = new WeakMap<object, CompiledChains>()

export function compiledChains(listener: View): CompiledChains {
  const raw = isObject(listener.value) ? listener.value : {}
  const known = compiled.get(raw) ?? compile(listener.list('filter_chains'))
  compiled.set(raw, known)
  return known
}

function compile(chains: readonly View[]): CompiledChains {
  const named = chains.map((chain) => [chain.str('name') ?? '', chain] as const).filter(([name]) => name !== '')
  // Of two pairs with one key a Map keeps the last.
  return {byMatch: legacyMatcher(chains), byName: new Map(named.toReversed())}
}
