import type {SocketAddress} from '../../flow/address.js'
import type {Evidence, Rejected, Step} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {evidenceOf, type Resource} from '../config/model.js'
import type {ClusterType} from './cluster-type.js'
import type {UpstreamContext, UpstreamHost} from './upstream.js'

interface ClusterStep {
  readonly context: UpstreamContext
  readonly cluster: Resource
  readonly type: ClusterType
  readonly join?: string
  /** The endpoint assignment that was used, and whether it was found by inference. */
  readonly endpoints?: {readonly assignment: View; readonly inferred: boolean}
  readonly because?: readonly string[]
}

export function clusterStep({context, cluster, type, join, endpoints, because = []}: ClusterStep): Step {
  return {
    kind: 'cluster',
    name: cluster.name,
    type: type.name,
    ...(join === undefined ? {} : {join}),
    because: [...because, ...(cluster.notes ?? [])],
    evidence: [
      clusterEvidence(context, cluster),
      ...(endpoints === undefined ? [] : [viewEvidence(context, {view: endpoints.assignment, inferred: endpoints.inferred})]),
    ],
  }
}

export function endpointStep(input: {
  readonly context: UpstreamContext
  readonly upstream: UpstreamHost
  readonly health?: string
  readonly inferred?: boolean
  readonly rejected?: readonly Rejected[]
  readonly because: readonly string[]
}): Step {
  const {context, upstream, health, rejected = []} = input
  return {
    kind: 'endpoint',
    address: upstream.address,
    transportSocket: upstream.socket.name,
    because: input.because,
    ...(health === undefined ? {} : {health}),
    ...(rejected.length === 0 ? {} : {rejected}),
    evidence:
      upstream.host === undefined
        ? [clusterEvidence(context, upstream.cluster)]
        : [viewEvidence(context, {view: upstream.host, inferred: input.inferred === true})],
  }
}

export function originalDestinationStep(input: {
  readonly context: UpstreamContext
  readonly cluster: Resource
  readonly config: View | undefined
  readonly from: string
  readonly address: SocketAddress
  readonly because: readonly string[]
  readonly rejected: readonly Rejected[]
}): Step {
  const {context, cluster, config, from, address, because, rejected} = input
  return {
    kind: 'original-destination',
    from,
    address,
    because,
    ...(rejected.length === 0 ? {} : {rejected}),
    evidence: [config === undefined ? clusterEvidence(context, cluster) : viewEvidence(context, {view: config, inferred: false})],
  }
}

function clusterEvidence(context: UpstreamContext, cluster: Resource): Evidence {
  return {...evidenceOf(context.config, cluster.view), ...(cluster.version === undefined ? {} : {version: cluster.version})}
}

function viewEvidence({config}: UpstreamContext, {view, inferred}: {readonly view: View; readonly inferred: boolean}): Evidence {
  return {...evidenceOf(config, view), ...(inferred ? {basis: 'inferred' as const} : {})}
}
