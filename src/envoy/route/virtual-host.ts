import type {Rejected} from '../../flow/step.js'
import {isObject, type View} from '../../json/view.js'
import {asciiLower} from '../match/text.js'
import {withoutPort} from './authority.js'

/** Longer lists of candidates are cut. */
const MAX_REJECTED = 10

export interface VirtualHostChoice {
  readonly host?: View
  /** The domain that matched, as written. */
  readonly domain?: string
  /** Domains that match as well, but less specifically. */
  readonly rejected: readonly Rejected[]
}

/**
 * The virtual host for an authority, ignoring case: exact domain, else the longest `*suffix` shorter than the host, else the longest
 * `prefix*`, else `*`. Source: envoy-2022 D5 (findVirtualHost), F.17.
 */
export function chooseVirtualHost({table, authority}: {readonly table: View; readonly authority: string}): VirtualHostChoice {
  const index = indexOf(table)
  const ignorePort = table.bool('ignore_port_in_host_matching') === true
  const found = candidates(index, asciiLower(ignorePort ? withoutPort(authority) : authority))
  const [best, ...others] = found
  if (best === undefined) return {rejected: []}
  const rejected = others
    .slice(0, MAX_REJECTED)
    .map(({host, domain}) => ({candidate: `${host.str('name') ?? ''} (${domain})`, because: `less specific than ${best.domain}`}))
  return {host: best.host, domain: best.domain, rejected}
}

interface Entry {
  readonly host: View
  readonly domain: string
}

interface DomainIndex {
  readonly exact: ReadonlyMap<string, Entry>
  readonly suffixes: LengthIndex
  readonly prefixes: LengthIndex
  readonly any: Entry | undefined
}

/** Wildcard texts by length, longest first. */
type LengthIndex = readonly (readonly [length: number, entries: ReadonlyMap<string, Entry>])[]

/** Built once per route table of a dump, and forgotten with it. */
const indexByTable = new WeakMap<object, DomainIndex>()

function indexOf(table: View): DomainIndex {
  if (!isObject(table.value)) return buildIndex(table)
  const index = indexByTable.get(table.value) ?? buildIndex(table)
  indexByTable.set(table.value, index)
  return index
}

function buildIndex(table: View): DomainIndex {
  const entries = table.list('virtual_hosts').flatMap((host) => host.list('domains').map((domain) => ({host, domain: domain.text() ?? ''})))
  const ofKind = (kind: DomainKind): readonly Entry[] => entries.filter(({domain}) => kindOf(domain) === kind)
  return {
    exact: firstOfEach(ofKind('exact'), (domain) => domain),
    suffixes: byLength(firstOfEach(ofKind('suffix'), (domain) => domain.slice(1))),
    prefixes: byLength(firstOfEach(ofKind('prefix'), (domain) => domain.slice(0, -1))),
    any: ofKind('any')[0],
  }
}

type DomainKind = 'exact' | 'suffix' | 'prefix' | 'any'

function kindOf(domain: string): DomainKind {
  if (domain === '*') return 'any'
  if (domain.startsWith('*')) return 'suffix'
  return domain.endsWith('*') ? 'prefix' : 'exact'
}

/** Envoy rejects a table that names a domain twice; the first one stands here. */
function firstOfEach(entries: readonly Entry[], key: (domain: string) => string): ReadonlyMap<string, Entry> {
  return new Map(entries.toReversed().map((entry) => [key(asciiLower(entry.domain)), entry]))
}

function byLength(entries: ReadonlyMap<string, Entry>): LengthIndex {
  const groups = new Map<number, Map<string, Entry>>()
  for (const [text, entry] of entries) {
    const group = groups.get(text.length) ?? new Map<string, Entry>()
    groups.set(text.length, group.set(text, entry))
  }
  return [...groups].toSorted(([a], [b]) => b - a)
}

/** Most specific first. */
function candidates(index: DomainIndex, host: string): readonly Entry[] {
  const exact = index.exact.get(host)
  return [
    ...(exact === undefined ? [] : [exact]),
    ...wildcards(index.suffixes, {host, part: (length) => host.slice(host.length - length)}),
    ...wildcards(index.prefixes, {host, part: (length) => host.slice(0, length)}),
    ...(index.any === undefined ? [] : [index.any]),
  ]
}

function wildcards(index: LengthIndex, {host, part}: {host: string; part: (length: number) => string}): readonly Entry[] {
  return index.filter(([length]) => length < host.length).flatMap(([length, entries]) => entries.get(part(length)) ?? [])
}
