import type {DumpIndex} from '../../json/index-builder.js'
import type {Group} from '../../json/resource-index.js'
import type {DumpStore, ResourceRef} from '../../json/store.js'
import {lastToken} from '../../json/view.js'

export interface SplitDump {
  readonly index: DumpIndex
  readonly store: DumpStore
}

/**
 * A dump that holds the kept elements of another, each as its bytes were, in the same order and under the same keys.
 * Containers stay when they are empty: their keys tell which proxy printed the dump.
 */
export function* composeDump(dump: SplitDump, keeps: (id: number) => boolean): Generator<Uint8Array, void, undefined> {
  yield* enclosed(
    '{}',
    mapped(dump.index.documentKeys, (key) => member({dump, keeps}, key)),
  )
  yield Buffer.from('\n')
}

interface Composing {
  readonly dump: SplitDump
  readonly keeps: (id: number) => boolean
}

type Pieces = Generator<Uint8Array, void, undefined>

function* member(composing: Composing, key: string): Pieces {
  yield keyBytes(key)
  const groups = composing.dump.index.resources.groups.filter(({count}) => count > 0)
  if (key === 'configs') return yield* configs(composing, groups)
  const [group] = groups.filter(({config, key: own}) => config === undefined && own === key)
  if (group === undefined) yield Buffer.from('[]')
  else yield* content(composing, group)
}

/** Config objects keep their places, so that pointers into them stay; those that are elements themselves move up. */
function* configs(composing: Composing, groups: readonly Group[]): Pieces {
  const objects = new Map<number, Group[]>()
  for (const group of groups) if (group.config !== undefined) objects.set(group.config, [...(objects.get(group.config) ?? []), group])
  const kept = [...objects.values()].filter(([first]) => first?.key !== undefined || (first !== undefined && composing.keeps(first.first)))
  yield* enclosed(
    '[]',
    mapped(kept, (own) => configObject(composing, own)),
  )
}

function configObject(composing: Composing, groups: readonly Group[]): Pieces {
  const [first] = groups
  if (first !== undefined && first.key === undefined) return content(composing, first)
  return enclosed(
    '{}',
    mapped(groups, (group) => keyed(group.key ?? '', content(composing, group))),
  )
}

function* content({dump: {index, store}, keeps}: Composing, {first, count, last}: Group): Pieces {
  const ids = Array.from({length: count}, (_, at) => first + at).filter(keeps)
  const refs = mapped(ids, (id) => index.resources.ref(id))
  const bytesOf = (ref: ResourceRef): Uint8Array => store.raw(ref)
  if (last === 'nothing') return yield* mapped(refs, bytesOf)
  const item = (ref: ResourceRef): Iterable<Uint8Array> => (last === 'key' ? keyed(lastToken(ref.pointer), [bytesOf(ref)]) : [bytesOf(ref)])
  yield* enclosed(last === 'key' ? '{}' : '[]', mapped(refs, item))
}

function* keyed(key: string, value: Iterable<Uint8Array>): Pieces {
  yield keyBytes(key)
  yield* value
}

/** One item at a time: a section may have hundreds of thousands. */
function* enclosed(brackets: '{}' | '[]', items: Iterable<Iterable<Uint8Array>>): Pieces {
  let between = '\n'
  yield Buffer.from(brackets.charAt(0))
  for (const item of items) {
    yield Buffer.from(between)
    yield* item
    between = ',\n'
  }
  yield Buffer.from(between === '\n' ? brackets.charAt(1) : `\n${brackets.charAt(1)}`)
}

function* mapped<In, Out>(items: Iterable<In>, change: (item: In) => Out): Generator<Out, void, undefined> {
  for (const item of items) yield change(item)
}

function keyBytes(key: string): Uint8Array {
  return Buffer.from(`${JSON.stringify(key)}: `)
}
