import type {ContainerPort, Protocol, StringMap} from '../../flow/inventory.js'
import type {Place} from '../config/model.js'
import type {Prefix} from '../config/ip.js'

/** One Kubernetes NetworkPolicy. Source: networking.k8s.io/v1. */
export interface NetworkPolicy {
  readonly name: string
  readonly namespace: string
  readonly place: Place
  /** RFC 6901 pointer, where it was read from JSON. */
  readonly pointer?: string
  /** The pods it isolates, of its own namespace. */
  readonly podSelector: LabelSelector
  readonly types: readonly Direction[]
  readonly ingress: readonly PolicyRule[]
  readonly egress: readonly PolicyRule[]
}

export type Direction = 'ingress' | 'egress'

export interface PolicyRule {
  /** Empty: everybody. */
  readonly peers: readonly PolicyPeer[]
  /** Empty: every port. */
  readonly ports: readonly PolicyPort[]
}

export type PolicyPeer =
  | {readonly kind: 'block'; readonly cidr: Prefix; readonly except: readonly Prefix[]}
  /** Without a namespace selector: the namespace of the policy. Without a pod selector: every pod there. */
  | {readonly kind: 'pods'; readonly namespaceSelector?: LabelSelector; readonly podSelector?: LabelSelector}

export interface PolicyPort {
  readonly protocol: Protocol
  /** A number, the name of a container port of the destination, or absent for every port. */
  readonly port?: number | string
  /** With a number: the end of the range. */
  readonly endPort?: number
}

/** All requirements must hold; none at all selects everything. */
export type LabelSelector = readonly Requirement[]

export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

/** One end of a connection as the network sees it. */
export interface HopEnd {
  readonly ip: string
  /** The pod that has the address; absent for what is none. */
  readonly pod?: HopPod
  /** Pods were not recorded: some pod may have it. */
  readonly unknown?: true
  /** The node a process of the host network is on, whose traffic to its own pods is always let in. */
  readonly hostOf?: string
}

export interface HopPod {
  readonly name: string
  readonly namespace: string
  readonly labels: StringMap
  /** Absent: the labels of the namespace are not known. */
  readonly namespaceLabels?: StringMap
  readonly containerPorts: readonly ContainerPort[]
  readonly node?: string
  /** Selectors say nothing sure about pods of the host network. */
  readonly hostNetwork: boolean
}
