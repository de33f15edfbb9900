import {isList, isRecord, nodesOf} from './json-tree.js'
import type {Random} from './random.js'

export interface Thinning {
  /** What an element must contain in its JSON to be kept for sure. */
  readonly anchors: readonly string[]
  /** How many of these stay at most. */
  readonly limit: number
  /** How many others stay of each long list or map. */
  readonly quota: number
  readonly random: Random
}

const LONG = 4
const MAPS = new Set(['map', 'workloads', 'services', 'policies'])

/** A smaller document of the same shape: of long lists and maps only what the anchors name, and a few others. */
export function thin(value: unknown, options: Thinning, key = ''): unknown {
  if (isList(value)) {
    const kept = value.length > LONG ? keep(value, (item) => item, options) : value
    return kept.map((item) => thin(item, options))
  }
  if (!isRecord(value)) return value
  const entries = Object.entries(value)
  const kept = MAPS.has(key) && entries.length > LONG ? keep(entries, (entry) => entry, options) : entries
  return Object.fromEntries(kept.map(([name, item]) => [name, thin(item, options, name)]))
}

function keep<T>(items: readonly T[], contentOf: (item: T) => unknown, {anchors, limit, quota, random}: Thinning): readonly T[] {
  const lucky = new Set(Array.from({length: quota}, () => random.below(items.length)))
  const named = new Set(items.filter((item) => names(contentOf(item), anchors)).slice(0, limit))
  return items.filter((item, index) => lucky.has(index) || named.has(item))
}

function names(content: unknown, anchors: readonly string[]): boolean {
  const text = JSON.stringify(content)
  return anchors.some((anchor) => text.includes(anchor))
}

/** All strings of a document, keys included. */
export function stringsOf(document: unknown): ReadonlySet<string> {
  const strings = new Set<string>()
  for (const {path, value} of nodesOf(document)) {
    if (typeof value === 'string') strings.add(value)
    const key = path.at(-1)
    if (typeof key === 'string') strings.add(key)
  }
  return strings
}
