import {allOf, anyOf, not, type Tri} from '../../flow/tri.js'
import type {MatcherInput} from '../../flow/step.js'
import type {View} from '../../json/view.js'
import {matchCelMatcher} from '../match/cel/evaluate.js'
import {matchString} from '../match/string.js'
import {describeInput, inputName, readInput, type MatcherSubject} from './inputs.js'

/** Outcome of a predicate; `undecided` is set when Envoy itself lacks the data. */
export interface PredicateResult {
  readonly holds: Tri
  readonly undecided?: string
  readonly why: readonly string[]
  readonly inputs: readonly MatcherInput[]
}

/** Evaluates a matcher_list predicate. Source: envoy-2022 D2; matcher.h, field_matcher.h. */
export function evaluatePredicate(predicate: View | undefined, subject: MatcherSubject): PredicateResult {
  const single = predicate?.get('single_predicate')
  if (single !== undefined) return evaluateSingle(single, subject)
  const all = predicate?.get('and_matcher')
  if (all !== undefined) return combine(upToUndecided(operands(all, subject)), allOf)
  const any = predicate?.get('or_matcher')
  if (any !== undefined) return combine(operands(any, subject), anyOf)
  const negated = predicate?.get('not_matcher')
  if (negated === undefined) return {holds: 'undetermined', why: ['a predicate of unknown kind'], inputs: []}
  const inner = evaluatePredicate(negated, subject)
  return {...inner, holds: not(inner.holds)}
}

function operands(group: View, subject: MatcherSubject): readonly PredicateResult[] {
  return group.list('predicate').map((child) => evaluatePredicate(child, subject))
}

/** An `and` gives up at the first operand that lacks data, before it sees a later one that fails; an `or` looks at all (field_matcher.h). */
function upToUndecided(results: readonly PredicateResult[]): readonly PredicateResult[] {
  const stop = results.findIndex((result) => result.undecided !== undefined)
  return stop < 0 ? results : results.slice(0, stop + 1)
}

/** Its input only says that CEL is meant; the expression reads the request itself. */
const CEL_MATCHER = 'xds.type.matcher.v3.CelMatcher'

function evaluateSingle(single: View, subject: MatcherSubject): PredicateResult {
  const input = single.get('input')
  const custom = single.path('custom_match', 'typed_config')
  if (custom?.typeName() === CEL_MATCHER) return evaluateCel(custom, subject)
  const value = readInput(input, subject)
  const seen: MatcherInput = {input: inputName(input), value: describeInput(value), matched: undefined}
  switch (value.kind) {
    case 'undecided':
      return {holds: 'undetermined', undecided: value.why, why: [value.why], inputs: [seen]}
    case 'unknown':
      return {holds: 'undetermined', why: [value.why], inputs: [seen]}
    case 'absent':
      return {holds: 'no', why: [], inputs: [seen]}
    case 'text':
      return compare({single, text: value.text, seen})
    default:
      return value satisfies never
  }
}

function evaluateCel(matcher: View, subject: MatcherSubject): PredicateResult {
  const holds = matchCelMatcher(matcher, subject)
  return {
    holds,
    why: holds === 'undetermined' ? ['a CEL expression'] : [],
    inputs: [{input: 'cel', value: undefined, matched: holds === 'yes' ? 'true' : undefined}],
  }
}

function compare(input: {single: View; text: string; seen: MatcherInput}): PredicateResult {
  const matcher = input.single.get('value_match')
  if (matcher === undefined) {
    const type = input.single.path('custom_match', 'typed_config')?.typeName() ?? 'custom matcher'
    return {holds: 'undetermined', why: [`custom matcher ${type}`], inputs: [input.seen]}
  }
  const holds = matchString(matcher, input.text)
  return {
    holds,
    why: holds === 'undetermined' ? [`string matcher on ${input.seen.input}`] : [],
    inputs: [{...input.seen, matched: holds === 'yes' ? input.text : undefined}],
  }
}

function combine(results: readonly PredicateResult[], rule: (values: readonly Tri[]) => Tri): PredicateResult {
  const holds = rule(results.map((result) => result.holds))
  const inputs = results.flatMap((result) => result.inputs)
  if (holds !== 'undetermined') return {holds, why: [], inputs}
  const open = results.filter((result) => result.holds === 'undetermined')
  const why = open.flatMap((result) => result.why)
  // Envoy lacks the data only if nothing that this tool does not know could decide instead.
  const undecided = open.every((result) => result.undecided !== undefined)
  return {holds, ...(undecided ? {undecided: why.join(' and ')} : {}), why, inputs}
}
