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
  const matching = new Set([taken, ...lessSpecific.map(({host}) => host)].map((host) => host?.pointer))
  const isOther = ({pointer}: View): boolean => !matching.has(pointer)
  const near = differingByPort(table, stream.request.authority).filter(isOther)
  const isNear = new Set(near.map(({pointer}) => pointer))
  const far = table.list('virtual_hosts').filter((host) => isOther(host) && !isNear.has(host.pointer))
  const rejected = [
    ...lessSpecific.map(({host, domain: own}) => ({candidate: `${nameOf(host)} (${own})`, because: `less specific than ${domain ?? ''}`})),
    ...near.map((host) => ({candidate: nameOf(host), because: `the port differs: ${domainsText(host)}`})),
    ...far.slice(0, MAX_HOSTS).map((host) => ({candidate: nameOf(host), because: domainsText(host)})),
  ].slice(0, MAX_HOSTS)
  const left = lessSpecific.length + near.length + far.length - rejected.length
  return left === 0 ? rejected : [...rejected, {candidate: `+${left} more`, because: 'none of their domains matches better'}]
}

function nameOf(host: View): string {
  return host.str('name') ?? ''
}

type HostsByName = ReadonlyMap<string, readonly View[]>

/** Virtual hosts by their domains without ports, once per route table of a dump, and forgotten with it. */
const hostsByTable = new WeakMap<object, HostsByName>()

function differingByPort(table: View, authority: string): readonly View[] {
  if (!isObject(table.value)) return []
  const hosts = hostsByTable.get(table.value) ?? hostsByName(table)
  hostsByTable.set(table.value, hosts)
  return hosts.get(portlessName(authority)) ?? []
}

function hostsByName(table: View): HostsByName {
  const hosts = new Map<string, View[]>()
  for (const host of table.list('virtual_hosts')) {
    for (const name of new Set(host.list('domains').map((domain) => portlessName(domain.text() ?? '')))) {
      const known = hosts.get(name)
      if (known === undefined) hosts.set(name, [host])
      else known.push(host)
    }
  }
  return hosts
}

function portlessName(domain: string): string {
  return withoutPort(asciiLower(domain))
}

function domainsText(host: View): string {
  const domains = host.list('domains').map((domain) => domain.text() ?? '')
  const left = domains.length - MAX_DOMAINS
  return `domains ${domains.slice(0, MAX_DOMAINS).join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}
