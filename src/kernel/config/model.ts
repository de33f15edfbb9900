import type {Family, Prefix} from './ip.js'
import type {MarkMask, SourceLine} from './source-text.js'

/** Where a rule, route or member stands in what was recorded. Absent for what is assumed. */
export type Place = Pick<SourceLine, 'file' | 'line'>

export type ProtocolName = 'tcp' | 'udp' | 'icmp' | 'icmpv6'

/** One `ip rule`. Source: envoy-2022 C.4. */
export interface RoutingRule {
  readonly priority: number
  /** `not from …`: the selector is inverted as a whole. */
  readonly negated: boolean
  readonly source?: Prefix
  readonly destination?: Prefix
  readonly mark?: MarkMask
  /** `lo` stands for packets of local sockets. */
  readonly inDevice?: string
  readonly outDevice?: string
  /** The whole byte; its bits for congestion are 0. */
  readonly tos?: number
  readonly protocol?: string
  readonly sourcePorts?: PortRange
  readonly destinationPorts?: PortRange
  /** Selectors that are not modelled: whether the rule applies is undetermined. */
  readonly unknown: readonly string[]
  readonly action: RoutingAction
  readonly place?: Place
}

export type RoutingAction =
  | {readonly kind: 'lookup'; readonly table: string; readonly suppressPrefixLength?: number}
  /** A target that does not exist is `unresolved`: the rule does nothing. */
  | {readonly kind: 'goto'; readonly priority: number}
  | {readonly kind: 'unreachable' | 'prohibit' | 'blackhole' | 'nop'}

export interface PortRange {
  readonly from: number
  readonly to: number
}

export type RouteType = 'unicast' | 'local' | 'broadcast' | 'anycast' | 'multicast' | 'unreachable' | 'prohibit' | 'blackhole' | 'throw'

export interface NextHop {
  readonly via?: string
  readonly device?: string
  readonly weight: number
  readonly onlink: boolean
  /** Set on routes the kernel skips: `dead`, `linkdown` with ignore_routes_with_linkdown. */
  readonly dead: boolean
}

export interface Route {
  readonly table: string
  readonly type: RouteType
  readonly destination: Prefix
  /** IPv6: only for packets from there. */
  readonly source?: Prefix
  /** IPv4: only for packets of this type of service. */
  readonly tos?: number
  /** What the route does to packets besides sending them on, which is not modelled: `encap ip`. */
  readonly unread?: string
  /** One, or several of a multipath route; none for routes that only refuse. */
  readonly nextHops: readonly NextHop[]
  readonly preferredSource?: string
  readonly metric: number
  readonly scope: string
  /** Position in the output: among equals the kernel takes the first. */
  readonly order: number
  readonly place?: Place
}

/** The other end of a device, or how it wraps what it sends. */
export type Attachment =
  | {readonly kind: 'loopback'}
  /** A veth: `@if<index>` tells the peer's index, `link-netns` its namespace where that has a name. */
  | {readonly kind: 'pair'; readonly peerIndex: number; readonly peerNamespace?: string}
  | {readonly kind: 'tunnel'; readonly type: 'geneve' | 'vxlan'; readonly id: number; readonly remote?: string; readonly port: number}
  | {readonly kind: 'bridge'}
  | {readonly kind: 'other'; readonly type?: string}

export interface DeviceAddress {
  readonly ip: string
  readonly prefix: Prefix
  readonly scope: string
  readonly flags: readonly string[]
}

export interface Device {
  readonly name: string
  readonly index: number
  readonly up: boolean
  readonly attachment: Attachment
  /** The bridge the device is a port of. */
  readonly master?: string
  /** A port that sends frames back to where they came from. */
  readonly hairpin?: true
  readonly addresses: readonly DeviceAddress[]
  readonly place?: Place
}

/** A listening socket, as `ss -lntu` shows it, with what ss does not show. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp'
  readonly family: Family
  /** Undefined: every address of the family. */
  readonly ip?: string
  readonly port: number
  /** A `[::]` socket without IPV6_V6ONLY also takes IPv4. */
  readonly dual: boolean
  /** SO_MARK: put on everything the socket and what it accepts send. */
  readonly mark: number
  /** IP_TRANSPARENT: may accept and answer for foreign addresses. */
  readonly transparent: boolean
  /** Absent: not known. */
  readonly owner?: SocketOwner
  readonly place?: Place
}

/** Who opened a socket, as `-m owner` and `meta skuid` see it. */
export interface SocketOwner {
  readonly user: number
  readonly group: number
}

/** Values as `sysctl` prints them; what was not recorded has the kernel's default. */
export type Sysctls = ReadonlyMap<string, string>

export interface IpSet {
  readonly name: string
  readonly type: string
  readonly members: readonly IpSetMember[]
  readonly place?: Place
}

export interface IpSetMember {
  readonly text: string
  /** Comma-separated parts of a member: `10.0.0.0/8`, `tcp:80`, `eth0`. */
  readonly parts: readonly string[]
  readonly nomatch: boolean
  /** Of `hash:net,iface`: the name of the device is the beginning of one. */
  readonly wildcard?: true
  readonly comment?: string
  readonly place?: Place
}

export type {Family, Prefix, MarkMask}
