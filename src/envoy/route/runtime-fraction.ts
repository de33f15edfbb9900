import {isObject, toNumber, View} from '../../json/view.js'
import type {Constraint} from './draw.js'

/** A FractionalPercent that is neither 0 nor 100 %. */
export interface Fraction {
  readonly numerator: number
  readonly denominator: number
}

export type FractionOutcome = 'always' | 'never' | Fraction

/** HUNDRED is the default. */
const DENOMINATORS: ReadonlyMap<string, number> = new Map([
  ['TEN_THOUSAND', 10_000],
  ['MILLION', 1_000_000],
])

/** A RuntimeFractionalPercent; a runtime value, percent or whole number, overrides the default. Source: envoy-2022 D5 (featureEnabled). */
export function runtimeFraction(percent: View, runtime: ReadonlyMap<string, unknown> | undefined): FractionOutcome {
  const key = percent.str('runtime_key') ?? ''
  const override = key === '' ? undefined : runtime?.get(key)
  if (isObject(override)) return fractionOf(new View(override, percent.pointer))
  const whole = toNumber(override)
  if (whole !== undefined && Number.isInteger(whole) && whole >= 0) return outcomeOf({numerator: whole, denominator: 100})
  return fractionOf(percent.get('default_value'))
}

/** The residues that a fraction takes of the request's random value. */
export function fractionConstraint({numerator, denominator}: Fraction, side: 'inside' | 'outside'): Constraint {
  return {modulus: denominator, ranges: [side === 'inside' ? [0, numerator] : [numerator, denominator]]}
}

export function describeFraction(outcome: FractionOutcome): string {
  if (outcome === 'always') return '100 %'
  return outcome === 'never' ? '0 %' : `${outcome.numerator}/${outcome.denominator}`
}

function fractionOf(percent: View | undefined): FractionOutcome {
  return outcomeOf({
    numerator: Math.trunc(percent?.num('numerator') ?? 0),
    denominator: DENOMINATORS.get(percent?.str('denominator') ?? '') ?? 100,
  })
}

function outcomeOf({numerator, denominator}: Fraction): FractionOutcome {
  if (numerator <= 0) return 'never'
  return numerator >= denominator ? 'always' : {numerator, denominator}
}
