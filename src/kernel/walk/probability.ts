import {fraction, type Share} from '../../flow/share.js'

const STEPS = 2 ** 31

/**
 * The share of packets that a `--probability` takes. The kernel keeps a number of 31 bits (xt_statistic); where that is the one of
 * 1/n, the rule was written as 1/n (kube-proxy prints ten digits), and the share is 1/n.
 */
export function shareOfProbability(probability: string): Share {
  const kept = Math.round(Number(probability) * STEPS)
  const count = kept === 0 ? 0 : Math.round(STEPS / kept)
  const isWholePart = count > 0 && Math.abs(Math.round(STEPS / count) - kept) <= 1
  return isWholePart ? fraction(1, count) : fraction(kept, STEPS)
}
