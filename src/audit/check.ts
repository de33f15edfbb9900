import {addShares, formatShare, isWhole, NOTHING, type Share} from '../flow/share.js'
import type {Outcome, Trace} from '../flow/trace.js'
import {findMissedHop, findPassedHop} from './check-path.js'
import type {Expectation, ExpectedVerdict, Finding, PlacePattern} from './expectation.js'
import {fitsVerdict, formatExpectedVerdict, formatVerdict} from './expected-verdict.js'
import {formatPlacePattern} from './place-pattern.js'

/**
 * What of an expectation a trace does not fulfil; empty when all of it holds. A path with an unknown end neither
 * holds nor fails: it makes a finding `undetermined`, unless another path fails already.
 */
export function checkTrace(trace: Trace, {verdicts, via, notVia}: Expectation): readonly Finding[] {
  return [...checkVerdicts(trace, verdicts), ...checkVia(trace, via), ...checkNotVia(trace, notVia)]
}

function checkVerdicts(trace: Trace, expected: readonly ExpectedVerdict[]): readonly Finding[] {
  if (expected.length === 0) return []
  const ends = Object.values(trace.outcomes).filter(({share}) => share.numerator > 0n)
  const strangers = ends.filter(({verdict}) => !expected.some((each) => fitsVerdict(verdict, each)))
  const isOpen = strangers.some(({verdict}) => verdict.kind === 'undetermined')
  const isWrong = strangers.some(({verdict}) => verdict.kind !== 'undetermined')
  const isUnmet = !isOpen && expected.some((each) => !isMet(ends, each))
  if (!isOpen && !isWrong && !isUnmet) return []
  return [
    {
      aspect: 'verdict',
      status: isWrong || isUnmet ? 'failed' : 'undetermined',
      expected: expected.map(formatExpectedVerdict).join(', '),
      got: describeEnds(ends),
    },
  ]
}

function isMet(ends: readonly Outcome[], expected: ExpectedVerdict): boolean {
  const fitting = ends.filter(({verdict}) => fitsVerdict(verdict, expected))
  return fitting.length > 0 && (expected.share === undefined || isEqualShare(sumShares(fitting), expected.share))
}

/** One of three is not a third: with unknown weights nobody can promise the amount. */
function isEqualShare(a: Share, b: Share): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator && (isWhole(a) || a.exact === b.exact)
}

function sumShares(outcomes: readonly Outcome[]): Share {
  const [first, ...others] = outcomes.map(({share}) => share)
  return others.reduce(addShares, first ?? NOTHING)
}

/** `denied(default/viewer) 1/10, delivered 9/10`, as an expectation would say it. */
function describeEnds(ends: readonly Outcome[]): string {
  const texts = [...new Set(ends.map(({verdict}) => formatVerdict(verdict)))]
  const parts = texts.map((text) => {
    const share = sumShares(ends.filter(({verdict}) => formatVerdict(verdict) === text))
    return isWhole(share) ? text : `${text} ${formatShare(share)}`
  })
  return parts.length === 0 ? 'no end' : parts.toSorted().join(', ')
}

function checkVia(trace: Trace, via: readonly PlacePattern[]): readonly Finding[] {
  const missed = findMissedHop(trace, via)
  if (missed === undefined) return []
  const end =
    missed.end === undefined ? 'nowhere' : `${formatVerdict(missed.end.verdict)} at ${missed.end.place.kind} ${missed.end.place.name}`
  return [
    {
      aspect: 'via',
      status: missed.end?.verdict.kind === 'undetermined' ? 'undetermined' : 'failed',
      expected: via.map(formatPlacePattern).join(', '),
      got: `a path without ${formatPlacePattern(missed.missed)}${missed.passed.length === 0 ? '' : ` after ${missed.passed.join(', ')}`}, which ends ${end}`,
    },
  ]
}

function checkNotVia(trace: Trace, patterns: readonly PlacePattern[]): readonly Finding[] {
  if (patterns.length === 0) return []
  const passed = findPassedHop(trace, patterns)
  const isOpen = Object.values(trace.outcomes).some(({verdict}) => verdict.kind === 'undetermined')
  if (passed === undefined && !isOpen) return []
  return [
    {
      aspect: 'not-via',
      status: passed === undefined ? 'undetermined' : 'failed',
      expected: `no path through ${patterns.map(formatPlacePattern).join(', ')}`,
      got: passed === undefined ? 'a path with an unknown end' : `a path through ${passed.hop.place.kind} ${passed.hop.place.name}`,
    },
  ]
}
