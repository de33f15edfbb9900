import {guardOff} from '../semantics.js'
import type {HostSet} from './host.js'
import type {ClusterConfig} from './upstream.js'

/**
 * A host that was configured as DRAINING is left out of the denominator of availability, panic and locality weights: since Envoy 1.29, under a
 * guard until 1.33 (upstream_impl.cc, runtime guard exclude_host_in_eds_status_draining; seen on Envoy 1.36 to 1.40).
 */
export function excludeDraining(sets: readonly HostSet[], config: Pick<ClusterConfig, 'node' | 'runtime'>): readonly HostSet[] {
  if (!excludes(config)) return sets
  return sets.map((set) => ({
    ...set,
    hosts: set.hosts.map((host) => ({...host, excluded: (host.configured ?? host.status) === 'DRAINING'})),
  }))
}

function excludes({node: {version}, runtime}: Pick<ClusterConfig, 'node' | 'runtime'>): boolean {
  const before = (minor: number): boolean => version !== undefined && version.major === 1 && version.minor < minor
  return !before(29) && !(before(33) && guardOff({runtime}, 'exclude_host_in_eds_status_draining'))
}
