/**
 * How much of the traffic takes a branch. `exact` shares come from known weights (`9/10`);
 * others only say that the branch is one of several (`one of 3`): never a probability made up.
 */
export interface Share {
  readonly numerator: bigint
  readonly denominator: bigint
  readonly exact: boolean
}

export const WHOLE: Share = {numerator: 1n, denominator: 1n, exact: true}
export const NOTHING: Share = {numerator: 0n, denominator: 1n, exact: true}

/** A share from weights that the configuration fixes, for example 9 of 10. */
export function fraction(part: number | bigint, whole: number | bigint): Share {
  return reduce({numerator: BigInt(part), denominator: BigInt(whole), exact: true})
}

/** One of `count` possibilities whose weights are not known. */
export function oneOf(count: number): Share {
  return {numerator: 1n, denominator: BigInt(count), exact: count === 1}
}

export function multiplyShares(a: Share, b: Share): Share {
  return reduce({
    numerator: a.numerator * b.numerator,
    denominator: a.denominator * b.denominator,
    exact: a.exact && b.exact,
  })
}

export function addShares(a: Share, b: Share): Share {
  return reduce({
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
    exact: a.exact && b.exact,
  })
}

export function isWhole(share: Share): boolean {
  return share.numerator === share.denominator
}

/** Only for ordering and for comparing with measured counts. */
export function shareToNumber(share: Share): number {
  return Number((share.numerator * 1_000_000n) / share.denominator) / 1_000_000
}

/** `1`, `9/10`, or `one of 3` (`2 of 3` after adding) when the weights are not known. */
export function formatShare(share: Share): string {
  if (share.exact) return share.denominator === 1n ? String(share.numerator) : `${share.numerator}/${share.denominator}`
  return share.numerator === 1n ? `one of ${share.denominator}` : `${share.numerator} of ${share.denominator}`
}

function reduce(share: Share): Share {
  const divisor = gcd(share.numerator, share.denominator)
  return divisor <= 1n
    ? share
    : {
        numerator: share.numerator / divisor,
        denominator: share.denominator / divisor,
        exact: share.exact,
      }
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b)
}
