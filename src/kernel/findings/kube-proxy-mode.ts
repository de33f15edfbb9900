import {IPVS_DEVICE, type NetworkNamespace} from '../config/namespace.js'
import {hasChain} from './chains.js'

/** How services are translated on a node, as far as devices and chains tell. */
export type KubeProxyMode = 'iptables' | 'nftables' | 'ipvs' | 'ebpf' | 'unknown'

/**
 * IPVS binds all VIPs to a dummy device of that name. Network plugins that translate in eBPF bring devices of their own; they do it before
 * packet rules are asked, so that chains of kube-proxy beside them are left over, or only for what pods do not send.
 */
export function kubeProxyMode(node: NetworkNamespace): KubeProxyMode {
  const names = new Set(node.devices.map(({name}) => name))
  if (names.has(IPVS_DEVICE)) return 'ipvs'
  if (EBPF_DEVICES.some((name) => names.has(name))) return 'ebpf'
  if (hasChain(node, 'KUBE-SERVICES')) return 'iptables'
  return hasNftables(node) ? 'nftables' : 'unknown'
}

/** Of Cilium, and of Calico in its eBPF mode. */
const EBPF_DEVICES = ['cilium_host', 'bpfin.cali', 'bpfnatin']

function hasNftables({packetRules}: NetworkNamespace): boolean {
  return [...packetRules[4].tables, ...packetRules[6].tables].some(({title}) => title === 'ip kube-proxy' || title === 'ip6 kube-proxy')
}
