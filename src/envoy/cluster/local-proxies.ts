import type {Resource} from '../config/model.js'
import {isFrom} from '../match/version.js'
import {readClusterType} from './cluster-type.js'
import type {HostSet} from './host.js'
import {listHosts} from './listed-hosts.js'
import type {UpstreamContext} from './upstream.js'

/** The proxies among which this one shares the traffic of its clusters; without them zones do not matter. */
export type LocalProxies =
  | {readonly kind: 'none'}
  | {readonly kind: 'unknown'}
  /** `zone`: the locality of this proxy itself. */
  | {readonly kind: 'known'; readonly set: HostSet; readonly zone: string | undefined}

const UNKNOWN: LocalProxies = {kind: 'unknown'}
const NOBODY: HostSet = {hosts: [], localities: [], localityWeights: undefined, overprovisioning: 140, weightedHealth: false}

/**
 * The cluster that the bootstrap names as that of the proxies themselves (`cluster_manager.local_cluster_name`). Its own traffic knows no
 * zones: it is made before there is such a cluster (cluster_manager_impl.cc ThreadLocalClusterManagerImpl).
 */
export function localProxies(cluster: Resource, {config, semantics}: Pick<UpstreamContext, 'config' | 'semantics'>): LocalProxies {
  const {localCluster, node} = config
  if (localCluster === undefined) return UNKNOWN
  if (localCluster === '' || localCluster === cluster.name) return {kind: 'none'}
  const own = config.cluster(localCluster)
  // Older versions want the same zones on both sides (locality_routing_use_new_routing_logic).
  if (own === undefined || !isFrom(semantics, {major: 1, minor: 27})) return UNKNOWN
  const type = readClusterType(own.view)
  const list = type.kind === 'listed' ? listHosts({config, cluster: own, type}) : undefined
  if (list?.kind !== 'hosts') return UNKNOWN
  return {kind: 'known', set: list.sets[0] ?? NOBODY, zone: node.locality}
}
