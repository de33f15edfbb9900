import type {Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'
import {readHostSets, type HostSet} from './host.js'

/**
 * What the endpoints section leaves out and the cluster's own load_assignment says: metadata of localities, and weighted_priority_health
 * (config_dump_handler.cc dumpEndpointConfigs; seen on Envoy 1.40.0). Endpoints of EDS have no such second place in a dump.
 */
export function withInlineSettings(sets: readonly HostSet[], inline: View | undefined): readonly HostSet[] {
  if (inline === undefined) return sets
  const metadata = localityMetadata(inline)
  const weightedHealth = inline.get('policy')?.bool('weighted_priority_health') === true
  return sets.map((set, priority) => ({
    ...set,
    weightedHealth: set.weightedHealth || weightedHealth,
    hosts: set.hosts.map((host) => {
      const known = host.localityMetadata.size > 0 ? undefined : metadata.get(`${priority} ${host.locality}`)
      return known === undefined ? host : {...host, localityMetadata: known}
    }),
  }))
}

function localityMetadata(inline: View): ReadonlyMap<string, ReadonlyMap<string, Json>> {
  const {sets} = readHostSets(inline, {distinct: false})
  return new Map(
    sets.flatMap(({hosts}, priority) => hosts.toReversed().map((host) => [`${priority} ${host.locality}`, host.localityMetadata] as const)),
  )
}
