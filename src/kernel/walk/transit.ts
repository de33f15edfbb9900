import type {Listener, SocketOwner} from '../config/model.js'
import type {NetworkNamespace} from '../config/namespace.js'
import type {ConnectionTable, Tracked, Zone} from './conntrack.js'
import type {Choices} from './choices.js'
import type {Turns} from './every-nth.js'
import type {Packet} from './packet.js'
import type {RouteAnswer} from '../route/route.js'

export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING'

export type Route = Extract<RouteAnswer, {kind: 'route'}>

/** A packet on its way through one namespace. */
export interface Transit {
  readonly packet: Packet
  readonly mark: number
  readonly inDevice?: string
  readonly outDevice?: string
  /** Where it goes; loopback packets keep the route they were sent with. */
  readonly route?: Route
  readonly tracked?: Tracked | undefined
  /** An answer of the kernel to what is not tracked: targets of iptables that prepare tracking leave it alone. */
  readonly isSeen?: true
  /** Chosen before tracking; absent: none was, which is the usual one. */
  readonly zone?: Zone | ZoneByMark
  /** Sent by a socket of this namespace and not yet on a wire. */
  readonly ownSocket: boolean
  /** `kernel`: a socket of the kernel's own, which belongs to nobody. Absent: nobody knows, or there is no socket. */
  readonly socketOwner?: SocketOwner | 'kernel'
  /** The socket TPROXY chose. */
  readonly stolenBy?: Stolen
}

/** The zone is what the mark will be; `both` directions have it, or one. */
export interface ZoneByMark {
  readonly byMark: 'both' | 'original' | 'reply'
}

export type Stolen = {readonly kind: 'listener'; readonly listener: Listener} | {readonly kind: 'connected'}

/** What the rules of a namespace may look at besides the packet. */
export interface Surroundings {
  readonly namespace: NetworkNamespace
  readonly connections: ConnectionTable
  readonly choices: Choices
  /** Where rules that count packets stand. */
  readonly turns: Turns
  /** Rules that do not take the packet are recorded too. */
  readonly explain: boolean
  /** The socket that takes a packet as it is, or after its translation back. */
  readonly socketOf: (transit: Transit) => FoundSocket | undefined
  /** The socket that TPROXY would hand a packet to. */
  readonly transparentSocket: (transit: Transit, to: {readonly ip?: string; readonly port: number}) => TransparentAnswer
}

/** A packet before one rule. */
export interface RuleContext extends Surroundings {
  readonly transit: Transit
  readonly hook: HookName
  readonly table: string
}

/** What a matched rule does to the packet and to the walk through its chain. */
export type Effect =
  | {readonly kind: 'continue'; readonly transit: Transit}
  | {readonly kind: 'accept'; readonly transit: Transit}
  | {readonly kind: 'drop'; readonly why: string}
  | {readonly kind: 'reject'; readonly with: string; readonly transit: Transit}
  | {readonly kind: 'return'}
  | {readonly kind: 'jump' | 'goto'; readonly chain: string}

export interface FoundSocket {
  readonly transparent: boolean
  /** Bound to no address. */
  readonly wildcard: boolean
}

export type TransparentAnswer = {readonly kind: 'found'; readonly socket: Stolen} | {readonly kind: 'none'; readonly why: string}
