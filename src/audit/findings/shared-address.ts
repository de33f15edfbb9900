import type {Finding} from '../../flow/finding.js'
import {addressKey, evidenceOf, type Workload, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {listText, targetsOf, type Scene} from './scene.js'

/** Workloads by their addresses. Those on the network of their node share its address by design, and are left out (ambient-ga B.1). */
export function workloadsByAddress({workloads}: ZtunnelConfig): ReadonlyMap<string, readonly [Workload, ...Workload[]]> {
  const byAddress = new Map<string, [Workload, ...Workload[]]>()
  for (const workload of workloads.filter(({hostNetwork}) => !hostNetwork)) {
    for (const ip of workload.ips) {
      const key = addressKey({network: workload.network, ip})
      const before = byAddress.get(key)
      if (before === undefined) byAddress.set(key, [workload])
      else before.push(workload)
    }
  }
  return byAddress
}

/**
 * Two pods with one address on the way: ztunnel takes one of them for the other. An address beside that of a pod may stand in a
 * WorkloadEntry or ServiceEntry on purpose.
 * Source: ambient-ga B.1; istio issue 54338.
 */
export function sharedAddress(scene: Scene): readonly Finding[] {
  const {ztunnel} = scene
  if (ztunnel === undefined) return []
  const met = new Set([...targetsOf(scene), ...(scene.source === undefined ? [] : [scene.source])].flatMap(({ips}) => ips))
  return [...workloadsByAddress(ztunnel)].flatMap(([address, all]) => {
    const pods = all.filter(({uid}) => uid.includes('//Pod/'))
    const ip = pods[0]?.ips.find((one) => address.endsWith(`/${one}`))
    if (pods.length < 2 || ip === undefined || !met.has(ip)) return []
    return [
      {
        kind: 'shared-address',
        fault: true as const,
        text: `address ${ip} is that of ${pods.length} pods: ${listText(namesOf(pods))}; ztunnel takes one for the other`,
        evidence: pods.map((pod) => evidenceOf(ztunnel, pod)),
      },
    ]
  })
}

/** Their uids, without the cluster where that is the same: `shop/cart-1` of `Kubernetes//Pod/shop/cart-1`. */
function namesOf(pods: readonly Workload[]): readonly string[] {
  const uids = pods.map(({uid}) => uid).toSorted()
  const clusters = new Set(uids.map((uid) => uid.split('//Pod/')[0]))
  return clusters.size > 1 ? uids : uids.map((uid) => uid.replace(/^.*\/\/Pod\//, ''))
}
