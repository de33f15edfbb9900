import type {Pod} from '../../flow/inventory.js'
import type {Tri} from '../../flow/tri.js'
import type {NetworkPlugin} from './model.js'

type Agent = NetworkPlugin & {readonly label: readonly [key: string, value: string]}

const USUAL: NetworkPlugin = {enforces: true, blocksMeanPods: 'yes', knowsProbes: 'undetermined'}

/** They enforce by a setting (aws-node) or by version (kindnet). */
const OPTIONAL: NetworkPlugin = {...USUAL, enforces: false}

/**
 * Agents of network plugins, by the labels of their manifests; flannel alone enforces nothing. Cilium judges pods by identity:
 * an ipBlock means none of them (docs.cilium.io, policy caveats), and what comes from the address of probes is a stranger to it
 * (istio.io, ambient platform prerequisites).
 */
const AGENTS: readonly Agent[] = [
  {label: ['k8s-app', 'cilium'], enforces: true, blocksMeanPods: 'no', knowsProbes: 'no'},
  ...labelled(USUAL, [
    ['k8s-app', 'calico-node'],
    ['k8s-app', 'canal'],
    ['k8s-app', 'kube-router'],
    ['k8s-app', 'azure-npm'],
    ['k8s-app', 'kube-network-policies'],
    ['name', 'weave-net'],
    ['component', 'antrea-agent'],
    ['app', 'ovnkube-node'],
  ]),
  ...labelled(OPTIONAL, [
    ['k8s-app', 'aws-node'],
    ['k8s-app', 'kindnet'],
    ['app', 'kindnet'],
  ]),
]

/** What is known of the network plugin of a node, from the agents that run there; nothing sure where there are none, or several that differ. */
export function pluginOn(pods: readonly Pod[], node: string | undefined): NetworkPlugin {
  const here = pods.filter((pod) => pod.node === node && pod.hostNetwork)
  const agents = AGENTS.filter(({label: [key, value]}) => here.some(({labels}) => labels.get(key) === value))
  return {
    enforces: agents.some(({enforces}) => enforces),
    blocksMeanPods: agreed(agents.map(({blocksMeanPods}) => blocksMeanPods)),
    knowsProbes: agreed(agents.map(({knowsProbes}) => knowsProbes)),
  }
}

function agreed(said: readonly Tri[]): Tri {
  const [first = 'undetermined', ...others] = new Set(said)
  return others.length === 0 ? first : 'undetermined'
}

function labelled(plugin: NetworkPlugin, labels: readonly Agent['label'][]): readonly Agent[] {
  return labels.map((label) => ({...plugin, label}))
}
