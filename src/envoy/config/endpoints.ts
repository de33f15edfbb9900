import type {ResourceRef} from '../../json/store.js'
import type {View} from '../../json/view.js'
import type {EntryReader} from './entry-reader.js'
import type {EndpointLookup, Resource} from './model.js'
import {bodyOf} from './resources.js'

const SECTIONS = ['static_endpoint_configs', 'dynamic_endpoint_configs']

/** Joins clusters to their ClusterLoadAssignments. */
export class Endpoints {
  readonly #reader: EntryReader
  readonly #present: boolean

  constructor(reader: EntryReader, present: boolean) {
    this.#reader = reader
    this.#present = present
  }

  /** By EDS service_name, else by cluster name; a cluster that is no EDS cluster may carry its endpoints itself (envoy-2022 D8). */
  of(cluster: Resource): EndpointLookup {
    const {view} = cluster
    const service = view.get('eds_cluster_config')?.str('service_name')
    const refs = this.#reader.find(SECTIONS, service ?? cluster.name)
    if (refs.length > 0) return this.#named(refs)
    const inline = isEds(view) ? undefined : view.get('load_assignment')
    if (inline !== undefined) return {kind: 'found', assignment: inline, join: 'exact', inferred: needsResolving(view)}
    return {kind: this.#present ? 'not-in-dump' : 'no-endpoints-section'}
  }

  /** Two clusters with one service_name print one assignment each, under one name. */
  #named(refs: readonly ResourceRef[]): EndpointLookup {
    const [first, ...others] = refs.map((ref) => bodyOf(this.#reader.read(ref), 'endpoint_config'))
    if (first === undefined) return {kind: 'not-in-dump'}
    const text = JSON.stringify(first.value)
    const differing = others.filter((other) => JSON.stringify(other.value) !== text)
    if (differing.length > 0) return {kind: 'ambiguous', candidates: [first, ...differing]}
    return {kind: 'found', assignment: first, join: 'exact', inferred: false}
  }
}

/** Whether endpoints come by EDS, also when spelled as an extension. */
export function isEds(cluster: View): boolean {
  return cluster.str('type') === 'EDS' || cluster.get('cluster_type')?.str('name') === 'envoy.clusters.eds'
}

/** Names of a STRICT_DNS or LOGICAL_DNS cluster are no hosts yet; the addresses of a STATIC one are. */
function needsResolving(cluster: View): boolean {
  const type = cluster.get('cluster_type')?.str('name') ?? cluster.str('type') ?? 'STATIC'
  return type !== 'STATIC' && type !== 'envoy.cluster.static'
}
