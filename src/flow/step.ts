import type {Address, SocketAddress} from './address.js'

/** Where a statement can be checked. */
export interface Evidence {
  /** File inside the snapshot. */
  readonly dump: string
  /** RFC 6901 pointer into it, or `line N` for text captures. */
  readonly pointer: string
  readonly version?: string
  readonly basis: 'recorded' | 'inferred' | 'assumed'
}

/** A candidate that was not taken, and the field that ruled it out. */
export interface Rejected {
  readonly candidate: string
  readonly because: string
}

interface StepBase {
  /** The values that decided, each as one short phrase: `source-ip 10.4.2.19`. */
  readonly because: readonly string[]
  readonly evidence: readonly Evidence[]
  readonly rejected?: readonly Rejected[]
}

/** One decision inside a hop. */
export type Step = StepBase & StepBody
export type StepKind = StepBody['kind']

type StepBody =
  | {readonly kind: 'capture'; readonly how: string; readonly to?: SocketAddress}
  | {readonly kind: 'rule' | 'route-lookup'; readonly name: string; readonly effect: string}
  | {readonly kind: 'listener'; readonly name: string; readonly address: string}
  | {readonly kind: 'hand-off'; readonly from: string; readonly to: string}
  | {readonly kind: 'listener-filter'; readonly name: string; readonly effect: string; readonly opaque?: boolean}
  | {readonly kind: 'matcher'; readonly path: readonly MatcherInput[]; readonly action?: string}
  | {readonly kind: 'filter-chain'; readonly name: string; readonly default?: boolean}
  | {
      readonly kind: 'tls'
      readonly side: 'downstream' | 'upstream'
      readonly identity?: string
      readonly peer?: readonly string[]
      readonly expected?: readonly string[]
      readonly alpn?: readonly string[]
      readonly sni?: string
      readonly effect: string
    }
  | {
      readonly kind: 'network-filter' | 'http-filter'
      readonly name: string
      readonly type: string
      readonly effect: string
      readonly opaque?: boolean
    }
  | {
      readonly kind: 'authorization'
      readonly layer: 'l4' | 'l7'
      readonly action: 'ALLOW' | 'DENY' | 'LOG'
      readonly decision: 'allow' | 'deny' | 'log' | 'undetermined'
      readonly policy?: string
      readonly shadow?: boolean
      readonly clause?: string
    }
  | {readonly kind: 'virtual-host'; readonly name: string; readonly domain: string; readonly table: string}
  | {readonly kind: 'route'; readonly name: string; readonly match: string; readonly action: string}
  | {readonly kind: 'cluster'; readonly name: string; readonly type: string; readonly join?: string}
  | {readonly kind: 'endpoint'; readonly address: Address; readonly health?: string; readonly transportSocket?: string}
  | {readonly kind: 'internal-listener'; readonly name: string; readonly endpointId?: string}
  | {readonly kind: 'original-destination'; readonly from: string; readonly address: SocketAddress}
  | {
      readonly kind: 'tunnel'
      readonly method: string
      readonly authority: string
      readonly headers: readonly (readonly [string, string])[]
      readonly identity?: string
    }
  | {
      readonly kind: 'service-lookup' | 'waypoint' | 'load-balance' | 'gateway' | 'inbound-check'
      readonly name: string
      readonly effect: string
    }
  | {readonly kind: 'deliver'; readonly to: string; readonly address?: SocketAddress}

export interface MatcherInput {
  readonly input: string
  /** What the connection or request holds; undefined when the input is absent. */
  readonly value: string | undefined
  /** The key or range that was taken; undefined when the level missed. */
  readonly matched: string | undefined
}
