import type {Prefix} from './ip.js'
import type {Place, PortRange} from './model.js'
import type {MarkMask} from './source-text.js'

/** All tables of one family, of every backend that holds any. */
export interface PacketRules {
  readonly tables: readonly RuleTable[]
}

export type Backend = 'legacy' | 'nft'

export interface RuleTable {
  /** Of nft the table of iptables that stands where its base chain does. */
  readonly name: string
  readonly backend: Backend
  /** What nft calls the table, with its family. */
  readonly title?: string
  /** Of the one base chain of a table of nft; those of iptables have their usual ones. */
  readonly priority?: number
  /** Of nft: its base chain is of type `route`, so that a changed mark asks for another route. */
  readonly reroutes?: true
  readonly chains: ReadonlyMap<string, RuleChain>
}

export interface RuleChain {
  readonly name: string
  /** Only built-in chains have one. */
  readonly policy?: 'ACCEPT' | 'DROP'
  readonly rules: readonly PacketRule[]
  readonly place?: Place
}

export interface PacketRule {
  readonly chain: string
  /** Position in its chain, from 1. */
  readonly number: number
  /** The rule without counters, as `-A <chain> …`. */
  readonly text: string
  readonly matches: readonly Match[]
  readonly target: Target
  readonly place?: Place
}

/** One condition of a rule; all of them must hold. */
export type Match = {readonly negated: boolean} & MatchBody

export type MatchBody =
  | {readonly kind: 'source' | 'destination'; readonly prefixes: readonly Prefix[]}
  /** A trailing `+` stands for any rest of the name. */
  | {readonly kind: 'in-device' | 'out-device'; readonly name: string}
  | {readonly kind: 'protocol'; readonly protocol: string}
  | {readonly kind: 'source-port' | 'destination-port' | 'any-port'; readonly ranges: readonly PortRange[]}
  | {readonly kind: 'tcp-flags'; readonly mask: readonly string[]; readonly set: readonly string[]}
  | {readonly kind: 'icmp-type'; readonly type: number; readonly code?: number}
  | {readonly kind: 'mark' | 'connmark'; readonly mark: MarkMask}
  | {readonly kind: 'ct-state'; readonly states: readonly string[]}
  | {readonly kind: 'ct-destination'; readonly prefix: Prefix}
  | {readonly kind: 'ct-destination-port'; readonly ranges: readonly PortRange[]}
  | {readonly kind: 'ct-direction'; readonly direction: 'ORIGINAL' | 'REPLY'}
  | {readonly kind: 'set'; readonly set: string; readonly sides: readonly string[]}
  /** `byRoute`: nft asks the routes; iptables only looks at the address to tell whether IPv6 is unicast. */
  | {readonly kind: 'address-type'; readonly side: 'source' | 'destination'; readonly types: readonly string[]; readonly byRoute?: true}
  /** Decimal as printed: the share of packets that match. */
  | {readonly kind: 'probability'; readonly probability: string}
  | {readonly kind: 'every-nth'; readonly every: number; readonly packet: number}
  | {readonly kind: 'socket-exists'}
  /** `strict`: for nft a packet that nobody owns fits neither the match nor its negation. */
  | {readonly kind: 'owner'; readonly of: 'user' | 'group'; readonly ids: readonly PortRange[]; readonly strict?: true}
  /** `-m socket`: a socket of this namespace takes the packet; `wildcard`: one that is bound to no address counts too. */
  | {readonly kind: 'socket'; readonly transparent: boolean; readonly wildcard: boolean}
  /** `-m recent`: whether an address is in a list that packets fill; `notes`: it is put there, and the match holds. */
  | {readonly kind: 'recent'; readonly list: string; readonly notes: boolean; readonly side: 'source' | 'destination'}
  /** A module or option that is not modelled. */
  | {readonly kind: 'unknown'; readonly text: string}

export type Target =
  | {readonly kind: 'accept' | 'drop' | 'return'}
  | {readonly kind: 'jump' | 'goto'; readonly chain: string}
  | {readonly kind: 'reject'; readonly with: string}
  /** `(mark & ~mask) ^ value` (envoy-2022 C.4). */
  | {readonly kind: 'set-mark'; readonly change: MarkMask}
  | {readonly kind: 'set-connmark'; readonly change: MarkMask}
  | {readonly kind: 'save-mark' | 'restore-mark'; readonly packetMask: number; readonly connectionMask: number}
  /** `lenient`: without a socket nft goes on with the next rule, and with one it goes on too; iptables drops or accepts. */
  | {readonly kind: 'tproxy'; readonly port: number; readonly ip?: string; readonly mark: MarkMask; readonly lenient?: true}
  /** `random`: each port of the range is as likely as the others; else a port of the range stays, and the first one is taken. */
  | {readonly kind: 'redirect'; readonly ports?: PortRange; readonly random?: true}
  /** `lastIp`: one address of a range, which a hash of both ends chooses. */
  | {readonly kind: 'dnat'; readonly ip?: string; readonly lastIp?: string; readonly ports?: PortRange; readonly random?: true}
  | {readonly kind: 'snat'; readonly ip: string; readonly ports?: PortRange}
  | {readonly kind: 'masquerade'; readonly randomPort: boolean}
  | {readonly kind: 'zone'; readonly zone: number}
  | {readonly kind: 'notrack'}
  /** Counts, logs, or changes what no decision looks at. */
  | {readonly kind: 'continue'; readonly name: string}
  | {readonly kind: 'unknown'; readonly text: string}
