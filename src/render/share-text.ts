import {formatShare, type Share} from '../flow/share.js'

/** `90 %` where that is the whole truth, else the fraction (`1/3`) or `one of 3`. */
export function shareText(share: Share): string {
  const isPercent = share.exact && share.denominator > 0n && 100n % share.denominator === 0n
  return isPercent ? `${share.numerator * (100n / share.denominator)} %` : formatShare(share)
}
