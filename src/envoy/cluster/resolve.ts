import {single, type Branch} from '../branch.js'
import {resolveAggregate} from './resolve-aggregate.js'
import {readClusterType, type ClusterType} from './cluster-type.js'
import {resolveForwardProxy} from './resolve-forward-proxy.js'
import {resolveListed} from './resolve-listed.js'
import {resolveOriginalDst} from './resolve-original-dst.js'
import {clusterStep} from './steps.js'
import type {Target} from './target.js'
import type {Upstream, UpstreamContext} from './upstream.js'

/**
 * From a cluster name to every host the traffic can reach, with the exact share of each where weights decide and
 * `one of n` where they do not. The shares sum to 1; the order is that of the printed addresses.
 * Steps of a branch: `cluster`, then `original-destination` where one was looked up, then `endpoint`.
 * Source: envoy-2022 D9.
 */
export function resolveUpstream(context: UpstreamContext): Branch<Upstream>[] {
  const cluster = context.config.cluster(context.cluster)
  if (cluster === undefined) return notFound(`cluster "${context.cluster}" is not in the dump`)
  // envoy-2022 D8: a warming cluster takes no traffic yet, as if it were not there.
  if (cluster.state === 'warming') return notFound(`cluster "${context.cluster}" is still warming`)
  return resolveType({context, cluster}, readClusterType(cluster.view))
}

function resolveType(target: Target, type: ClusterType): Branch<Upstream>[] {
  switch (type.kind) {
    case 'listed':
      return resolveListed(target, type)
    case 'original-dst':
      return resolveOriginalDst(target, type)
    case 'aggregate':
      return resolveAggregate(target, type)
    case 'forward-proxy':
      return resolveForwardProxy(target, type)
    case 'unknown':
      return unknownType(target, type)
    default:
      return type satisfies never
  }
}

function notFound(text: string): Branch<Upstream>[] {
  return single<Upstream>({kind: 'none', reason: 'cluster-not-found', text})
}

function unknownType({context, cluster}: Target, type: ClusterType): Branch<Upstream>[] {
  const missing = [{what: `hosts of cluster ${cluster.name}: its type ${type.name} is not modelled`}]
  return single<Upstream>({kind: 'undetermined', cluster, missing}, [clusterStep({context, cluster, type})])
}
