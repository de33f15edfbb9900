import type {Family} from '../../src/kernel/config/ip.js'
import type {Listener} from '../../src/kernel/config/model.js'
import type {Role} from './topology.js'

/** How the rules of a namespace are loaded: the two backends of iptables, or nft by itself as istio-cni does in its nftables mode. */
export type Loader = 'iptables-legacy' | 'iptables-nft' | 'nft'

/**
 * How the namespaces are joined. `tunnel`: the second link to the pod is a tunnel over the first. `bridge`: client and pod hang on a bridge
 * of the node and talk over it; `routed-bridge`: they hang on it, and talk over the node's address.
 */
export type Layout = 'links' | 'tunnel' | 'bridge' | 'routed-bridge'

/** A whole state of three namespaces, and what is tried in it. */
export interface LabScenario {
  readonly family: Family
  readonly layout: Layout
  readonly namespaces: Readonly<Record<Role, NamespaceState>>
  readonly listeners: readonly LabListener[]
  readonly attempts: readonly LabAttempt[]
}

export interface NamespaceState {
  readonly loader: Loader
  /** Text for `iptables-restore`, or for `nft -f`; empty when there are no rules. */
  readonly rules: string
  /** Rules of another backend, loaded after those. */
  readonly further?: Pick<NamespaceState, 'loader' | 'rules'>
  /** Text for `ipset restore`. */
  readonly sets: string
  /** Arguments of `ip route` and `ip rule`. */
  readonly routes: readonly string[]
  readonly policies: readonly string[]
  readonly sysctls: readonly string[]
}

export interface LabListener extends Pick<Listener, 'protocol' | 'port' | 'mark' | 'transparent'> {
  readonly role: Role
  readonly ip: string
}

export interface LabAttempt {
  readonly role: Role
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly source?: string
  readonly destination: {readonly ip: string; readonly port: number}
  readonly mark: number
  readonly transparent: boolean
  readonly user: number
  readonly group: number
}
