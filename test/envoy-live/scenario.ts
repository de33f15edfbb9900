import type {Message} from './message.js'
import type {Probe} from './probe.js'

/** Stands for the port of all upstreams, which is known only when they run: a text that is nothing else becomes the number. */
export const UPSTREAM_PORT = '$PORT'

/** Stand for the server certificate of the run, and its key. */
export const CERTIFICATE = '$CERTIFICATE'
export const CERTIFICATE_KEY = '$KEY'

/**
 * One generated listener, what belongs to it, and the connections to try on it. `@@` at the start of a name stands for the scenario's own
 * name, so that scenarios share an Envoy without meeting.
 */
export interface Scenario {
  /** A Listener without name, address and access log. */
  readonly listener: Message
  readonly clusters: readonly GeneratedCluster[]
  /** More listeners, with their addresses: internal ones. */
  readonly behind: readonly Message[]
  readonly probes: readonly Probe[]
  /** The proxies among which Envoy shares the traffic of its clusters; it stands in zone `z0` itself. None when absent. */
  readonly proxies?: readonly GeneratedLocality[]
}

/** A cluster whose hosts are numbers of upstream addresses; `fields` has no name and no endpoints. */
export interface GeneratedCluster {
  readonly name: string
  readonly fields: Message
  /** Undefined in a cluster that makes its hosts on the fly. */
  readonly localities: readonly GeneratedLocality[] | undefined
  /** ClusterLoadAssignment.policy. */
  readonly policy?: Message
}

export interface GeneratedLocality {
  /** Of LocalityLbEndpoints: priority, locality, load_balancing_weight. */
  readonly fields: Message
  readonly hosts: readonly GeneratedHost[]
}

export interface GeneratedHost {
  readonly host: number
  /** Of LbEndpoint: health_status, load_balancing_weight, metadata. */
  readonly fields: Message
  /** An internal listener instead of a socket. */
  readonly internal?: {readonly listener: string; readonly endpointId: string}
}

/** Clusters every scenario may name: `sink-0` to `sink-5` have one host each. */
export const SINK_COUNT = 6

export function sink(number: number): string {
  return `sink-${number}`
}
