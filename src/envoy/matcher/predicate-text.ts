import type {View} from '../../json/view.js'
import {describeString} from '../match/describe.js'
import {describeInput, inputName, readInput, type InputValue, type MatcherSubject} from './inputs.js'
import {evaluatePredicate} from './predicate.js'

/** Why a predicate does not hold, in words: the first part of it that decides, with what its input holds. */
export function failedPredicateText(predicate: View | undefined, subject: MatcherSubject): string {
  const single = predicate?.get('single_predicate')
  if (single !== undefined) return singleText(single, subject)
  const negated = predicate?.get('not_matcher')
  return negated === undefined ? groupText(predicate, subject) : `wants anything but ${heldText(negated, subject)}`
}

function groupText(predicate: View | undefined, subject: MatcherSubject): string {
  const failed = operandsOf(predicate, 'and_matcher').find((operand) => evaluatePredicate(operand, subject).holds === 'no')
  return failed === undefined ? anyText(operandsOf(predicate, 'or_matcher'), subject) : failedPredicateText(failed, subject)
}

function operandsOf(predicate: View | undefined, group: string): readonly View[] {
  return predicate?.get(group)?.list('predicate') ?? []
}

/** `10.0.0.1`, or what stands in its place. */
export function heldValue(value: InputValue): string {
  return describeInput(value) ?? (value.kind === 'absent' ? 'absent' : 'not known')
}

function singleText(single: View, subject: MatcherSubject): string {
  const input = single.get('input')
  return `wants ${inputName(input)} ${wantedText(single)}, got ${heldValue(readInput(input, subject))}`
}

/** An exact value goes without a word, as the keys of a map do. */
function wantedText(single: View): string {
  const wanted = single.get('value_match')
  if (wanted === undefined) return single.path('custom_match', 'typed_config')?.typeName() ?? 'a custom matcher'
  const exact = wanted.bool('ignore_case') === true ? undefined : wanted.str('exact')
  return exact ?? describeString(wanted)
}

function anyText(operands: readonly View[], subject: MatcherSubject): string {
  const [first] = operands
  if (first === undefined) return 'a predicate without operands'
  return operands.length === 1
    ? failedPredicateText(first, subject)
    : `${failedPredicateText(first, subject)}; ${operands.length - 1} more alternatives fail too`
}

function heldText(predicate: View | undefined, subject: MatcherSubject): string {
  const single = predicate?.get('single_predicate')
  return single === undefined
    ? 'a group that holds'
    : `${inputName(single.get('input'))} ${heldValue(readInput(single.get('input'), subject))}`
}
