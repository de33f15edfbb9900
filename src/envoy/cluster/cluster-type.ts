import type {View} from '../../json/view.js'

/** How a cluster gets its hosts. `name` is the type as printed. */
export type ClusterType = {readonly name: string} & (
  | {readonly kind: 'listed'; readonly resolves: boolean; readonly eds: boolean}
  | {readonly kind: 'original-dst'; readonly config?: View}
  | {readonly kind: 'aggregate'; readonly members: readonly string[]}
  | {readonly kind: 'forward-proxy'; readonly config: View}
  | {readonly kind: 'unknown'}
)

type Listed = 'STATIC' | 'STRICT_DNS' | 'LOGICAL_DNS' | 'EDS'

const LISTED: ReadonlyMap<string, Listed> = new Map<string, Listed>([
  ['static', 'STATIC'],
  ['strict_dns', 'STRICT_DNS'],
  ['logical_dns', 'LOGICAL_DNS'],
  ['eds', 'EDS'],
])

/** envoy-2022 D9: the legacy `type`, or an extension that may say the same. Default values are left out of dumps. */
export function readClusterType(cluster: View): ClusterType {
  const custom = cluster.get('cluster_type')
  if (custom !== undefined) return readExtension(custom, cluster)
  const type = cluster.str('type') ?? 'STATIC'
  if (type === 'ORIGINAL_DST') return originalDst(cluster.get('original_dst_lb_config'))
  const listed = LISTED.get(type.toLowerCase())
  return listed === undefined ? {kind: 'unknown', name: type} : listedType(listed)
}

/** Extensions are recognised by the name Envoy registers them under (`envoy.cluster.x` or `envoy.clusters.x`). */
function readExtension(custom: View, cluster: View): ClusterType {
  const name = custom.str('name') ?? custom.get('typed_config')?.typeName() ?? ''
  const config = custom.get('typed_config')?.message() ?? custom
  const short = name.replace(/^envoy\.clusters?\./, '')
  switch (short) {
    case 'aggregate':
      return {kind: 'aggregate', name, members: config.list('clusters').flatMap((member) => member.text() ?? [])}
    case 'dynamic_forward_proxy':
      return {kind: 'forward-proxy', name, config}
    case 'original_dst':
      return originalDst(cluster.get('original_dst_lb_config'))
    case 'dns':
      return listedType(config.bool('all_addresses_in_single_endpoint') === true ? 'LOGICAL_DNS' : 'STRICT_DNS')
    default: {
      const listed = LISTED.get(short)
      return listed === undefined ? {kind: 'unknown', name} : listedType(listed)
    }
  }
}

function originalDst(config: View | undefined): ClusterType {
  return {kind: 'original-dst', name: 'ORIGINAL_DST', ...(config === undefined ? {} : {config})}
}

function listedType(name: Listed): ClusterType {
  return {kind: 'listed', name, resolves: name.endsWith('_DNS'), eds: name === 'EDS'}
}
