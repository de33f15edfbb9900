import {addShares, isWhole, multiplyShares, NOTHING, WHOLE, type Share} from '../flow/share.js'
import type {Hop, HopId, Outcome, OutcomeId} from '../flow/trace.js'
import {outlookOf, type Missing, type Outlook, type Verdict} from '../flow/verdict.js'
import {canonicalText} from './canonical.js'

/**
 * The share of the traffic that reaches each hop and outcome. `completed` holds every hop after the hops it leads to.
 * Copies (mirrors) carry no share.
 */
export function sharesOf(start: HopId | OutcomeId, completed: readonly Hop[]): ReadonlyMap<HopId | OutcomeId, Share> {
  const shares = new Map<string, Share>([[start, WHOLE]])
  for (const hop of completed.toReversed()) {
    const inflow = shares.get(hop.id) ?? NOTHING
    for (const branch of hop.next.filter(({mirror}) => mirror !== true)) {
      shares.set(branch.to, certain(addShares(shares.get(branch.to) ?? NOTHING, multiplyShares(inflow, branch.share))))
    }
  }
  return shares
}

/** The verdict of a trace: its worst outcome that traffic reaches; of equally bad ones that with the larger share, then the first. */
export function worstOf(outcomes: readonly Outcome[]): Verdict {
  const [worst] = outcomes
    .filter(isReached)
    .toSorted(
      (a, b) =>
        RANK[outlookOf(a.verdict)] - RANK[outlookOf(b.verdict)] || Number(isLarger(b.share, a.share)) - Number(isLarger(a.share, b.share)),
    )
  return worst?.verdict ?? {kind: 'undetermined', missing: [{what: 'where the connection ends'}]}
}

/** What is not known, over all undetermined outcomes, each thing once. */
export function missingOf(outcomes: readonly Outcome[]): readonly Missing[] {
  const all = outcomes.filter(isReached).flatMap(({verdict}) => (verdict.kind === 'undetermined' ? verdict.missing : []))
  return [...new Map(all.map((missing) => [canonicalText(missing), missing])).values()]
}

const RANK: Readonly<Record<Outlook, number>> = {negative: 0, undetermined: 1, positive: 2}

function isReached(outcome: Outcome): boolean {
  return outcome.share.numerator > 0n
}

function isLarger(a: Share, b: Share): boolean {
  return a.numerator * b.denominator > b.numerator * a.denominator
}

/** All of an unknown split is still all. */
function certain(share: Share): Share {
  return isWhole(share) ? WHOLE : share
}
