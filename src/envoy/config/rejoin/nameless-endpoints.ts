import type {DumpStore, ResourceRef} from '../../../json/store.js'
import type {View} from '../../../json/view.js'
import {isEds, serviceName} from '../eds.js'
import {bodyOf} from '../resources.js'
import {readContent, type AssignmentContent} from './assignment-content.js'
import type {Corroborate} from './corroborate.js'
import type {Orphan} from './families.js'
import {describeCluster, familyOf, takesTunnels, type NamelessCluster} from './nameless-cluster.js'
import {rejoin, type Rejoined} from './rejoin.js'
import {servicePorts} from './service-ports.js'

/** Endpoints are split as their clusters are: those of the bootstrap and those of CDS (envoy-2022 D8). */
const BUCKETS = [
  {clusters: 'static_clusters', endpoints: 'static_endpoint_configs'},
  {clusters: 'dynamic_active_clusters', endpoints: 'dynamic_endpoint_configs'},
] as const

export interface Nameless {
  /** As in `Rejoined`, of the bucket the cluster is in. */
  readonly candidates: (cluster: string) => {readonly groups: readonly (readonly ResourceRef[])[]; readonly complete: boolean}
  readonly warnings: readonly string[]
}

/** Whether a dump holds endpoint assignments without a name (istio#42022). */
export function namelessRefs(store: DumpStore, section: string): ResourceRef[] {
  return [...store.refs(section)].filter(({name}) => name === undefined || name === '')
}

/** Reads all nameless assignments once, and keeps only their places. */
export function rejoinNameless(store: DumpStore, corroborate: readonly Corroborate[]): Nameless {
  const ports = corroborate.length === 0 ? new Map<string, ReadonlySet<number>>() : familyPorts(store)
  const buckets = BUCKETS.flatMap((bucket): Rejoined<ResourceRef>[] => {
    const refs = namelessRefs(store, bucket.endpoints)
    return refs.length === 0
      ? []
      : [rejoin({orphans: orphans(store, {...bucket, ports}), assignments: contentsOf(store, refs), corroborate})]
  })
  return {
    candidates: (cluster) => {
      const [found] = buckets
        .flatMap(({candidates, complete}) => ({groups: candidates(cluster), complete}))
        .filter(({groups}) => groups.length > 0)
      return found ?? {groups: [], complete: true}
    },
    warnings: buckets.flatMap(({warnings}) => warnings),
  }
}

function* contentsOf(
  store: DumpStore,
  refs: readonly ResourceRef[],
): Generator<{content: AssignmentContent; assignment: ResourceRef}, void, undefined> {
  for (const ref of refs) yield {content: readContent(bodyOf(store.read(ref), 'endpoint_config')), assignment: ref}
}

interface Sections {
  readonly clusters: string
  readonly endpoints: string
  readonly ports: ReadonlyMap<string, ReadonlySet<number>>
}

function orphans(store: DumpStore, {clusters, endpoints, ports}: Sections): Orphan[] {
  return [...store.refs(clusters)].flatMap((ref) => {
    const cluster = bodyOf(store.read(ref), 'cluster')
    const name = ref.name ?? ''
    const named = !isEds(cluster) || serviceName(cluster) !== undefined || store.find(endpoints, name).length > 0
    return named ? [] : [{cluster: withPorts(describeCluster(name), ports), takesTunnels: takesTunnels(cluster)}]
  })
}

function withPorts(cluster: NamelessCluster, ports: ReadonlyMap<string, ReadonlySet<number>>): NamelessCluster {
  const {target} = cluster
  if (target.kind !== 'service') return cluster
  return {...cluster, target: {...target, ports: [...(ports.get(familyOf(cluster)) ?? [])].toSorted((a, b) => a - b)}}
}

/** The service port is the same for every source, so one chain that uses a cluster tells for its family. */
function familyPorts(store: DumpStore): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, ReadonlySet<number>>()
  for (const ref of store.refs('dynamic_listeners')) {
    const listener: View = bodyOf(bodyOf(store.read(ref), 'active_state'), 'listener')
    for (const [cluster, ports] of servicePorts(listener)) {
      const family = familyOf(describeCluster(cluster))
      found.set(family, new Set([...(found.get(family) ?? []), ...ports]))
    }
  }
  return found
}
