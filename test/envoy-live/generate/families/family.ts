import type fc from 'fast-check'
import type {Scenario} from '../../scenario.js'

/** Scenarios that try one part of the engine. */
export interface Family {
  readonly name: string
  readonly scenarios: fc.Arbitrary<Scenario>
  /** How many scenarios, as a part of what the settings say; 1 when absent. */
  readonly portion?: number
  /** The share of its decisions that the engine may leave to a condition: what depends on more than the configuration. 0.03 when absent. */
  readonly conditional?: number
  /** Its listeners serve TLS: without a certificate they are left out. */
  readonly certified?: true
  /** The share it may leave open, because a filter is opaque. None when absent. */
  readonly open?: number
}
