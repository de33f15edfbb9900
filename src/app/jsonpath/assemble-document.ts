import {UsageError} from '../../flow/errors.js'
import type {DumpStore} from '../../json/store.js'
import {elements, tokensOf} from './elements.js'

/** Bytes of the largest dump that is put together in memory. */
const MAX_ASSEMBLED_BYTES = 256 * 1024 * 1024

/** A container that is still open: a list when its keys are 0, 1, 2 …. */
class Container {
  readonly members = new Map<string, unknown>()
}

/**
 * The dump as one value, from its elements. Empty lists, which Envoy does not print, are missing.
 * @throws UsageError when it is too large.
 */
export function assembleDocument(store: DumpStore): unknown {
  const root = new Container()
  let bytes = 0
  for (const ref of elements(store)) {
    bytes += store.raw(ref).length
    if (bytes > MAX_ASSEMBLED_BYTES) throw tooLarge()
    place(root, {keys: tokensOf(ref.pointer), value: store.read(ref).value})
  }
  return close(root)
}

function place(root: Container, {keys, value}: {keys: readonly string[]; value: unknown}): void {
  let open = root
  for (const key of keys.slice(0, -1)) {
    const inner = open.members.get(key)
    const next = inner instanceof Container ? inner : new Container()
    open.members.set(key, next)
    open = next
  }
  open.members.set(keys.at(-1) ?? '', value)
}

function close({members}: Container): unknown {
  const entries = [...members].map(([key, value]) => [key, value instanceof Container ? close(value) : value] as const)
  const inOrder = entries.toSorted(([a], [b]) => Number(a) - Number(b))
  return inOrder.every(([key], index) => key === String(index)) ? inOrder.map(([, value]) => value) : Object.fromEntries(entries)
}

function tooLarge(): UsageError {
  return new UsageError({
    what: 'The JSONPath selects whole sections of a dump that is too large for that.',
    where: '--jsonpath',
    expected: `a path into the entries, or a dump of at most ${MAX_ASSEMBLED_BYTES} bytes`,
    help: 'Go one step deeper, for example $.configs[*].dynamic_active_clusters[*].cluster.name.',
  })
}
