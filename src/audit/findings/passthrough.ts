import {formatSocket} from '../../flow/address.js'
import type {Finding} from '../../flow/finding.js'
import type {Scene} from './scene.js'

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
