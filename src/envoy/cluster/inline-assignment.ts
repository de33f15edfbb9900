import type {Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {readHostSets, type Host, type HostSet} from './host.js'

/**
 * What the endpoints section leaves out and the cluster's own load_assignment says: metadata of localities, weighted_priority_health, and
 * which status a host was given
 * (config_dump_handler.cc dumpEndpointConfigs; seen on Envoy 1.40.0). Endpoints of EDS have no such second place in a dump.
 */
export function withInlineSettings(sets: readonly HostSet[], inline: View | undefined): readonly HostSet[] {
  if (inline === undefined) return sets
  const {metadata, hosts} = inlineSettings(inline)
  const weightedHealth = inline.get('policy')?.bool('weighted_priority_health') === true
  return sets.map((set, priority) => ({
    ...set,
    weightedHealth: set.weightedHealth || weightedHealth,
    hosts: set.hosts.map((host) => ({
      ...host,
      ...configuredStatus(host, hosts.get(`${priority} ${host.locality} ${host.text}`)),
      localityMetadata:
        host.localityMetadata.size > 0 ? host.localityMetadata : (metadata.get(`${priority} ${host.locality}`) ?? host.localityMetadata),
    })),
  }))
}

interface InlineSettings {
  /** By priority and locality. */
  readonly metadata: ReadonlyMap<string, ReadonlyMap<string, Json>>
  /** By priority, locality and address. */
  readonly hosts: ReadonlyMap<string, Host>
}

/** Health checks may have changed the health since; then the configured status means nothing. */
function configuredStatus(host: Host, listed: Host | undefined): Pick<Host, 'configured'> {
  return listed?.health === host.health ? {configured: listed.status} : {}
}

function inlineSettings(inline: View): InlineSettings {
  const {sets} = readHostSets(inline, {distinct: false})
  const hosts = sets.flatMap((set, priority) => set.hosts.toReversed().map((host) => ({...host, place: `${priority} ${host.locality}`})))
  return {
    metadata: new Map(hosts.map(({place, localityMetadata}) => [place, localityMetadata])),
    hosts: new Map(hosts.map((host) => [`${host.place} ${host.text}`, host] as const)),
  }
}
