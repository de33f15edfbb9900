import type {Evidence} from '../../flow/step.js'
import type {View} from '../../json/view.js'

/** Everything read from a dump keeps its view: unknown fields stay reachable, and evidence has its pointer. */
export interface Recorded {
  readonly view: View
}

/** An IP inside one network. IPs are in their canonical text form. */
export interface NetworkAddress {
  readonly network: string
  readonly ip: string
}

/** Where a waypoint or network gateway is: an address, or a hostname of a namespace (ambient-ga A.3). */
export type GatewayAddress = {readonly port: number} & (
  | ({readonly kind: 'address'} & NetworkAddress)
  | {readonly kind: 'hostname'; readonly namespace: string; readonly hostname: string}
)

export interface Workload extends Recorded {
  /** Generations without uids have the address instead. */
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly trustDomain: string
  readonly network: string
  readonly ips: readonly string[]
  /** Set where ztunnel resolves the address by DNS at connect time; else empty. */
  readonly hostname: string
  readonly node: string
  readonly clusterId: string
  readonly protocol: 'HBONE' | 'TCP'
  readonly hostNetwork: boolean
  readonly healthy: boolean
  readonly capacity: number
  readonly locality: Locality
  /** Later generations have one at most; 1.18 lists several addresses. */
  readonly waypoints: readonly GatewayAddress[]
  readonly networkGateway?: GatewayAddress
  readonly applicationTunnel?: ApplicationTunnel
  /** Keys `ns/name` of the policies that select this workload. */
  readonly authorizationPolicies: readonly string[]
  /** Keys `ns/hostname` of its services; printed from 1.24 on. */
  readonly services: readonly string[]
  readonly workloadName: string
  readonly canonicalName: string
}

export interface Locality {
  readonly region: string
  readonly zone: string
  readonly subzone: string
}

export interface ApplicationTunnel {
  readonly protocol: 'PROXY' | 'NONE'
  readonly port?: number
}

export interface Service extends Recorded {
  readonly name: string
  readonly namespace: string
  readonly hostname: string
  readonly vips: readonly NetworkAddress[]
  readonly cidrVips: readonly CidrVip[]
  /** Service port to target port; 0 is a named target port, which each endpoint gives itself. */
  readonly ports: ReadonlyMap<number, number>
  readonly endpoints: readonly Endpoint[]
  readonly subjectAltNames: readonly string[]
  readonly waypoint?: GatewayAddress
  readonly weightedWaypoints: readonly WeightedWaypoint[]
  readonly loadBalancer?: LoadBalancer
  readonly ipFamilies?: IpFamilies
  readonly canonical: boolean
  /** Only clients of its own namespace see it. */
  readonly namespaceOnly: boolean
}

export interface CidrVip {
  readonly network: string
  readonly cidr: string
}

export interface Endpoint extends Recorded {
  readonly workloadUid: string
  readonly ports: ReadonlyMap<number, number>
  /** 1.22 prints no workload without address; its endpoint says `address: null`. */
  readonly addressless: boolean
}

export interface WeightedWaypoint {
  readonly gateway: GatewayAddress
  readonly weight: number
}

export type RoutingScope = 'Network' | 'Region' | 'Zone' | 'Subzone' | 'Node' | 'Cluster'

export interface LoadBalancer {
  readonly mode: 'Standard' | 'Strict' | 'Failover' | 'Passthrough'
  readonly preferences: readonly RoutingScope[]
  readonly allowUnhealthy: boolean
}

export type IpFamilies = 'Dual' | 'IPv4' | 'IPv6'

export interface Policy extends Recorded {
  readonly name: string
  readonly namespace: string
  readonly scope: 'Global' | 'Namespace' | 'WorkloadSelector'
  readonly action: 'Allow' | 'Deny'
  readonly dryRun: boolean
  readonly rules: readonly Rule[]
}

/** All clauses must hold; a clause holds when one of its matches does. */
export interface Rule extends Recorded {
  readonly clauses: readonly Clause[]
}

export interface Clause extends Recorded {
  readonly matches: readonly Match[]
}

export interface Match extends Recorded {
  readonly fields: readonly MatchField[]
}

/** One field of a match; `negated` is its `not…` form. */
export type MatchField = {readonly name: string; readonly negated: boolean} & (
  | {readonly kind: 'principals' | 'namespaces'; readonly values: readonly StringMatch[]}
  | {readonly kind: 'serviceAccounts'; readonly values: readonly ServiceAccountRef[]}
  | {readonly kind: 'sourceIps' | 'destinationIps'; readonly values: readonly string[]}
  | {readonly kind: 'destinationPorts'; readonly values: readonly number[]}
  /** A field of a release this tool does not know. */
  | {readonly kind: 'unknown'}
)

