import type {SnapshotParts} from './parts.js'
import type {Element} from './element.js'

/** Everything that may be kept, the likeliest first. */
export interface Ranking {
  readonly parts: Pick<SnapshotParts, 'textOf'>
  readonly elements: Iterable<Element>
  /** Names, hosts and addresses that the answers speak of. */
  readonly terms: ReadonlySet<string>
  readonly wasRead: (element: Element) => boolean
}

/**
 * Orders the elements of a snapshot. Those that share rare names with the answers come first, and those that were read of files from
 * which little was read; what nobody read comes last. The order decides how fast a small snapshot is found, not whether it is right.
 */
export function rankElements({parts, elements, terms, wasRead}: Ranking): readonly Element[] {
  const found = [...elements].map((element) => ({
    element,
    isRead: wasRead(element),
    terms: wasRead(element) ? termsIn(parts.textOf(element), terms) : [],
  }))
  const all = countBy(found, ({element}) => [element.file])
  const read = countBy(found, ({element, isRead}) => (isRead ? [element.file] : []))
  const speaking = countBy(found, ({terms: own}) => own)
  const shareUnread = (file: string): number => 1 - (read.get(file) ?? 0) / (all.get(file) ?? 1)
  const rarity = (own: readonly string[]): number => Math.max(0, ...own.map((term) => 1 / (speaking.get(term) ?? 1)))
  return found
    .map(({element, isRead, terms: own}) => ({element, rank: isRead ? 1 + rarity(own) + shareUnread(element.file) : 0}))
    .toSorted((a, b) => b.rank - a.rank)
    .map(({element}) => element)
}

function countBy<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) for (const key of keysOf(item)) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** Names and addresses in a text; an address also without its port. */
export function* tokensOf(text: string): Generator<string, void, undefined> {
  for (const [token] of text.matchAll(/[\w.:-]{3,}/g)) {
    yield token
    const host = token.replace(/:\d+$/, '')
    if (host !== token) yield host
  }
}

function termsIn(text: string, terms: ReadonlySet<string>): readonly string[] {
  return [...new Set(tokensOf(text))].filter((token) => terms.has(token))
}
