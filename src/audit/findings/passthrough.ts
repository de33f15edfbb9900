import {formatSocket} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import {endsOf} from './ends.js'
import {hopsAt, type Scene} from './scene.js'

/**
 * Without an entry for the address ztunnel passes bytes on as they are, whatever outboundTrafficPolicy says.
 * Source: ambient-ga B.2; istio issues 54896, 54981, 60781.
 */
export function passedThrough({trace, destination, ztunnel}: Scene): readonly Finding[] {
  const passes = Object.values(trace.outcomes).some(({verdict}) => verdict.kind === 'passthrough')
  if (!passes || trace.flow.clientKind !== 'ambient' || destination.service !== undefined) return []
  const address = formatSocket(trace.flow.connection.destination)
  return [
    {
      kind: 'passthrough',
      text: `no service and no workload matches ${address}: passed through in plaintext as far as the mesh goes, leaves the mesh; no policy and no REGISTRY_ONLY applies`,
      evidence: ztunnel === undefined ? [] : [{dump: ztunnel.dump, pointer: '/services', basis: 'recorded'}],
    },
  ]
}

/**
 * An Envoy as ztunnel passes through what none of its chains matches, as long as it has a default chain.
 * Source: envoy-2022 A.2, H.1.11 (REGISTRY_ONLY leaves the default chain out).
 */
export function passedByDefault(scene: Scene): readonly Finding[] {
  const ends = endsOf(scene, 'passthrough')
  return hopsAt(scene, 'ztunnel')
    .flatMap(({steps}) => steps.flatMap((step) => (step.kind === 'filter-chain' && step.default === true ? step : [])))
    .slice(0, ends.length === 0 ? 0 : 1)
    .map(({evidence}) => ({
      kind: 'passthrough',
      text: `no filter chain of ztunnel matches ${formatSocket(scene.trace.flow.connection.destination)}: its default chain passes it through in plaintext, leaves the mesh; only REGISTRY_ONLY takes that chain away`,
      evidence,
    }))
}
