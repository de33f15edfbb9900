import type {ContainerPort, Protocol, StringMap} from '../../flow/inventory.js'
import type {Tri} from '../../flow/tri.js'
import type {Place} from '../config/model.js'
import type {Prefix} from '../config/ip.js'

/** What may keep a connection from a pod: a policy that was read, or one that only may. */
export type Policy = NetworkPolicy | UnreadPolicy

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
  readonly unread?: never
}

/** A policy whose rules are not judged here: of a kind of its own, or recorded with something in it that is not known. */
export interface UnreadPolicy {
  /** Its kind, as people call it. */
  readonly unread: string
  readonly name: string
  /** Absent: it may select pods of each namespace. */
  readonly namespace?: string
  readonly place: Place
  readonly pointer?: string
  readonly types: readonly Direction[]
  /** Absent where it is not known which pods it selects. */
  readonly subject?: {readonly pods: LabelSelector; readonly namespaces: LabelSelector}
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

/** A connection between two addresses, after NAT: what the network itself carries. */
export interface PolicyHop {
  readonly source: HopEnd
  readonly destination: HopEnd
  readonly port: number
  readonly protocol: Protocol
}

/** One end of a connection as the network sees it. */
export interface HopEnd {
  readonly ip: string
  /** The pod that has the address; absent for what is none. */
  readonly pod?: HopPod
  /** Pods were not recorded: some pod may have it. */
  readonly unknown?: true
  /** The node that has the address, whose traffic to its own pods is always let in. */
  readonly hostOf?: string
  /** Pods of the host network with this address: the process may be one of theirs. */
  readonly hostPods?: readonly HopPod[]
  /** What is known of the network plugin of the node it is on. */
  readonly plugin?: NetworkPlugin
}

export interface HopPod {
  readonly name: string
  readonly namespace: string
  readonly labels: StringMap
  /** Absent: the labels of the namespace are not known. */
  readonly namespaceLabels?: StringMap
  readonly containerPorts: readonly ContainerPort[]
  readonly node?: string
}

/** Where network plugins differ. */
export interface NetworkPlugin {
  /** False where it may enforce NetworkPolicies, or not. */
  readonly enforces: boolean
  /** Whether an ipBlock also stands for pods that have an address in it. */
  readonly blocksMeanPods: Tri
  /** Whether it knows probes by the address that ambient capture gives them. */
  readonly knowsProbes: Tri
}