export type StringMatch =
  | {readonly kind: 'Exact' | 'Prefix' | 'Suffix'; readonly value: string}
  | {readonly kind: 'Presence'}
  | {readonly kind: 'unknown'}

export interface ServiceAccountRef {
  readonly namespace: string
  readonly serviceAccount: string
}

export interface Certificate extends Recorded {
  readonly identity: string
  /** `Available`, `Initializing` or `Unavailable: <error>`. */
  readonly state: string
  /** When the leaf expires, as the dump prints it. */
  readonly expires?: string
}

/** A pod whose network namespace this ztunnel holds. */
export interface CapturedPod extends Recorded {
  readonly uid: string
  readonly up: boolean
  /** Open connections. */
  readonly inbound: number
  readonly outbound: number
  readonly name?: string
  readonly namespace?: string
  readonly serviceAccount?: string
}

/** What the dump's `config` says; defaults are those of ztunnel. */
export interface ZtunnelSettings {
  readonly network: string
  /** Absent when ztunnel was not told its node. */
  readonly localNode?: string
  readonly clusterId: string
  readonly clusterDomain: string
  readonly dedicated: boolean
  /** Where ztunnel listens in each pod; `hbone` is also the port it dials others at. */
  readonly ports: {readonly outbound: number; readonly hbone: number; readonly plaintext: number}
  readonly illegalPorts: readonly number[]
  readonly dnsProxy: boolean
  readonly ipv6Enabled: boolean
  readonly localhostAppTunnel: boolean
  readonly xdsOnDemand: boolean
  readonly preferredServiceNamespace?: string
  /** The one workload a dedicated ztunnel serves. */
  readonly dedicatedWorkload?: ServiceAccountRef & {readonly name: string}
}

/** `lists` from 1.23, `maps` in 1.22, `flattened` in 1.19 to 1.21, `vips` in 1.18 (ambient-ga A.2, K). */
export type DumpShape = 'lists' | 'maps' | 'flattened' | 'vips'

/** Minor release of Istio 1.x; `markers`: the newest field seen, so a lower bound. */
export interface ZtunnelVersion {
  readonly minor: number
  readonly from: 'version' | 'markers' | 'override'
  /** The newest field seen, when that decided. */
  readonly marker?: string
}

/** Read-only, typed view of one ztunnel `config_dump`. */
export interface ZtunnelConfig {
  /** Name of the dump inside the snapshot; goes into evidence. */
  readonly dump: string
  readonly shape: DumpShape
  readonly version: ZtunnelVersion
  readonly settings: ZtunnelSettings
  readonly warnings: readonly string[]
  readonly workloads: readonly Workload[]
  readonly services: readonly Service[]
  readonly policies: readonly Policy[]
  readonly certificates: readonly Certificate[]
  /** Empty when none is held; absent when the dump has no `workloadState`: dedicated mode, or before 1.22. */
  readonly capturedPods?: readonly CapturedPod[]
  /** Keys `ns/hostname` of services whose endpoints arrived before them. */
  readonly stagedServices: readonly string[]
  /** What the dump itself says holds an address; absent where it only lists (from 1.23). */
  readonly addressOwners?: {readonly services?: ReadonlyMap<string, Service>; readonly workloads?: ReadonlyMap<string, Workload>}
}

export function evidenceOf(config: Pick<ZtunnelConfig, 'dump'>, {view}: Recorded): Evidence {
  return {dump: config.dump, pointer: view.pointer, basis: 'recorded'}
}

export function serviceKey(service: Pick<Service, 'namespace' | 'hostname'>): string {
  return `${service.namespace}/${service.hostname}`
}

export function policyKey(policy: Pick<Policy, 'namespace' | 'name'>): string {
  return `${policy.namespace}/${policy.name}`
}

/** ambient-ga A.3. */
export function identityOf(workload: Pick<Workload, 'trustDomain' | 'namespace' | 'serviceAccount'>): string {
  return `spiffe://${workload.trustDomain}/ns/${workload.namespace}/sa/${workload.serviceAccount}`
}

/** Key of an address inside its network, as ztunnel prints it: `network/ip`. */
export function addressKey({network, ip}: NetworkAddress): string {
  return `${network}/${ip}`
}
