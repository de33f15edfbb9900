import type {ContainerPort, ServicePort, StringMap} from '../flow/inventory.js'
import type {Evidence} from '../flow/step.js'
import {groupBy} from '../flow/group-by.js'
import {normalIp} from './ip.js'

export type WorkloadRole = 'app' | 'ztunnel' | 'waypoint' | 'gateway' | 'sidecar'

/** Whether the node steers a pod's traffic into its ztunnel, and why. */
export interface Enrolment {
  readonly captured: 'yes' | 'no' | 'undetermined'
  readonly because: string
  /** How well it is known; labels say what should be (`assumed`), ztunnel itself and the pod's annotation what is (`recorded`). */
  readonly basis?: Evidence['basis']
  /** Where the ztunnel's dump or the pod says so. */
  readonly evidence?: readonly Evidence[]
  /** What is wrong with the capture of this pod. */
  readonly finding?: string
  /** Only what leaves the pod is captured. */
  readonly outboundOnly?: true
  /** What the pod's annotation says of DNS; absent where it leaves that to the node agent. */
  readonly capturesDns?: boolean
  /** Set where the ztunnel holds the pod under another name: as whom it presents itself. */
  readonly presents?: string
}

/** A pod, as the inventory lists it or as dumps let one conclude. */
export interface Workload {
  readonly name: string
  readonly namespace: string
  /** Kubernetes gives each pod another one, also of the same name. */
  readonly uid?: string
  readonly ips: readonly string[]
  readonly node?: string
  readonly hostNetwork: boolean
  readonly serviceAccount?: string
  readonly identity?: string
  /** Deployment, StatefulSet or DaemonSet it belongs to. */
  readonly controller?: string
  readonly labels: StringMap
  /** Absent when nobody listed them. */
  readonly containerPorts?: readonly ContainerPort[]
  readonly role: WorkloadRole
  readonly enrolment: Enrolment
  /** Running and not known to be unready: it takes part in its services. */
  readonly ready: boolean
  readonly evidence: Evidence
}

/** A service with its virtual addresses and where its traffic goes without a mesh. */
export interface MeshService {
  readonly name: string
  readonly namespace: string
  readonly host: string
  readonly vips: readonly string[]
  readonly headless: boolean
  /** Known to Kubernetes, so that kube-proxy translates its addresses; false for what only the mesh knows (a ServiceEntry). */
  readonly kubernetes: boolean
  readonly ports: readonly ServicePort[]
  /** Endpoints as Kubernetes resolves them; absent when the data does not tell. */
  readonly endpoints?: readonly ServiceEndpoint[]
  /** Addresses of its load balancer, which other networks use. */
  readonly externalIPs?: readonly string[]
  readonly evidence: Evidence
}

/** One address behind a service, for one of its ports. */
export interface ServiceEndpoint {
  readonly ip: string
  readonly port: number
  /** Number of the service port it belongs to. */
  readonly servicePort: number
}

export interface MeshNode {
  readonly name: string
  readonly ips: readonly string[]
  readonly podCIDRs: readonly string[]
}

/** Who is who: the answer to "who owns this address" and "what does this name mean". */
export class Directory {
  readonly workloads: readonly Workload[]
  readonly services: readonly MeshService[]
  readonly nodes: readonly MeshNode[]
  /** Every pod of the cluster is listed, so that an unknown address is nobody's. */
  readonly complete: boolean
  readonly #workloadsByIp: ReadonlyMap<string, readonly Workload[]>
  readonly #workloadsByName: ReadonlyMap<string, readonly Workload[]>
  readonly #ztunnels: ReadonlyMap<string, readonly Workload[]>
  readonly #servicesByVip: ReadonlyMap<string, readonly MeshService[]>
  readonly #servicesByExternalIp: ReadonlyMap<string, readonly MeshService[]>
  readonly #nodesByIp: ReadonlyMap<string, readonly MeshNode[]>
  readonly #nodesByName: ReadonlyMap<string, readonly MeshNode[]>

  constructor(entries: Pick<Directory, 'workloads' | 'services' | 'nodes' | 'complete'>) {
    this.workloads = entries.workloads
    this.services = entries.services
    this.nodes = entries.nodes
    this.complete = entries.complete
    this.#workloadsByIp = groupBy(this.workloads, ({ips}) => ips)
    this.#workloadsByName = groupBy(this.workloads, (workload) => [fullName(workload)])
    this.#ztunnels = groupBy(this.workloads, ({role, node}) => (role === 'ztunnel' && node !== undefined ? [node] : []))
    this.#servicesByVip = groupBy(this.services, ({vips}) => vips)
    this.#servicesByExternalIp = groupBy(this.services, ({externalIPs = []}) => externalIPs)
    this.#nodesByName = groupBy(this.nodes, ({name}) => [name])
    this.#nodesByIp = groupBy([...this.nodes, ...this.#nodesOfHostPods()], ({ips}) => ips)
  }

  /** A pod on the network of its node tells the node's address, where the node itself does not. */
  #nodesOfHostPods(): readonly MeshNode[] {
    return this.workloads.flatMap(({hostNetwork, node, ips}) => {
      const known = node === undefined ? undefined : this.node(node)
      return hostNetwork && known !== undefined && known.ips.length === 0 ? [{...known, ips}] : []
    })
  }

  /** Pods with this address; several when they share the network of their node. */
  workloadsAt(ip: string): readonly Workload[] {
    return this.#workloadsByIp.get(normalIp(ip)) ?? []
  }

  /** The pod that owns the address alone. */
  podAt(ip: string): Workload | undefined {
    return this.workloadsAt(ip).find((workload) => !workload.hostNetwork)
  }

  serviceAt(vip: string): MeshService | undefined {
    return this.#servicesByVip.get(normalIp(vip))?.[0]
  }

  /** The service whose load balancer has this address. */
  externalServiceAt(ip: string): MeshService | undefined {
    return this.#servicesByExternalIp.get(normalIp(ip))?.[0]
  }

  nodeAt(ip: string): MeshNode | undefined {
    return this.#nodesByIp.get(normalIp(ip))?.[0]
  }

  node(name: string): MeshNode | undefined {
    return this.#nodesByName.get(name)?.[0]
  }

  workload(name: Pick<Workload, 'namespace' | 'name'>): Workload | undefined {
    return this.#workloadsByName.get(fullName(name))?.[0]
  }

  /** The ztunnel pod of a node. */
  ztunnelOf(node: string): Workload | undefined {
    return this.#ztunnels.get(node)?.[0]
  }
}

/** `namespace/pod`. */
export function fullName(workload: Pick<Workload, 'name' | 'namespace'>): string {
  return `${workload.namespace}/${workload.name}`
}
