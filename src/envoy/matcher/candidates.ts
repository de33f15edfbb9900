import {isObject, type View} from '../../json/view.js'
import {inRange, ipBytes, parseRange, type Range} from '../match/ip.js'

/** An entry of a matcher tree that the input selects, most specific first. */
export interface Candidate {
  readonly key: string
  readonly onMatch: View
}

/** Exact map: the entry of this key. */
export function exactCandidates(map: View, text: string): Candidate[] {
  const onMatch = map.own(text)
  return onMatch === undefined ? [] : [{key: text, onMatch}]
}

/** Prefix map: all keys the text starts with, longest first. */
export function prefixCandidates(map: View, text: string): Candidate[] {
  return map
    .entries()
    .filter(([key]) => text.startsWith(key))
    .sort(([a], [b]) => b.length - a.length)
    .map(([key, onMatch]) => ({key, onMatch}))
}

interface CompiledRange extends Range {
  readonly key: string
  readonly onMatch: View
  readonly exclusive: boolean
}

/** Compiled once per matcher: the same raw object is asked for every question. */
const compiledRanges = new WeakMap<object, readonly CompiledRange[]>()

/**
 * IPMatcher: longest prefix first, then declaration order; an exclusive range counts only as the very first candidate.
 * Source: envoy-2022 D2; ip_range_matcher.h.
 */
export function ipCandidates(matcher: View, text: string): Candidate[] {
  const bytes = ipBytes(text)
  if (bytes === undefined) return []
  return rangesOf(matcher)
    .filter((range) => inRange(bytes, range))
    .filter((range, index) => index === 0 || !range.exclusive)
}

function rangesOf(matcher: View): readonly CompiledRange[] {
  const raw = isObject(matcher.value) ? matcher.value : {}
  const known = compiledRanges.get(raw)
  if (known !== undefined) return known
  const compiled = matcher
    .list('range_matchers')
    .flatMap((entry) => entry.list('ranges').flatMap((range) => compileRange(entry, range)))
    .sort((a, b) => b.length - a.length)
  compiledRanges.set(raw, compiled)
  return compiled
}

function compileRange(entry: View, range: View): CompiledRange[] {
  const prefix = range.str('address_prefix') ?? ''
  const parsed = parseRange({prefix, length: range.num('prefix_len') ?? 0})
  const onMatch = entry.get('on_match')
  if (parsed === undefined || onMatch === undefined) return []
  return [{...parsed, key: `${prefix}/${parsed.length}`, onMatch, exclusive: entry.bool('exclusive') === true}]
}

/**
 * ServerNameMatcher and DomainMatcher: exact name, then the longest wildcard suffix, then `*`.
 * Source: envoy-2022 D2; domain_matcher.h.
 */
export function domainCandidates(matcher: View, text: string): Candidate[] {
  return matcher
    .list('domain_matchers')
    .flatMap((entry) => {
      const onMatch = entry.get('on_match')
      const domains = entry.list('domains').flatMap((domain) => domain.text() ?? [])
      return onMatch === undefined ? [] : domains.filter((domain) => domainMatches(domain, text)).map((key) => ({key, onMatch}))
    })
    .sort((a, b) => specificity(b.key) - specificity(a.key))
}

function domainMatches(domain: string, name: string): boolean {
  if (domain === '*') return true
  const suffix = domain.slice(1)
  return domain.startsWith('*.') ? name.length > suffix.length && name.endsWith(suffix) : domain === name
}

function specificity(domain: string): number {
  return domain.startsWith('*') ? domain.length : Number.MAX_SAFE_INTEGER
}
