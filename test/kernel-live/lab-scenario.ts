import type {Family} from '../../src/kernel/config/ip.js'
import type {Listener} from '../../src/kernel/config/model.js'
import type {Role} from './topology.js'

/** How the rules of a namespace are loaded: the two backends of iptables, or nft by itself as istio-cni does in its nftables mode. */
export type Loader = 'iptables-legacy' | 'iptables-nft' | 'nft'

/** A whole state of three namespaces, and what is tried in it. */
export interface LabScenario {
  readonly family: Family
  readonly namespaces: Readonly<Record<Role, NamespaceState>>
  readonly listeners: readonly LabListener[]
  readonly attempts: readonly LabAttempt[]
}

export interface NamespaceState {
  readonly loader: Loader
  /** Text for `iptables-restore`, or for `nft -f`; empty when there are no rules. */
  readonly rules: string
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
