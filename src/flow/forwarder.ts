import type {Arrival, Departure} from './connection.js'
import type {Share} from './share.js'
import type {Step} from './step.js'
import type {Verdict} from './verdict.js'

/** Something outside the data that a branch depends on, said as what must hold: `ext_authz must allow`. */
export interface Condition {
  readonly what: string
  /** Conditions of exclusive alternatives share a group: exactly one of them holds. */
  readonly group?: string
}

export interface WorkloadRef {
  readonly name: string
  readonly namespace: string
  readonly ip: string
}

/** What the proxy's own access log would say about this passage. */
export interface ProxyLog {
  readonly listener?: string
  /** `tcp`: bytes are passed on; `http`: requests are routed; `connect`: a CONNECT ends here and its bytes go on. */
  readonly handledBy?: 'tcp' | 'http' | 'connect'
  readonly filterChain?: string
  readonly virtualHost?: string
  readonly route?: string
  readonly cluster?: string
  readonly upstreamHost?: string
  readonly code?: number
  /** Envoy response flags, for example `NR`. */
  readonly flags?: string
  readonly details?: string
  /** The deciding fields of the line that a Rust ztunnel prints, under its own names. */
  readonly access?: Readonly<Record<string, string>>
}

/** One way out of a forwarder. `steps` are those of this exit alone, after the steps all exits share. */
export type Exit = {
  readonly share: Share
  readonly requires: readonly Condition[]
  readonly steps: readonly Step[]
  readonly log?: ProxyLog
  /** Set on a copy of the request (request_mirror_policies): it decides nothing for the caller. */
  readonly mirror?: true
  /** Calls the proxy makes of its own while the request waits, to an authorization service above all. */
  readonly calls?: readonly Departure[]
} & (
  | {readonly kind: 'depart'; readonly departure: Departure}
  | {readonly kind: 'deliver'; readonly to: WorkloadRef}
  | {
      readonly kind: 'stop'
      readonly verdict: Verdict
      /** What the caller gets: an HTTP answer, or the connection just ends (`closed`), or stays silent (`timeout`). */
      readonly answer: Answer
      /** Network RBAC runs on data: the upstream connection was already opened and carries nothing (envoy-2022 I.9). */
      readonly dialled?: Departure
    }
)

export type Answer =
  | {readonly kind: 'http'; readonly status: number; readonly location?: string}
  /** `accepted` false: closed so early that a dialling peer sees a failed connect; true: accepted first, then closed. */
  | {readonly kind: 'closed'; readonly accepted: boolean}
  | {readonly kind: 'data'; readonly data?: string}
  | {readonly kind: 'timeout'}
  | {readonly kind: 'unknown'}

export interface Forwarding {
  readonly steps: readonly Step[]
  /** Shares of the exits that are no mirrors sum to 1. */
  readonly exits: readonly Exit[]
}

export interface Place {
  readonly kind: 'app' | 'ztunnel' | 'waypoint' | 'gateway' | 'sidecar' | 'envoy' | 'node' | 'outside'
  /** Pod, node or file name. */
  readonly name: string
  readonly namespace?: string
  readonly node?: string
  readonly cluster?: string
}

/** Everything a flow passes through. `forward` is pure: the same arrival gives the same forwarding. */
export interface Forwarder {
  readonly place: Place
  forward(arrival: Arrival): Forwarding
}
