import type {DumpStore, ResourceRef} from '../../json/store.js'
import type {View} from '../../json/view.js'
import {isEds, serviceName} from './eds.js'
import type {EntryReader} from './entry-reader.js'
import type {EndpointLookup, Resource} from './model.js'
import type {Corroborate} from './rejoin/corroborate.js'
import {namelessRefs, rejoinNameless, type Nameless} from './rejoin/nameless-endpoints.js'
import {bodyOf} from './resources.js'

const SECTIONS = ['static_endpoint_configs', 'dynamic_endpoint_configs']

const NOTHING: ReturnType<Nameless['candidates']> = {groups: [], complete: true}

/** Joins clusters to their ClusterLoadAssignments. */
export class Endpoints {
  readonly #store: DumpStore
  readonly #reader: EntryReader
  readonly #corroborate: readonly Corroborate[]
  #nameless: Nameless | undefined

  constructor({store, reader, corroborate}: {store: DumpStore; reader: EntryReader; corroborate: readonly Corroborate[]}) {
    this.#store = store
    this.#reader = reader
    this.#corroborate = corroborate
  }

  /** By EDS service_name, else by cluster name; a cluster that is no EDS cluster may carry its endpoints itself (envoy-2022 D8). */
  of(cluster: Resource): EndpointLookup {
    const {view} = cluster
    const refs = this.#reader.find(SECTIONS, serviceName(view) ?? cluster.name)
    if (refs.length > 0) return this.#named(refs)
    if (isEds(view)) return this.#rejoined(cluster)
    const inline = view.get('load_assignment')
    return inline === undefined ? this.#absent() : {kind: 'found', assignment: inline, join: 'exact', inferred: needsResolving(view)}
  }

  warnings(): readonly string[] {
    const count = SECTIONS.reduce((sum, section) => sum + namelessRefs(this.#store, section).length, 0)
    if (count === 0) return []
    return [`${count} endpoint assignments have no cluster name (istio#42022): they are joined by content`, ...this.#joined().warnings]
  }

  /** Two clusters with one service_name print one assignment each, under one name. */
  #named(refs: readonly ResourceRef[]): EndpointLookup {
    const [first, ...others] = refs.map((ref) => this.#assignment(ref))
    if (first === undefined) return this.#absent()
    const text = JSON.stringify(first.value)
    const differing = others.filter((other) => JSON.stringify(other.value) !== text)
    if (differing.length > 0) return {kind: 'ambiguous', candidates: [first, ...differing]}
    return {kind: 'found', assignment: first, join: 'exact', inferred: false}
  }

  #rejoined(cluster: Resource): EndpointLookup {
    const {groups, complete} = cluster.state === 'warming' ? NOTHING : this.#joined().candidates(cluster.name)
    const [first, ...others] = groups.flatMap((group) => group.slice(0, 1))
    if (first === undefined) return this.#absent()
    if (others.length > 0 || !complete) return {kind: 'ambiguous', candidates: [first, ...others].map((ref) => this.#assignment(ref))}
    const single = groups.every((group) => group.length === 1)
    return {kind: 'found', assignment: this.#assignment(first), join: single ? 'exact' : 'set-equivalent', inferred: true}
  }

  #joined(): Nameless {
    this.#nameless ??= rejoinNameless(this.#store, this.#corroborate)
    return this.#nameless
  }

  #assignment(ref: ResourceRef): View {
    return bodyOf(this.#reader.read(ref), 'endpoint_config')
  }

  #absent(): EndpointLookup {
    const present = this.#store.configTypes().some((type) => type.split('.').includes('EndpointsConfigDump'))
    return {kind: present ? 'not-in-dump' : 'no-endpoints-section'}
  }
}

/** Names of a STRICT_DNS or LOGICAL_DNS cluster are no hosts yet; the addresses of a STATIC one are. */
function needsResolving(cluster: View): boolean {
  const type = cluster.get('cluster_type')?.str('name') ?? cluster.str('type') ?? 'STATIC'
  return type !== 'STATIC' && type !== 'envoy.cluster.static'
}
