import {isObject, View} from '../../../src/json/view.js'
import type {ClusterConfig} from '../../../src/envoy/cluster/upstream.js'
import type {EndpointLookup, Resource} from '../../../src/envoy/config/model.js'

export interface FakeDump {
  readonly clusters?: readonly unknown[]
  /** ClusterLoadAssignments by cluster name; `missing` tells what the look-up says of all others. */
  readonly assignments?: Readonly<Record<string, unknown>>
  readonly ambiguous?: Readonly<Record<string, readonly unknown[]>>
  readonly missing?: 'no-endpoints-section' | 'not-in-dump'
  readonly inferred?: boolean
  /** Empty when it is left out; `null` is a dump without bootstrap. */
  readonly localCluster?: string | null
  /** Locality of the proxy itself. */
  readonly locality?: string
  readonly runtime?: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, unknown>>
  readonly warming?: readonly string[]
}

/** A dump made of plain messages, for tests of what reads clusters and endpoints. */
export function fakeConfig(dump: FakeDump): ClusterConfig {
  const clusters = (dump.clusters ?? []).map((value, index) => resource(new View(value, `/configs/1/clusters/${index}`), dump))
  return {
    dump: 'proxy.json',
    node: {role: 'envoy', pod: 'pod-a', namespace: 'team', ...(dump.locality === undefined ? {} : {locality: dump.locality})},
    localCluster: dump.localCluster === null ? undefined : (dump.localCluster ?? ''),
    runtime: new Map(Object.entries(dump.runtime ?? {})),
    cluster: (name) => clusters.find((cluster) => cluster.name === name),
    endpoints: (cluster) => lookup(cluster, dump),
    secret: (name) => {
      const value = dump.secrets?.[name]
      return value === undefined ? undefined : {name, state: 'active', view: new View(value, `/configs/9/${name}`)}
    },
  }
}

function resource(view: View, dump: FakeDump): Resource {
  const name = view.str('name') ?? ''
  return {name, view, state: dump.warming?.includes(name) === true ? 'warming' : 'active', version: '7'}
}

function lookup(cluster: Resource, dump: FakeDump): EndpointLookup {
  const assignment = dump.assignments?.[cluster.name]
  if (isObject(assignment)) {
    return {kind: 'found', assignment: new View(assignment, `/configs/2/${cluster.name}`), join: 'exact', inferred: dump.inferred === true}
  }
  const candidates = dump.ambiguous?.[cluster.name]?.map((value, index) => new View(value, `/configs/2/${index}`))
  return candidates === undefined ? {kind: dump.missing ?? 'not-in-dump'} : {kind: 'ambiguous', candidates}
}
