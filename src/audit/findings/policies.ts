import type {Workload} from '../../mesh/directory.js'
import {policyKey, type Policy, type ZtunnelConfig} from '../../ztunnel/config/model.js'
import {knownWorkload} from './waypoints.js'

/** Policies that a ztunnel applies to connections into a pod, sorted by name (ambient-ga C.3). */
export function policiesOf(config: ZtunnelConfig, pod: Workload): readonly Policy[] {
  const selected = new Set(knownWorkload(config, pod)?.authorizationPolicies)
  const applies = (policy: Policy): boolean =>
    policy.scope === 'Global' ||
    (policy.scope === 'Namespace' && policy.namespace === pod.namespace) ||
    (policy.scope === 'WorkloadSelector' && selected.has(policyKey(policy)))
  return config.policies.filter(applies).toSorted((a, b) => (policyKey(a) < policyKey(b) ? -1 : 1))
}
