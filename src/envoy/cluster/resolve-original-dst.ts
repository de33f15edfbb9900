import {single, type Branch} from '../branch.js'
import type {ClusterType} from './cluster-type.js'
import {originalDestination, type OriginalDestination} from './original-dst.js'
import {clusterStep, endpointStep, originalDestinationStep} from './steps.js'
import type {Target} from './target.js'
import {upstreamHost} from './upstream-host.js'
import type {Upstream} from './upstream.js'

type OriginalDstType = Extract<ClusterType, {kind: 'original-dst'}>

/** ORIGINAL_DST: the connection itself says where it wants to go. */
export function resolveOriginalDst(target: Target, type: OriginalDstType): Branch<Upstream>[] {
  const {context, cluster} = target
  const found = originalDestination(type.config, context)
  const step = clusterStep({context, cluster, type})
  switch (found.kind) {
    case 'found':
      return resolveFound({target, type}, found)
    case 'none':
      return single<Upstream>(
        {
          kind: 'none',
          reason: 'no-healthy-upstream',
          cluster,
          text: `the connection has no original destination for cluster "${cluster.name}"`,
        },
        [{...step, ...(found.rejected.length === 0 ? {} : {rejected: found.rejected})}],
      )
    case 'unknown':
      return single<Upstream>(
        {
          kind: 'undetermined',
          cluster,
          missing: [{what: `value of ${found.what}, which is the destination of cluster ${cluster.name}`}],
        },
        [step],
      )
    default:
      return found satisfies never
  }
}

interface Asked {
  readonly target: Target
  readonly type: OriginalDstType
}

function resolveFound({target, type}: Asked, found: Extract<OriginalDestination, {kind: 'found'}>): Branch<Upstream>[] {
  const {context, cluster} = target
  const {address, from, rejected, portOverride} = found
  const because = portOverride === undefined ? [] : [`upstream_port_override ${portOverride}`]
  const upstream = upstreamHost({...target, address: {kind: 'socket', ...address}})
  return single<Upstream>(upstream, [
    clusterStep({context, cluster, type}),
    originalDestinationStep({context, cluster, config: type.config, from, address, because, rejected}),
    endpointStep({context, upstream, because: [`transport socket ${upstream.socket.name}`]}),
  ])
}
