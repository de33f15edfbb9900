import {fraction, multiplyShares, WHOLE, type Share} from '../../flow/share.js'

/**
 * What is known about the one random value Envoy draws per request (its stream id). Every runtime fraction, weighted cluster and
 * mirror fraction of the request takes that same value modulo its own denominator, so these choices depend on each other:
 * after a route with a fraction of 50 % was missed, a second one of 50 % can never be hit.
 * Source: config_impl.cc (`random_value`), weighted_cluster_specifier.cc, router.cc (shouldShadow).
 */
export interface Draw {
  /** One entry per modulus. */
  readonly constraints: readonly Constraint[]
}

export interface Constraint {
  readonly modulus: number
  /** Half-open ranges of residues that are still possible, ascending and apart. */
  readonly ranges: readonly (readonly [start: number, end: number])[]
}

export const ANY_DRAW: Draw = {constraints: []}

/** Beyond this common period, moduli are taken as independent and the share is no longer exact. */
const MAX_PERIOD = 1_000_000

/** The draw with one more constraint, and which share of the draw so far that is; undefined when nothing is left. */
export function restrictDraw(draw: Draw, constraint: Constraint): {readonly draw: Draw; readonly share: Share} | undefined {
  const same = draw.constraints.find(({modulus}) => modulus === constraint.modulus)
  const merged = same === undefined ? constraint : {modulus: same.modulus, ranges: intersect(same.ranges, constraint.ranges)}
  const next = {constraints: [...draw.constraints.filter((one) => one !== same), merged]}
  const left = measure(next)
  return left.numerator === 0n ? undefined : {draw: next, share: multiplyShares(left, inverse(measure(draw)))}
}

function intersect(a: Constraint['ranges'], b: Constraint['ranges']): Constraint['ranges'] {
  return a.flatMap(([start, end]) =>
    b.map(([from, to]) => [Math.max(start, from), Math.min(end, to)] as const).filter(([from, to]) => from < to),
  )
}

function measure({constraints}: Draw): Share {
  const [only, ...others] = constraints
  if (only === undefined) return WHOLE
  if (others.length === 0) return proportion(only)
  const period = periodOf(constraints)
  if (period <= MAX_PERIOD) return fraction(countBelow(constraints, period), period)
  const product = constraints.map(proportion).reduce(multiplyShares)
  return {...product, exact: false}
}

function proportion({modulus, ranges}: Constraint): Share {
  return fraction(
    ranges.reduce((sum, [start, end]) => sum + end - start, 0),
    modulus,
  )
}

/**
 * How many values below `limit` keep all constraints: the largest modulus goes block by block, and inside its ranges the others, whose
 * own period is shorter, are counted whole periods at a time.
 */
function countBelow(constraints: readonly Constraint[], limit: number): number {
  const [largest, ...rest] = constraints.toSorted((one, other) => other.modulus - one.modulus)
  if (largest === undefined) return limit
  const period = periodOf(rest)
  const whole = countBelow(rest, period)
  const below = (value: number): number => Math.floor(value / period) * whole + countBelow(rest, value % period)
  let count = 0
  for (let start = 0; start < limit; start += largest.modulus) {
    for (const [from, to] of largest.ranges) count += below(Math.min(limit, start + to)) - below(Math.min(limit, start + from))
  }
  return count
}

function periodOf(constraints: readonly Constraint[]): number {
  return constraints.reduce((length, {modulus}) => leastCommonMultiple(length, modulus), 1)
}

function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

function inverse(share: Share): Share {
  return {numerator: share.denominator, denominator: share.numerator, exact: share.exact}
}
