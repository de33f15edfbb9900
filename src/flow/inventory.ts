/**
 * What the cluster holds, as `kubectl get … -o json` told. Each list is absent when it was not collected:
 * an empty list says that there are none, and only a recorded list may say so.
 */
export interface Inventory {
  readonly pods?: readonly Pod[]
  readonly services?: readonly Service[]
  readonly endpointSlices?: readonly EndpointSlice[]
  readonly nodes?: readonly ClusterNode[]
  readonly namespaces?: readonly Namespace[]
  readonly serviceAccounts?: readonly ServiceAccount[]
  readonly authorizationPolicies?: readonly AuthorizationPolicy[]
  readonly networkPolicies?: readonly RawObject[]
  readonly serviceEntries?: readonly RawObject[]
  readonly gateways?: readonly Gateway[]
  readonly gatewayClasses?: readonly GatewayClass[]
  /** From the mesh config, where that was recorded. */
  readonly trustDomain?: string
}

export type StringMap = ReadonlyMap<string, string>

/** Where an object was read: a file of the snapshot and the RFC 6901 pointer inside it. */
export interface InventorySource {
  readonly file: string
  readonly pointer: string
}

interface InventoryObject {
  readonly name: string
  readonly labels: StringMap
  readonly annotations: StringMap
  readonly recorded: InventorySource
}

interface NamespacedObject extends InventoryObject {
  readonly namespace: string
}

export interface Pod extends NamespacedObject {
  readonly uid?: string
  /** All addresses of the pod, primary first; empty before one was assigned. */
  readonly ips: readonly string[]
  /** Absent while not scheduled. */
  readonly node?: string
  readonly hostNetwork: boolean
  readonly serviceAccount: string
  /** Declared ports only: an application may listen on others. */
  readonly containerPorts: readonly ContainerPort[]
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  /** The Ready condition; absent when the status does not tell. */
  readonly ready?: boolean
  /** Owner that controls it, for example the ReplicaSet of a Deployment. */
  readonly owner?: {readonly kind: string; readonly name: string}
}

export interface ContainerPort {
  readonly name?: string
  readonly port: number
  readonly protocol: Protocol
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

export interface Service extends NamespacedObject {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Virtual addresses; empty for a headless or ExternalName service. */
  readonly clusterIPs: readonly string[]
  readonly headless: boolean
  readonly ports: readonly ServicePort[]
  /** Absent when the service selects no pods (its endpoints come from elsewhere). */
  readonly selector?: StringMap
  readonly externalName?: string
  /** Addresses that lead to it from other networks: those of its load balancer, and `externalIPs`. */
  readonly externalIPs?: readonly string[]
}

export interface ServicePort {
  readonly name?: string
  readonly port: number
  readonly protocol: Protocol
  /** Port of the pod, as number or as name of a container port. */
  readonly targetPort: number | string
  readonly appProtocol?: string
}

export interface EndpointSlice extends NamespacedObject {
  /** From the label `kubernetes.io/service-name`. */
  readonly service?: string
  readonly addressType: string
  readonly ports: readonly {readonly name?: string; readonly port?: number; readonly protocol: Protocol}[]
  readonly endpoints: readonly SliceEndpoint[]
}

export interface SliceEndpoint {
  readonly addresses: readonly string[]
  readonly ready?: boolean
  readonly node?: string
  /** `targetRef` when it names a pod. */
  readonly pod?: {readonly namespace: string; readonly name: string}
}

export interface ClusterNode extends InventoryObject {
  /** InternalIP addresses. */
  readonly ips: readonly string[]
  readonly podCIDRs: readonly string[]
}

export type Namespace = InventoryObject
export type ServiceAccount = NamespacedObject

/** An Istio AuthorizationPolicy, as far as it tells where it can be enforced. */
export interface AuthorizationPolicy extends NamespacedObject {
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'
  /** Absent when it has none: with no targets either, it is for the whole namespace. */
  readonly selector?: StringMap
  /** What it is attached to instead of pods. */
  readonly targets: readonly PolicyTarget[]
  /** Fields that only a proxy reading HTTP can judge: `methods`, `paths`, …; sorted. */
  readonly httpFields: readonly string[]
}

export interface PolicyTarget {
  readonly kind: string
  readonly name: string
}

/** A Gateway of the Kubernetes Gateway API, as far as it tells who may use it as a waypoint. */
export interface Gateway extends NamespacedObject {
  readonly className: string
  readonly listeners: readonly GatewayListener[]
  /** Whether its status names an address. */
  readonly hasAddress: boolean
}

export interface GatewayListener {
  readonly protocol: string
  readonly port?: number
  /** Namespaces whose objects may attach: `Same` unless it says otherwise. */
  readonly from: string
  /** With `from: Selector`, the labels that a namespace must have; absent where expressions decide too. */
  readonly namespaceLabels?: StringMap
}

export type GatewayClass = InventoryObject

/** A Kubernetes object as it was recorded, for whoever knows its kind. */
export interface RawObject extends NamespacedObject {
  readonly value: unknown
}
