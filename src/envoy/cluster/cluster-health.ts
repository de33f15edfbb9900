import type {EnvoyConfig} from '../config/model.js'
import {readClusterType} from './cluster-type.js'
import {listHosts} from './listed-hosts.js'

/** How many hosts a cluster has, and how many of them are healthy or degraded. */
export interface ClusterHealth {
  readonly hosts: number
  readonly usable: number
}

/** The hosts of a cluster as the dump lists them; `unknown` where it does not, or where the cluster makes its hosts on the fly. */
export function clusterHealth(config: EnvoyConfig, name: string): ClusterHealth | 'absent' | 'unknown' {
  const cluster = config.cluster(name)
  if (cluster === undefined) return 'absent'
  const type = readClusterType(cluster.view)
  if (type.kind !== 'listed') return 'unknown'
  const list = listHosts({config, cluster, type})
  if (list.kind !== 'hosts') return 'unknown'
  const hosts = list.sets.flatMap((set) => set.hosts)
  return {hosts: hosts.length, usable: hosts.filter(({health}) => health !== 'unhealthy').length}
}
