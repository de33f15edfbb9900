import {formatAddress, type SocketAddress} from '../../flow/address.js'
import type {Step} from '../../flow/step.js'
import type {Missing} from '../../flow/verdict.js'
import {single, type Branch} from '../branch.js'
import type {ClusterType} from './cluster-type.js'
import {forwardHost} from './forward-proxy.js'
import {readHostSets, type Host} from './host.js'
import {clusterStep, endpointStep, originalDestinationStep} from './steps.js'
import type {Target} from './target.js'
import {upstreamHost} from './upstream-host.js'
import type {Upstream, UpstreamSocket} from './upstream.js'

type ForwardProxyType = Extract<ClusterType, {kind: 'forward-proxy'}>

interface Asked {
  readonly target: Target
  readonly type: ForwardProxyType
  /** What named the host. */
  readonly from: string
}

/** dynamic_forward_proxy: the request names its host. A name needs DNS, unless the dump shows that Envoy resolved it before. */
export function resolveForwardProxy(target: Target, type: ForwardProxyType): Branch<Upstream>[] {
  const {context, cluster} = target
  const {socket} = upstreamHost({...target, address: {kind: 'pipe', path: ''}})
  const asked = forwardHost(context, isSecure(socket))
  switch (asked.kind) {
    case 'address':
      return toAddress({target, type, from: asked.from}, asked.address)
    case 'name':
      return toName({target, type, from: asked.from}, asked.name)
    case 'none':
      return single<Upstream>(
        {
          kind: 'none',
          reason: 'no-healthy-upstream',
          cluster,
          text: `the connection names no host for cluster "${cluster.name}" (${asked.from} is empty)`,
        },
        [clusterStep({context, cluster, type})],
      )
    case 'unknown':
      return undetermined({target, type}, {what: `value of ${asked.what}`})
    default:
      return asked satisfies never
  }
}

function toAddress(asked: Asked, address: SocketAddress): Branch<Upstream>[] {
  const {context} = asked.target
  const upstream = upstreamHost({...asked.target, address: {kind: 'socket', ...address}})
  const endpoint = endpointStep({context, upstream, because: [`transport socket ${upstream.socket.name}`]})
  return single<Upstream>(upstream, [...askedSteps(asked, address), endpoint])
}

function toName(asked: Asked, name: string): Branch<Upstream>[] {
  const {target, from} = asked
  const host = resolvedHost(target, name)
  if (host?.address.kind !== 'socket') return undetermined(asked, {what: `addresses of ${name} (DNS name from ${from})`})
  const upstream = upstreamHost({...target, address: host.address, host})
  const because = [`${name} was resolved to ${formatAddress(host.address)}`, `transport socket ${upstream.socket.name}`]
  return single<Upstream>(upstream, [
    ...askedSteps(asked, host.address),
    endpointStep({context: target.context, upstream, health: host.status, because}),
  ])
}

/** The hosts Envoy has made so far are in the endpoints section, each under the name it was asked for. */
function resolvedHost({context, cluster}: Target, name: string): Host | undefined {
  const lookup = context.config.endpoints(cluster)
  if (lookup.kind !== 'found') return undefined
  return readHostSets(lookup.assignment, {distinct: false})
    .sets.flatMap((set) => set.hosts)
    .find((host) => host.hostname === name)
}

function askedSteps({target: {context, cluster}, type, from}: Asked, address: SocketAddress): Step[] {
  return [
    clusterStep({context, cluster, type}),
    originalDestinationStep({context, cluster, config: type.config, from, address, because: [], rejected: []}),
  ]
}

function undetermined({target: {context, cluster}, type}: Omit<Asked, 'from'>, missing: Missing): Branch<Upstream>[] {
  return single<Upstream>({kind: 'undetermined', cluster, missing: [missing]}, [clusterStep({context, cluster, type})])
}

function isSecure(socket: UpstreamSocket): boolean {
  return socket.kind === 'tls' || (socket.inner !== undefined && isSecure(socket.inner))
}
