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
export type Match = MatchBody & {
  readonly negated: boolean
  /**
   * As nft has it: what is asked of a connection or an owner that is not there fits neither the match nor its negation, and the empty
   * connection of a chosen zone counts as none.
   */
  readonly strict?: true
  /** Stands beside a state in one `-m conntrack`: without a connection the state alone decides (conntrack_mt). */
  readonly besideState?: true
}

export type MatchBody =
  | {readonly kind: 'source' | 'destination'; readonly prefixes: readonly Prefix[]}
  /** A trailing `+` stands for any rest of the name. */
  | {readonly kind: 'in-device' | 'out-device'; readonly name: string}
  | {readonly kind: 'protocol'; readonly protocol: string}
  | {readonly kind: 'source-port' | 'destination-port' | 'any-port'; readonly ranges: readonly PortRange[]}
  | {readonly kind: 'tcp-flags'; readonly mask: readonly string[]; readonly set: readonly string[]}
  | {readonly kind: 'icmp-type'; readonly type: number; readonly code?: number}
  | {readonly kind: 'mark' | 'connmark'; readonly mark: MarkMask}
  /** The byte of IPv4, or the traffic class of IPv6. */
  | {readonly kind: 'type-of-service'; readonly tos: MarkMask}
  | {readonly kind: 'ct-state'; readonly states: readonly string[]}
  /** `SEEN_REPLY`, `ASSURED`: one of them is enough. */
  | {readonly kind: 'ct-status'; readonly statuses: readonly string[]}
  | {readonly kind: 'ct-protocol'; readonly protocol: string}
  /** Of the direction that opened the connection, or of the answers that are expected. */
  | {
      readonly kind: 'ct-address'
      readonly of: 'original' | 'reply'
      readonly side: 'source' | 'destination'
      readonly prefixes: readonly Prefix[]
    }
  | {
      readonly kind: 'ct-port'
      readonly of: 'original' | 'reply'
      readonly side: 'source' | 'destination'
      readonly ranges: readonly PortRange[]
    }
  | {readonly kind: 'ct-direction'; readonly direction: 'ORIGINAL' | 'REPLY'}
  | {readonly kind: 'set'; readonly set: string; readonly sides: readonly string[]}
  /** `byRoute`: nft asks the routes; iptables only looks at the address to tell whether IPv6 is unicast. */
  | {readonly kind: 'address-type'; readonly side: 'source' | 'destination'; readonly types: readonly string[]; readonly byRoute?: true}
  /** Decimal as printed: the share of packets that match. */
  | {readonly kind: 'probability'; readonly probability: string}
  | {readonly kind: 'every-nth'; readonly every: number; readonly packet: number}
  | {readonly kind: 'socket-exists'}
  | {readonly kind: 'owner'; readonly of: 'user' | 'group'; readonly ids: readonly PortRange[]}
  /** `-m socket`: a socket of this namespace takes the packet; `wildcard`: one that is bound to no address counts too. */
  | {readonly kind: 'socket'; readonly transparent: boolean; readonly wildcard: boolean}
  /** `-m recent`: whether an address is in a list that packets fill; `notes`: it is put there, and the match holds. */
  | {readonly kind: 'recent'; readonly list: string; readonly notes: boolean; readonly side: 'source' | 'destination'}
  /** One of several sets of conditions holds as a whole. */
  | {readonly kind: 'one-of'; readonly options: readonly (readonly Match[])[]}
  /** A module or option that is not modelled. */
  | {readonly kind: 'unknown'; readonly text: string}

export type Target =
  | {readonly kind: 'accept' | 'drop' | 'return'}
  | {readonly kind: 'jump' | 'goto'; readonly chain: string}
  | {readonly kind: 'reject'; readonly with: string}
  /** `(mark & ~mask) ^ value` (envoy-2022 C.4). */
  | {readonly kind: 'set-mark'; readonly change: MarkMask}
  | {readonly kind: 'set-connmark'; readonly change: MarkMask}
  | {readonly kind: 'set-tos'; readonly change: MarkMask}
  | {readonly kind: 'save-mark' | 'restore-mark'; readonly packetMask: number; readonly connectionMask: number}
  /** `lenient`: without a socket nft goes on with the next rule, and with one it goes on too; iptables drops or accepts. */
  | {readonly kind: 'tproxy'; readonly port: number; readonly ip?: string; readonly mark: MarkMask; readonly lenient?: true}
  /** `random`: each port of the range is as likely as the others, and the id of an echo is drawn; else a port of the range stays, and the first one is taken. */
  | {readonly kind: 'redirect'; readonly ports?: PortRange; readonly random?: true}
  /** `lastIp`: one address of a range, which a hash of both ends chooses. */
  | {readonly kind: 'dnat'; readonly ip?: string; readonly lastIp?: string; readonly ports?: PortRange; readonly random?: true}
  /** Without `ports` the port stays where it can; `random`: one is drawn in each case. */
  | {readonly kind: 'snat'; readonly ip?: string; readonly lastIp?: string; readonly ports?: PortRange; readonly random?: true}
  | {readonly kind: 'masquerade'; readonly randomPort: boolean; readonly ports?: PortRange}
  /** `mark`: the zone is the packet's mark when it is tracked. `overrides`: as nft does it, also for what was not to be tracked. */
  | {readonly kind: 'zone'; readonly zone: number | 'mark'; readonly of?: 'original' | 'reply'; readonly overrides?: true}
  /** `overrides`: nft prepares what iptables leaves alone. */
  | {readonly kind: 'notrack'; readonly overrides?: true}
  /** Counts, logs, or changes what no decision looks at. */
  | {readonly kind: 'continue'; readonly name: string}
  | {readonly kind: 'unknown'; readonly text: string}
