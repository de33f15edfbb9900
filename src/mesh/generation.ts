import type {Inventory, Pod} from '../flow/inventory.js'

/** How traffic is captured: `2022` by packet rules of the node for an Envoy ztunnel, `ga` inside each pod for the Rust ztunnel. */
export type Generation = '2022' | 'ga'

/** What tells the generation of a cluster, as far as it is there. */
export interface GenerationEvidence {
  readonly inventory: Inventory
  /** What the dumps of its ztunnels are. */
  readonly ztunnels: ReadonlySet<'envoy' | 'ztunnel'>
}

/** The dumps decide, then the labels that only one generation has. Without any sign it is 2022, whose rules need no dump. */
export function generationOf({inventory, ztunnels}: GenerationEvidence): Generation {
  if (ztunnels.has('ztunnel')) return 'ga'
  if (ztunnels.has('envoy')) return '2022'
  const pods = inventory.pods ?? []
  if (pods.some(({labels}) => labels.has('ambient-type'))) return '2022'
  return pods.some(isOfGa) ? 'ga' : '2022'
}

/** ambient-ga A, D: the daemon set's label, and what istiod puts on the gateways it manages. */
function isOfGa({labels}: Pod): boolean {
  return labels.get('app') === 'ztunnel' || labels.has('gateway.istio.io/managed')
}
