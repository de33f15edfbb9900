import type {Evidence} from './step.js'

/** What explains a trace and its hops alone do not say loudly. One short statement, for a person in a hurry. */
export interface Finding {
  /** A slug: `waypoint-bypassed`. The set grows. */
  readonly kind: string
  readonly text: string
  /** Where its parts can be checked. */
  readonly evidence: readonly Evidence[]
}
