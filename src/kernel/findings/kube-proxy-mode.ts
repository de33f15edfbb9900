import {IPVS_DEVICE, type NetworkNamespace} from '../config/namespace.js'
import {hasChain} from './chains.js'

/** How services are translated on a node, as far as devices and chains tell. */
export type KubeProxyMode = 'iptables' | 'nftables' | 'ipvs' | 'ebpf' | 'unknown'

/** IPVS binds all VIPs to a dummy device of that name; Cilium brings devices and chains of its own. */
export function kubeProxyMode(node: NetworkNamespace): KubeProxyMode {
  if (node.devices.some(({name}) => name === IPVS_DEVICE)) return 'ipvs'
  if (hasChain(node, 'KUBE-SERVICES')) return 'iptables'
  if (node.packetRules[4].tables.some(({title}) => title === 'ip kube-proxy')) return 'nftables'
  return node.devices.some(({name}) => name === 'cilium_host') ? 'ebpf' : 'unknown'
}
