/** A two-sided test at 4.5 standard deviations fails by chance 7 times in a million: once in all comparisons of a run, at most. */
const DEVIATIONS = 4.5

export interface Sampled {
  /** The predicted share, 0 to 1. */
  readonly share: number
  /** How much of the sample was seen, 0 to 1. */
  readonly seen: number
  /** Size of the sample. */
  readonly of: number
  /** What the recording itself may be off: it rounds, or its draws are not independent (Envoy counts requests and goes round). */
  readonly slack: number
}

/** The test of every share that was measured: whether a binomial sample of this size may show it, if the prediction is right. */
export function isWithinSample({share, seen, of, slack}: Sampled): boolean {
  return Math.abs(seen - share) <= DEVIATIONS * Math.sqrt((share * (1 - share)) / of) + slack
}

/** Recordings of Envoy: a few dozen requests, of which the balancer does not draw each anew. */
export const ENVOY_SLACK = 0.05

/** ztunnel draws anew for every connection; recorded shares have four digits. */
export const ZTUNNEL_SLACK = 0.0001
