import type {Finding} from '../../flow/finding.js'
import {formatShare, isWhole} from '../../flow/share.js'
import {endsOf, evidenceOf, leadingTo, type End} from './ends.js'
import type {Scene} from './scene.js'

/**
 * A ztunnel knows of another network only its gateway: what stands behind it is in the dumps of the cluster there.
 * Source: ambient-ga B.6; istio issue 57537.
 */
export function edgeOfKnowledge(scene: Scene): readonly Finding[] {
  const end = endsOf(scene, 'undetermined').find(({hop}) => hop.place.kind === 'gateway' && hop.place.namespace === undefined)
  const before = end === undefined ? undefined : leadingTo(scene, end.hop)
  const gateways = before?.steps.filter(({kind}) => kind === 'gateway') ?? []
  if (end === undefined || gateways.length === 0) return []
  return [
    {
      kind: 'edge-of-knowledge',
      text: `UNDETERMINED beyond network gateway ${end.hop.place.name}${networkText(scene, end)}: no snapshot of the cluster behind it${shareOf(end)}; ztunnel knows the gateway only, not what it leads to`,
      evidence: evidenceOf(...gateways),
    },
  ]
}

function networkText({ztunnel}: Scene, {hop}: Pick<End, 'hop'>): string {
  const gateway = ztunnel?.workloads.find(({ips}) => ips.includes(hop.place.name))
  return gateway === undefined || gateway.network === '' ? '' : ` of ${gateway.network}`
}

function shareOf({share}: Pick<End, 'share'>): string {
  return isWhole(share) ? '' : `, where ${formatShare(share)} of the traffic goes`
}
