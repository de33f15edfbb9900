import type {SocketAddress} from '../../flow/address.js'
import type {Listener, SocketOwner} from '../config/model.js'
import type {DeviceEnd, Network} from '../config/network.js'
import type {NetworkNamespace} from '../config/namespace.js'
import type {VisitedRule} from './chain.js'
import type {Choices} from './choices.js'
import type {ConnectionTable, Tracked} from './conntrack.js'
import type {Turns} from './every-nth.js'
import type {Packet} from './packet.js'
import type {HookName, Route} from './transit.js'

/** A socket of a connection, on either side. */
export interface ConnectedSocket {
  readonly namespace: string
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6'
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly mark: number
  readonly transparent: boolean
  readonly owner?: SocketOwner
  /** Asked for its route before it had a source, and keeps it (inet6_csk_route_socket). */
  readonly keepsRoute?: true
  /** Sends datagrams without an address of its own. */
  readonly unbound?: true
  /** The port of the other end was drawn: it stands for others. */
  readonly drawnPeer?: true
  /** Set on the side that accepted. */
  readonly listener?: Listener
  /** `waiting`: sent, nothing came back. `half-open`: answered a SYN. */
  state: 'waiting' | 'half-open' | 'connected' | 'answered' | 'reset' | {readonly error: string}
}

/** One pass of a packet through one namespace. */
export interface Pass {
  readonly namespace: string
  /** As it entered. */
  readonly packet: Packet
  readonly start: {readonly hook: HookName; readonly device: string; readonly mark: number}
  readonly hooks: PassedHook[]
  /** Where the packet was sent on; absent where it was not, or was a bridge's. */
  route?: Route
  /** Why it went no further; absent when it was delivered or sent on. */
  ended?: string
}

export interface PassedHook {
  readonly hook: HookName
  readonly visited: readonly VisitedRule[]
  /** The packet when it left the hook; absent when it did not. */
  readonly after?: AfterHook
}

export interface AfterHook {
  readonly packet: Packet
  readonly mark: number
  readonly inDevice?: string
  readonly outDevice?: string
  readonly tracked?: Tracked
}

/** A packet that a socket, or the kernel itself, sends from a namespace. */
export interface Sending {
  readonly namespace: string
  readonly packet: Packet
  readonly mark: number
  /** The first route was asked for without a source, and is kept: all but TCP over IPv4 ask once (udp_sendmsg, ip6_dst_lookup_tail). */
  readonly sourceFromRoute?: true
  /** The source need not be an address of the namespace. */
  readonly anySource?: true
  readonly ownSocket?: true
  readonly owner?: SocketOwner | 'kernel'
  /** The connection the kernel attaches to an error it sends. */
  readonly tracked?: Tracked
  /** It answers what is not tracked. */
  readonly isSeen?: true
  /** The tunnel device that wraps another packet into this one. */
  readonly tunnel?: string
  /** The asking socket learns of a missing route at once. */
  readonly socket?: ConnectedSocket
}

/** A packet that comes in on a device. */
export interface Arriving {
  readonly namespace: string
  readonly device: string
  readonly packet: Packet
  readonly mark: number
  /** The bridge that carries the frame, whose namespace sees it pass. */
  readonly bridge?: DeviceEnd
  /** The port of a bridge that the frame came in on. */
  readonly port?: string
  /** Loopback packets keep connection and route; `discarded`: that route is none for what comes in. */
  readonly looped?: {readonly tracked?: Tracked; readonly route: Route; readonly discarded?: true}
}

export type Event = {readonly kind: 'send'; readonly sending: Sending} | {readonly kind: 'receive'; readonly arriving: Arriving}

/** One run: what changes while packets move. */
export interface Run {
  readonly network: Network
  readonly choices: Choices
  readonly tables: Map<string, ConnectionTable>
  readonly sockets: ConnectedSocket[]
  readonly passes: Pass[]
  readonly events: Event[]
  /** Who knows the hardware address of whom: `<namespace> <device> <ip> <answering namespace>`. */
  readonly neighbours: Set<string>
  /** Things that were needed and are not known: the outcome is open. */
  readonly doubts: string[]
  readonly turns: Turns
  /** Rules that do not take a packet are recorded too. */
  readonly explain: boolean
}

export function newRun(network: Network, {choices, explain}: Pick<Run, 'choices' | 'explain'>): Run {
  return {
    network,
    choices,
    explain,
    tables: new Map(),
    sockets: [],
    passes: [],
    events: [],
    neighbours: new Set(),
    doubts: [],
    turns: new Map(),
  }
}

export function namespaceOf({network, doubts}: Run, name: string): NetworkNamespace | undefined {
  const found = network.namespaces.get(name)
  if (found === undefined) doubts.push(`the rules and routes of ${name} were not recorded`)
  return found
}

export function connectionsOf({tables}: Run, namespace: string): ConnectionTable {
  const known = tables.get(namespace) ?? []
  tables.set(namespace, known)
  return known
}

export function send(run: Run, sending: Sending): void {
  run.events.push({kind: 'send', sending})
}

export function receive(run: Run, arriving: Arriving): void {
  run.events.push({kind: 'receive', arriving})
}
