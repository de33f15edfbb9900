import {single, type Branch} from '../branch.js'
import type {ClusterType} from './cluster-type.js'
import {forwardHost} from './forward-proxy.js'
import {clusterStep, endpointStep, originalDestinationStep} from './steps.js'
import type {Target} from './target.js'
import {upstreamHost} from './upstream-host.js'
import type {Upstream, UpstreamSocket} from './upstream.js'

/** dynamic_forward_proxy: the request names its host; only an address needs no DNS. */
export function resolveForwardProxy(target: Target, type: Extract<ClusterType, {kind: 'forward-proxy'}>): Branch<Upstream>[] {
  const {context, cluster} = target
  const {socket} = upstreamHost({...target, address: {kind: 'pipe', path: ''}})
  const host = forwardHost(context, isSecure(socket))
  const step = clusterStep({context, cluster, type})
  switch (host.kind) {
    case 'address': {
      const upstream = upstreamHost({...target, address: {kind: 'socket', ...host.address}})
      const {from, address} = host
      const asked = originalDestinationStep({context, cluster, config: type.config, from, address, because: [], rejected: []})
      const endpoint = endpointStep({context, upstream, because: [`transport socket ${upstream.socket.name}`]})
      return single<Upstream>(upstream, [step, asked, endpoint])
    }
    case 'name': return single<Upstream>({
      kind: 'undetermined', cluster, missing: [{what: `addresses of ${host.name} (DNS name from ${host.from})`}],
    }, [step])
    case 'none': return single<Upstream>({
      kind: 'none', reason: 'no-healthy-upstream', cluster,
      text: `the connection names no host for cluster "${cluster.name}" (${host.from} is empty)`,
    }, [step])
    case 'unknown': return single<Upstream>({kind: 'undetermined', cluster, missing: [{what: `value of ${host.what}`}]}, [step])
    default: return host satisfies never
  }
}

function isSecure(socket: UpstreamSocket): boolean {
  return socket.kind === 'tls' || (socket.inner !== undefined && isSecure(socket.inner))
}
