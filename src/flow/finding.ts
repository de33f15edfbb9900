import type {Evidence} from './step.js'

/** What explains a trace and its hops alone do not say loudly. One short statement, for a person in a hurry. */
export interface Finding {
  /** A slug: `waypoint-bypassed`. The set grows. */
  readonly kind: string
  readonly text: string
  /** Something is not as its configuration asks: the trace is not as wished, whatever its verdict. Else it only explains. */
  readonly fault?: true
  /** Where its parts can be checked. */
  readonly evidence: readonly Evidence[]
}
