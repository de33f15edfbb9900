import {andThen, single, type Branch} from '../branch.js'
import type {Service} from '../config/model.js'
import {noValidDestination} from './failure.js'
import {resolveGateway} from './gateway.js'
import type {OutboundOutcome} from './outcome.js'
import type {OutboundQuestion} from './question.js'
import {dialAddress, serviceIdentities, upstreamIdentities, type Upstream} from './upstream.js'

export interface CrossNetwork {
  readonly upstream: Upstream
  readonly service: Service
}

/** A workload of another network: a tunnel to its gateway, and one inside it to the workload (ambient-ga B.6). */
export function crossNetwork(question: OutboundQuestion, {upstream, service}: CrossNetwork): readonly Branch<OutboundOutcome>[] {
  const {semantics} = question.state
  const {networkGateway} = upstream.workload
  if (networkGateway === undefined) return single(noValidDestination(upstream.workload, semantics))
  return andThen(
    resolveGateway(question, {gateway: networkGateway, kind: 'network-gateway', namedBy: upstream.workload}),
    (gateway): readonly Branch<OutboundOutcome>[] => {
      if (gateway.kind !== 'upstream') return single(gateway)
      const dial = dialAddress(gateway)
      if (dial === undefined) return single(noValidDestination(gateway.workload, semantics))
      return single({
        kind: 'request',
        protocol: 'DOUBLEHBONE',
        dial,
        authority: `${service.hostname}:${semantics.targetPortAuthority ? upstream.port : question.target.port}`,
        nextHop: gateway.workload,
        service,
        upstreamSans: upstreamIdentities(gateway),
        finalSans: serviceIdentities(upstream.service),
        via: 'network-gateway',
      })
    },
  )
}
