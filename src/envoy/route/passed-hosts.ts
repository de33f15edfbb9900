import type {Rejected, Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {asciiLower} from '../match/text.js'
import {withoutPort} from './authority.js'
import type {RouteQuestion} from './context.js'

/** Virtual hosts that are named before the rest is only counted, and domains of each. */
const MAX_HOSTS = 10
const MAX_DOMAINS = 3

/** The step of a request whose authority no virtual host has, with the hosts of the table: those that differ by the port alone first. */
export function noHostStep({table, stream, context}: RouteQuestion): Step {
  const hosts = table.list('virtual_hosts').map((host) => ({host, isNear: differsByPort(host, stream.request.authority)}))
  const ordered = [...hosts.filter(({isNear}) => isNear), ...hosts.filter(({isNear}) => !isNear)]
  const listed: Rejected[] = ordered.slice(0, MAX_HOSTS).map(({host, isNear}) => ({
    candidate: host.str('name') ?? '',
    because: `${isNear ? 'the port differs: ' : ''}${domainsText(host)}`,
  }))
  const left = hosts.length - listed.length
  return {
    kind: 'virtual-host',
    name: 'none',
    domain: '',
    table: table.str('name') ?? '',
    because: [`authority ${stream.request.authority}`],
    evidence: [context.evidence(table)],
    rejected: left === 0 ? listed : [...listed, {candidate: `+${left} more`, because: 'none of their domains matches'}],
  }
}

function differsByPort(host: View, authority: string): boolean {
  const asked = withoutPort(asciiLower(authority))
  return host.list('domains').some((domain) => withoutPort(asciiLower(domain.text() ?? '')) === asked)
}

function domainsText(host: View): string {
  const domains = host.list('domains').map((domain) => domain.text() ?? '')
  const left = domains.length - MAX_DOMAINS
  return `domains ${domains.slice(0, MAX_DOMAINS).join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}
