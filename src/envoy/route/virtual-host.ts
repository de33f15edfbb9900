import {isObject, type View} from '../../json/view.js'
import {asciiLower} from '../match/text.js'
import {withoutPort} from './authority.js'

export interface VirtualHostChoice {
  readonly host?: View
  /** The domain that matched, as written. */
  readonly domain?: string
  /** Domains that match as well, but less specifically. */
  readonly lessSpecific: readonly HostDomain[]
}

export interface HostDomain {
  readonly host: View
  /** As written. */
  readonly domain: string
}

/**
 * The virtual host for an authority, ignoring case: exact domain, else the longest `*suffix` shorter than the host, else the longest
 * `prefix*`, else `*`. Source: envoy-2022 D5 (findVirtualHost), F.17.
 */
export function chooseVirtualHost({table, authority}: {readonly table: View; readonly authority: string}): VirtualHostChoice {
  const index = indexOf(table)
  const ignorePort = table.bool('ignore_port_in_host_matching') === true
  const [best, ...lessSpecific] = candidates(index, asciiLower(ignorePort ? withoutPort(authority) : authority))
  return best === undefined ? {lessSpecific} : {...best, lessSpecific}
}

interface DomainIndex {
  readonly exact: ReadonlyMap<string, HostDomain>
  readonly suffixes: LengthIndex
  readonly prefixes: LengthIndex
  readonly any: HostDomain | undefined
}

/** Wildcard texts by length, longest first. */
type LengthIndex = readonly (readonly [length: number, entries: ReadonlyMap<string, HostDomain>])[]

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
  const ofKind = (kind: DomainKind): readonly HostDomain[] => entries.filter(({domain}) => kindOf(domain) === kind)
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
function firstOfEach(entries: readonly HostDomain[], key: (domain: string) => string): ReadonlyMap<string, HostDomain> {
  return new Map(entries.toReversed().map((entry) => [key(asciiLower(entry.domain)), entry]))
}

function byLength(entries: ReadonlyMap<string, HostDomain>): LengthIndex {
  const groups = new Map<number, Map<string, HostDomain>>()
  for (const [text, entry] of entries) {
    const group = groups.get(text.length) ?? new Map<string, HostDomain>()
    groups.set(text.length, group.set(text, entry))
  }
  return [...groups].toSorted(([a], [b]) => b - a)
}

/** Most specific first. */
function candidates(index: DomainIndex, host: string): readonly HostDomain[] {
  const exact = index.exact.get(host)
  return [
    ...(exact === undefined ? [] : [exact]),
    ...wildcards(index.suffixes, {host, part: (length) => host.slice(host.length - length)}),
    ...wildcards(index.prefixes, {host, part: (length) => host.slice(0, length)}),
    ...(index.any === undefined ? [] : [index.any]),
  ]
}

function wildcards(index: LengthIndex, {host, part}: {host: string; part: (length: number) => string}): readonly HostDomain[] {
  return index.filter(([length]) => length < host.length).flatMap(([length, entries]) => entries.get(part(length)) ?? [])
}
