import type {Rejected, Step} from '../../flow/step.js'
import {isObject, type View} from '../../json/view.js'
import {asciiLower} from '../match/text.js'
import {withoutPort} from './authority.js'
import type {RouteQuestion} from './context.js'
import type {VirtualHostChoice} from './virtual-host.js'

/** Virtual hosts that are named before the rest is only counted, and domains of each. */
const MAX_HOSTS = 10
const MAX_DOMAINS = 3

/** The step of a request whose authority no virtual host has. */
export function noHostStep(question: RouteQuestion): Step {
  const {table, stream, context} = question
  return {
    kind: 'virtual-host',
    name: 'none',
    domain: '',
    table: table.str('name') ?? '',
    because: [`authority ${stream.request.authority}`],
    evidence: [context.evidence(table)],
    rejected: passedHosts(question, {lessSpecific: []}),
  }
}

/**
 * The virtual hosts a request did not get: those that match less specifically, then those that differ by the port alone, then the others of
 * the table. Source: envoy-2022 D5.
 */
export function passedHosts({table, stream}: RouteQuestion, {host: taken, domain, lessSpecific}: VirtualHostChoice): readonly Rejected[] {
  const {all, byName} = hostsOf(table)
  const matching = new Set([...(taken === undefined ? [] : [taken]), ...lessSpecific.map(({host}) => host)].map(({pointer}) => pointer))
  const near = (byName.get(portlessName(stream.request.authority)) ?? []).filter(({pointer}) => !matching.has(pointer))
  const isKnown = new Set([...matching, ...near.map(({pointer}) => pointer)])
  const far = firstOf(all, (host) => !isKnown.has(host.pointer))
  const rejected = [
    ...lessSpecific.map(({host, domain: own}) => ({candidate: `${nameOf(host)} (${own})`, because: `less specific than ${domain ?? ''}`})),
    ...near.map((host) => ({candidate: nameOf(host), because: `the port differs: ${domainsText(host)}`})),
    ...far.map((host) => ({candidate: nameOf(host), because: domainsText(host)})),
  ].slice(0, MAX_HOSTS)
  const left = lessSpecific.length + near.length + (all.length - isKnown.size) - rejected.length
  return left === 0 ? rejected : [...rejected, {candidate: `+${left} more`, because: 'none of their domains matches better'}]
}

/** As many as are named at most; a table may have thousands. */
function firstOf(hosts: readonly View[], isWanted: (host: View) => boolean): readonly View[] {
  const found: View[] = []
  for (const host of hosts) {
    if (found.length === MAX_HOSTS) break
    if (isWanted(host)) found.push(host)
  }
  return found
}

function nameOf(host: View): string {
  return host.str('name') ?? ''
}

interface TableHosts {
  readonly all: readonly View[]
  /** By their domains without ports. */
  readonly byName: ReadonlyMap<string, readonly View[]>
}

/** Once per route table of a dump, and forgotten with it. */
const hostsByTable = new WeakMap<object, TableHosts>()

function hostsOf(table: View): TableHosts {
  const raw = isObject(table.value) ? table.value : {}
  const hosts = hostsByTable.get(raw) ?? readHosts(table)
  hostsByTable.set(raw, hosts)
  return hosts
}

function readHosts(table: View): TableHosts {
  const all = table.list('virtual_hosts')
  const byName = new Map<string, View[]>()
  for (const host of all) {
    for (const name of new Set(host.list('domains').map((domain) => portlessName(domain.text() ?? '')))) {
      const known = byName.get(name)
      if (known === undefined) byName.set(name, [host])
      else known.push(host)
    }
  }
  return {all, byName}
}

function portlessName(domain: string): string {
  return withoutPort(asciiLower(domain))
}

function domainsText(host: View): string {
  const domains = host.list('domains').map((domain) => domain.text() ?? '')
  const left = domains.length - MAX_DOMAINS
  return `domains ${domains.slice(0, MAX_DOMAINS).join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}
