import type {ZtunnelVersion} from './config/model.js'

/** Rules that differ between ztunnel releases (ambient-ga B.9, I, K). */
export interface Semantics {
  /** The source is found by its address, before 1.24; later by the pod that owns the network namespace. */
  readonly sourceByAddress: boolean
  /** Service waypoints and errors instead of passthrough, from 1.22. */
  readonly serviceWaypoints: boolean
  /** What a gateway given by hostname may name: nothing, services from 1.23, workloads too from 1.24 (K.7). */
  readonly gatewayHostnames: 'none' | 'services' | 'all'
  /** 1.22 took any IP of a workload, whatever the family of the target (K.7). */
  readonly anyFamily: boolean
  /** Calls to ztunnel's own ports on the loopback device are refused, from 1.23, the first to list its illegal ports. */
  readonly recursionCheck: boolean
  /** From 1.23 a waypoint with an application tunnel needs no port on its service (K.7). */
  readonly tunnelledWaypointPorts: boolean
  /** Several workloads may share an address and are ranked, from 1.24; before, the last one stored stays. */
  readonly rankedAddresses: boolean
  /** The text of a denial names the policy, from 1.24 (C.5). */
  readonly denialReasons: boolean
  /** Remote networks are reached through their gateway, from 1.26 (B.6). */
  readonly crossNetwork: boolean
  /** Endpoints are drawn by capacity, from 1.26. */
  readonly capacity: boolean
  /** Failed TLS handshakes leave a line in the access log of the destination, from 1.26 at the latest. */
  readonly logsHandshakes: boolean
  /** Inbound CONNECTs may name a host, from 1.26 (C.1). */
  readonly hostAuthority: boolean
  /** The authority towards another network holds the target port in 1.26, the service port from 1.27 (K.8). */
  readonly targetPortAuthority: boolean
  /** Waypoints may be remote, and endpoints without a way to them are left out, from 1.27 (B.6). */
  readonly remoteWaypoints: boolean
  /** HTTP status of a CONNECT to an illegal port (K.9). */
  readonly illegalPortStatus: 400 | 503
  /** Services may say "connect to what was asked for", from 1.28. */
  readonly passthroughServices: boolean
  /** Dry-run policies decide nothing, from 1.29. */
  readonly dryRun: boolean
  /** Hosts in several namespaces are ranked by namespace and `canonical`, from 1.29. */
  readonly rankedHosts: boolean
  /** The inner CONNECT names the network of the client, from 1.29 (B.6). */
  readonly forwardedNetwork: boolean
  /** Several services may share a VIP, and VIPs may be CIDR blocks, from 1.30. */
  readonly sharedVips: boolean
  /** Weighted waypoints, visibility, and `Network` first as a weight instead of a condition, from 1.31. */
  readonly weightedWaypoints: boolean
}

export function semanticsOf({minor}: ZtunnelVersion): Semantics {
  const from = (first: number): boolean => minor >= first
  return {
    sourceByAddress: !from(24),
    serviceWaypoints: from(22),
    gatewayHostnames: from(24) ? 'all' : from(23) ? 'services' : 'none',
    anyFamily: !from(23),
    recursionCheck: from(23),
    tunnelledWaypointPorts: from(23),
    rankedAddresses: from(24),
    denialReasons: from(24),
    crossNetwork: from(26),
    capacity: from(26),
    logsHandshakes: from(26),
    hostAuthority: from(26),
    targetPortAuthority: !from(27),
    remoteWaypoints: from(27),
    illegalPortStatus: from(26) ? 503 : 400,
    passthroughServices: from(28),
    dryRun: from(29),
    rankedHosts: from(29),
    forwardedNetwork: from(29),
    sharedVips: from(30),
    weightedWaypoints: from(31),
  }
}
