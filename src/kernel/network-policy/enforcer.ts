import type {Pod} from '../../flow/inventory.js'

/**
 * Labels of pods whose network plugin always enforces NetworkPolicies. Others do so by a setting (aws-node), by version (kindnet)
 * or not at all (flannel). Source: the manifests of the plugins.
 */
const AGENTS: readonly (readonly [key: string, value: string])[] = [
  ['k8s-app', 'calico-node'],
  ['k8s-app', 'canal'],
  ['k8s-app', 'cilium'],
  ['k8s-app', 'kube-router'],
  ['k8s-app', 'azure-npm'],
  ['k8s-app', 'kube-network-policies'],
  ['name', 'weave-net'],
  ['component', 'antrea-agent'],
  ['app', 'ovnkube-node'],
]

/** Whether an agent of a node is known to enforce NetworkPolicies; false where it may, or may not. */
export function isEnforced(pods: readonly Pod[], node: string | undefined): boolean {
  return pods.some((pod) => pod.node === node && pod.hostNetwork && AGENTS.some(([key, value]) => pod.labels.get(key) === value))
}
