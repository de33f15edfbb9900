import type {View} from '../../json/view.js'
import type {Evidence} from '../../flow/step.js'

export type ResourceState = 'static' | 'active' | 'warming' | 'draining' | 'error'

/** One xDS resource of a dump. `view` is the resource message itself (the Listener, the Cluster …), with its pointer in the dump. */
export interface Resource {
  readonly name: string
  readonly view: View
  readonly state: ResourceState
  readonly version?: string
  /** What else the dump says of this name, each as one phrase: updates that are not in force, older versions, doubles. */
  readonly notes?: readonly string[]
}

/** A listener that is known by the error of its update alone: it never came into force (envoy-2022 D8). */
export interface RejectedListener {
  /** Empty when the dump does not tell. */
  readonly name: string
  readonly details: string
  /** The configuration that was rejected, or what there is of the entry. */
  readonly view: View
}

export interface ListenerResource extends Resource {
  /** Why the last update was rejected (error_state.details); the resource shown is the one in force. */
  readonly rejectedUpdate?: string
}

export interface EnvoyNode {
  readonly id?: string
  /** `node.cluster`: what the proxy calls itself to others; absent without a bootstrap. */
  readonly cluster?: string
  readonly pod?: string
  readonly namespace?: string
  readonly ip?: string
  readonly nodeName?: string
  readonly serviceAccount?: string
  /** SPIFFE identity of the proxy itself, from its namespace, service account and trust domain: what SDS secret `default` holds. */
  readonly identity?: string
  /** `region/zone/sub_zone`; absent when the bootstrap gives none. */
  readonly locality?: string
  /** What `metadata.AMBIENT_TYPE` (2022), or the node id, says. */
  readonly role: 'ztunnel' | 'waypoint' | 'gateway' | 'sidecar' | 'envoy'
  readonly version?: {readonly major: number; readonly minor: number}
  /** Without `version`: the oldest Envoy that this release of Istio may run. */
  readonly atLeast?: {readonly major: number; readonly minor: number}
}

/**
 * Endpoints of a cluster. `exact`: named by the dump, or the only candidate; `set-equivalent`: several nameless
 * assignments remain, all with the same endpoint set; `ambiguous`: they differ and nobody may pick (envoy-2022 D8).
 */
export type EndpointLookup =
  | {readonly kind: 'found'; readonly assignment: View; readonly join: 'exact' | 'set-equivalent'; readonly inferred: boolean}
  | {readonly kind: 'ambiguous'; readonly candidates: readonly View[]}
  | {readonly kind: 'no-endpoints-section'}
  | {readonly kind: 'not-in-dump'}

/** Read-only, typed view of one Envoy `config_dump`. Look-ups are synchronous and may read the file lazily. */
export interface EnvoyConfig {
  /** Name of the dump inside the snapshot; goes into evidence. */
  readonly dump: string
  readonly node: EnvoyNode
  /** Flat runtime values of bootstrap layered_runtime (static and admin layers), key → JSON value. */
  readonly runtime: ReadonlyMap<string, unknown>
  readonly warnings: readonly string[]
  /** The cluster of the proxies themselves (`cluster_manager.local_cluster_name`): empty when there is none, undefined without a bootstrap. */
  readonly localCluster: string | undefined
  /** The upstream_bind_config of all clusters that have none of their own. */
  readonly upstreamBind?: View | undefined
  /** Listeners that serve: static, active, and draining ones; warming-only ones with state `warming`. */
  listeners(): readonly ListenerResource[]
  listener(name: string): ListenerResource | undefined
  /** Listeners that are nowhere else, because their only update was rejected. */
  rejectedListeners(): readonly RejectedListener[]
  cluster(name: string): Resource | undefined
  clusterNames(): readonly string[]
  /** The ClusterLoadAssignment of a cluster: from the endpoints section, else none of this dump's business. */
  endpoints(cluster: Resource): EndpointLookup
  /** A route table delivered by RDS. */
  routeTable(name: string): Resource | undefined
  /** All route tables: static ones (those inside a connection manager, with or without a name), then those of RDS. */
  routeTables(): readonly Resource[]
  /** ScopedRouteConfigurations of a scoped_routes set, by `scoped_routes.name`. */
  scopedRoutes(name: string): readonly Resource[]
  secret(name: string): Resource | undefined
  /** A filter config delivered by ECDS: the TypedExtensionConfig `{name, typed_config}`. */
  extension(name: string): Resource | undefined
  /** Whether the dump lists what ECDS delivered: then a name that is not there was not delivered. */
  readonly listsExtensions: boolean
}

/** Evidence for something read from this dump. */
export function evidenceOf(config: Pick<EnvoyConfig, 'dump'>, view: View): Evidence {
  return {dump: config.dump, pointer: view.pointer, basis: 'recorded'}
}
