import {formatAddress} from '../flow/address.js'
import type {Exit} from '../flow/forwarder.js'
import type {Share} from '../flow/share.js'
import {compareText} from '../flow/compare-text.js'
import {canonicalText} from './canonical.js'

/**
 * The order in which exits are followed and printed: copies last, larger shares first, then by target.
 * Endpoint order in a dump carries no meaning (envoy-2022 A.3), so it must not show in a trace.
 */
export function orderExits(exits: readonly Exit[]): readonly Exit[] {
  return exits
    .map((exit) => ({exit, text: targetOf(exit)}))
    .toSorted((a, b) => mirrorRank(a.exit) - mirrorRank(b.exit) || compareShares(b.exit.share, a.exit.share) || compareText(a.text, b.text))
    .map(({exit}) => exit)
}

function mirrorRank(exit: Exit): number {
  return exit.mirror === true ? 1 : 0
}

function compareShares(a: Share, b: Share): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function targetOf(exit: Exit): string {
  const conditions = exit.requires.map((condition) => condition.what)
  switch (exit.kind) {
    case 'depart':
      return canonicalText([formatAddress(exit.departure.to), conditions, exit.departure])
    case 'deliver':
      return canonicalText([exit.to.ip, conditions, exit.to])
    case 'stop':
      return canonicalText([exit.verdict.kind, conditions, exit.verdict])
    default:
      return exit satisfies never
  }
}
