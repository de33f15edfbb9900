import type {Arrival, HttpRequest} from './connection.js'
import type {SocketAddress} from './address.js'
import type {Finding} from './finding.js'
import type {Answer, Condition, Place, ProxyLog, WorkloadRef} from './forwarder.js'
import type {Share} from './share.js'
import type {Evidence, Step} from './step.js'
import {outlookFor, type Missing, type Outlook, type Verdict, type VerdictKind} from './verdict.js'

export type HopId = string
export type OutcomeId = string
export type ClientKind = 'ambient' | 'sidecar' | 'gateway' | 'uncaptured' | 'outside'

/** What the user asked, as typed. */
export interface Question {
  readonly source: string
  readonly destination: string
  readonly protocol?: 'http' | 'tcp' | 'tls'
  /** What an HTTP client speaks first; by default what the port declares, else HTTP/1.1. */
  readonly httpVersion?: 'h1' | 'h2'
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly sni?: string
  readonly fromKind?: ClientKind
  /** Only this proxy is asked, as typed: what is behind it is no part of the answer, and `delivered` means that it forwards. */
  readonly proxy?: string
}

/** The question with names resolved. */
export interface Flow {
  readonly source: FlowPeer
  readonly destination: FlowPeer
  readonly connection: {readonly source: SocketAddress; readonly destination: SocketAddress}
  readonly protocol: 'http' | 'tcp' | 'tls' | 'unknown'
  readonly request?: HttpRequest
  readonly clientKind: ClientKind
  /** All addresses of a name that resolves to several (a headless service); `connection.destination` is the first. */
  readonly alternatives?: readonly SocketAddress[]
  /** What the question left open and the tool filled in, each as one phrase: `method GET`. */
  readonly assumptions?: readonly string[]
}

export interface FlowPeer {
  /** `sleep-7656cf8794-x7kjp`, `productpage.default.svc.cluster.local`, or an ip. */
  readonly name: string
  readonly kind: 'pod' | 'service' | 'node' | 'address' | 'outside'
  readonly namespace?: string
  readonly ip: string
  readonly identity?: string
  readonly basis: Evidence['basis']
}

export interface Branch {
  readonly to: HopId | OutcomeId
  readonly share: Share
  readonly requires: readonly Condition[]
  /** Steps of this branch alone, after those all branches of the hop share. */
  readonly steps: readonly Step[]
  readonly log?: ProxyLog
  readonly mirror?: true
  /** The upstream connection that was opened before the path ended here; it carries nothing (envoy-2022 I.9, ambient-ga J.1). */
  readonly opened?: HopId | OutcomeId
  /** Where calls lead that the proxy makes of its own while the request waits; they carry no share of the traffic. */
  readonly calls?: readonly (HopId | OutcomeId)[]
}

/** One forwarder passed once. */
export interface Hop {
  readonly id: HopId
  readonly place: Place
  readonly arrival: Arrival
  readonly steps: readonly Step[]
  readonly next: readonly Branch[]
}

/** One end of the paths, with the share of the traffic that ends there. */
export interface Outcome {
  readonly id: OutcomeId
  readonly verdict: Verdict
  readonly answer: Answer
  readonly share: Share
  readonly place: Place
  readonly workload?: WorkloadRef
}

/** The answer to one question: a DAG of hops, data only. */
export interface Trace {
  readonly schemaVersion: 'ambientctl.trace/1'
  readonly question: Question
  readonly flow: Flow
  readonly start: HopId
  readonly hops: Readonly<Record<HopId, Hop>>
  readonly outcomes: Readonly<Record<OutcomeId, Outcome>>
  readonly verdict: Verdict
  readonly missing: readonly Missing[]
  readonly warnings: readonly string[]
  /** The most telling first; absent without any. */
  readonly findings?: readonly Finding[]
}

/**
 * Whether a trace is as wished: its verdict, and no finding that something is not as its configuration asks.
 * Who expects one kind of verdict asks for that alone.
 * Source: design §5 (exit code 1 for a finding).
 */
export function traceOutlook({verdict, findings = []}: Pick<Trace, 'verdict' | 'findings'>, expected: VerdictKind | undefined): Outlook {
  const isFaulty = expected === undefined && findings.some(({fault}) => fault === true)
  return isFaulty ? 'negative' : outlookFor(verdict, expected)
}
