import type {View} from '../../json/view.js'
import {ipBytes, parseRange, type Range} from '../match/ip.js'
import {ipTrie} from '../match/ip-trie.js'

/** An entry of a matcher tree that the input selects, most specific first. */
export interface Candidate {
  readonly key: string
  readonly onMatch: View
}

/** The entries of one matcher tree, compiled: a question costs look-ups, however many entries there are. */
export interface Lookup {
  /** Entries that a text selects, in the order Envoy tries them. */
  readonly find: (text: string) => readonly Candidate[]
  /** All entries: those of a list in its order, those of a map by key. */
  readonly all: () => readonly Candidate[]
}

/** Exact map: the entry of this key. */
export function exactLookup(map: View): Lookup {
  return {
    all: () => entriesOf(map),
    find: (text) => {
      const onMatch = map.own(text)
      return onMatch === undefined ? [] : [{key: text, onMatch}]
    },
  }
}

/** Prefix map: all keys the text starts with, longest first. One look-up for each length that a key has. */
export function prefixLookup(map: View): Lookup {
  const lengths = [...new Set(map.entries().map(([key]) => key.length))].sort((a, b) => b - a)
  const find = (text: string): Candidate[] =>
    lengths.flatMap((length) => {
      const key = text.slice(0, length)
      const onMatch = length > text.length ? undefined : map.own(key)
      return onMatch === undefined ? [] : [{key, onMatch}]
    })
  return {all: () => entriesOf(map), find}
}

/** Sorted: the members of a JSON object have no order that Envoy could know. */
function entriesOf(map: View): Candidate[] {
  return map
    .entries()
    .map(([key, onMatch]) => ({key, onMatch}))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

interface RangeEntry extends Candidate {
  readonly range: Range
  readonly exclusive: boolean
}

/**
 * IPMatcher: longest prefix first, then declaration order; an exclusive range counts only as the very first candidate.
 * Source: envoy-2022 D2; ip_range_matcher.h.
 */
export function ipLookup(matcher: View): Lookup {
  const entries = matcher.list('range_matchers').flatMap((entry) => entry.list('ranges').flatMap((range) => rangeEntry(entry, range)))
  const trie = ipTrie(entries.map((entry) => [entry.range, entry] as const))
  const find = (text: string): Candidate[] => {
    const bytes = ipBytes(text)
    return bytes === undefined ? [] : trie.find(bytes).filter((entry, index) => index === 0 || !entry.exclusive)
  }
  return {all: () => entries, find}
}

function rangeEntry(entry: View, range: View): RangeEntry[] {
  const prefix = range.str('address_prefix') ?? ''
  const parsed = parseRange({prefix, length: range.num('prefix_len') ?? 0})
  const onMatch = entry.get('on_match')
  if (parsed === undefined || onMatch === undefined) return []
  return [{range: parsed, key: `${prefix}/${parsed.length}`, onMatch, exclusive: entry.bool('exclusive') === true}]
}

/**
 * ServerNameMatcher and DomainMatcher: exact name, then the longest wildcard suffix, then `*`.
 * Source: envoy-2022 D2; domain_matcher.h.
 */
export function domainLookup(matcher: View): Lookup {
  const entries = matcher.list('domain_matchers').flatMap((entry) => {
    const onMatch = entry.get('on_match')
    const domains = entry.list('domains').flatMap((domain) => domain.text() ?? [])
    return onMatch === undefined ? [] : domains.map((key) => ({key, onMatch}))
  })
  const byDomain = groupByKey(entries)
  return {all: () => entries, find: (name) => domainsOf(name).flatMap((domain) => byDomain.get(domain) ?? [])}
}

function groupByKey(entries: readonly Candidate[]): ReadonlyMap<string, readonly Candidate[]> {
  const groups = new Map<string, Candidate[]>()
  for (const entry of entries) {
    const group = groups.get(entry.key)
    if (group === undefined) groups.set(entry.key, [entry])
    else group.push(entry)
  }
  return groups
}

/** The domains that hold a name: itself, `*.b.c` and `*.c` of `a.b.c`, and `*`. A wildcard is no name of its own. */
function domainsOf(name: string): string[] {
  const dots = [...name.matchAll(/\./g)].map(({index}) => index).filter((index) => index > 0)
  const wildcards = [...dots.map((index) => `*${name.slice(index)}`), '*']
  return wildcards.includes(name) ? wildcards : [name, ...wildcards]
}
