import type {Share} from '../flow/share.js'
import type {Place} from '../flow/forwarder.js'
import type {VerdictKind} from '../flow/verdict.js'

/** What an assertion wants of a trace. An empty list asks for nothing. */
export interface Expectation {
  /** The ends the paths must have, each of them and no others. */
  readonly verdicts: readonly ExpectedVerdict[]
  /** Hops every path must pass, in this order; others may stand between them. */
  readonly via: readonly PlacePattern[]
  /** Hops no path may pass. */
  readonly notVia: readonly PlacePattern[]
}

export interface ExpectedVerdict {
  readonly kind: VerdictKind
  /** `denied(default/viewer)`, `denied(l4)`, `responded(302)`. */
  readonly detail?: string
  /** How much of the traffic must end so; without it any amount does. */
  readonly share?: Share
}

/** `waypoint`, `default/reviews`, `waypoint default/reviews`, `productpage-v1-*`. */
export interface PlacePattern {
  readonly kind?: Place['kind']
  readonly namespace?: string
  readonly name?: string
}

/** One thing that is not as expected, or that cannot be told. */
export interface Finding {
  readonly aspect: 'verdict' | 'via' | 'not-via' | 'golden' | 'question'
  readonly status: 'failed' | 'undetermined'
  readonly expected: string
  readonly got: string
}
