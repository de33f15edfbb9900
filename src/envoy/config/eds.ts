import type {View} from '../../json/view.js'

/** Whether endpoints come by EDS, also when spelled as an extension. */
export function isEds(cluster: View): boolean {
  return cluster.str('type') === 'EDS' || cluster.get('cluster_type')?.str('name') === 'envoy.clusters.eds'
}

/** `eds_cluster_config.service_name`; a set one names the assignment in the dump. Empty means unset. */
export function serviceName(cluster: View): string | undefined {
  const name = cluster.get('eds_cluster_config')?.str('service_name')
  return name === '' ? undefined : name
}
