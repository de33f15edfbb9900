import type {HttpRequest} from '../../flow/connection.js'
import {anyOf, not, tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {headerLines} from '../connection.js'
import type {Semantics} from '../semantics.js'
import {regexTest, stringTest, type StringTest} from './string.js'

export interface HeaderSubject {
  /** Absent in a network filter, where every header is missing. */
  readonly request: HttpRequest | undefined
  readonly semantics: Pick<Semantics, 'headerLines'>
}

/** A compiled HeaderMatcher. */
export type HeaderTest = (subject: HeaderSubject) => Tri

/**
 * An envoy.config.route.v3.HeaderMatcher.
 * Source: envoy-2022 D5 (header_utility.h) and I.6: repeated lines are joined by `,` or matched one by one, as the version has it;
 * where the version is not known, only a difference between the two makes the outcome `undetermined`.
 */
export function matchHeader(matcher: View, subject: HeaderSubject): Tri {
  return headerTest(matcher)(subject)
}

/** matchHeader with the matcher read only once. */
export function headerTest(matcher: View): HeaderTest {
  const name = matcher.str('name') ?? ''
  const test = linesTest(matcher)
  return ({request, semantics}) => test(request === undefined ? [] : headerLines(request, name), semantics.headerLines)
}

type LinesTest = (lines: readonly string[], rule: Semantics['headerLines']) => Tri

function linesTest(matcher: View): LinesTest {
  const inverts = matcher.bool('invert_match') === true
  const emptyIfMissing = matcher.bool('treat_missing_header_as_empty') === true
  const presence = presenceOf(matcher)
  // A missing header is the one case where invert_match turns a miss into a match, and only for presence (envoy-2022 F.16).
  if (presence !== undefined) return (lines) => tri((presence === (lines.length > 0 || emptyIfMissing)) !== inverts)
  const test = valueTest(matcher)
  return (lines, rule) => {
    if (lines.length === 0 && !emptyIfMissing) return test === undefined ? 'undetermined' : 'no'
    const outcome = test === undefined ? 'undetermined' : matchLines(lines.length === 0 ? [''] : lines, {test, rule})
    return inverts ? not(outcome) : outcome
  }
}

/** Fields of a HeaderMatcher that are no specifier. */
const COMMON_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'invert_match',
  'invertMatch',
  'treat_missing_header_as_empty',
  'treatMissingHeaderAsEmpty',
])

/** What a presence matcher asks for: `present_match`, or `true` where no specifier is set. Undefined for value matchers. */
function presenceOf(matcher: View): boolean | undefined {
  const specifiers = matcher.entries().filter(([field, {value}]) => !COMMON_FIELDS.has(field) && value !== null)
  return specifiers.length === 0 ? true : matcher.bool('present_match')
}

function matchLines(lines: readonly string[], {test, rule}: {test: StringTest; rule: Semantics['headerLines']}): Tri {
  const joined = (): Tri => test(lines.join(','))
  const single = (): Tri => anyOf(lines.map(test))
  switch (rule) {
    case 'joined':
      return joined()
    case 'single':
      return single()
    case 'undetermined':
      return joined() === single() ? joined() : 'undetermined'
    default:
      return rule satisfies never
  }
}

const VALUE_TESTS: readonly (readonly [string, (specifier: View) => StringTest])[] = [
  ['string_match', stringTest],
  ['range_match', rangeTest],
  ['safe_regex_match', regexTest],
  // An empty deprecated exact_match accepts any value: envoy-2022 D5.
  ['exact_match', (specifier) => textTest(specifier, (value, wanted) => wanted === '' || value === wanted)],
  ['prefix_match', (specifier) => textTest(specifier, (value, wanted) => value.startsWith(wanted))],
  ['suffix_match', (specifier) => textTest(specifier, (value, wanted) => value.endsWith(wanted))],
  ['contains_match', (specifier) => textTest(specifier, (value, wanted) => value.includes(wanted))],
]

function valueTest(matcher: View): StringTest | undefined {
  for (const [field, build] of VALUE_TESTS) {
    const specifier = matcher.get(field)
    if (specifier !== undefined) return build(specifier)
  }
  return undefined
}

function textTest(specifier: View, compare: (value: string, wanted: string) => boolean): StringTest {
  const wanted = specifier.text() ?? ''
  return (value) => tri(compare(value, wanted))
}

const MAX_INT64 = 2n ** 63n - 1n

/** Half-open, on what absl::SimpleAtoi reads as int64. */
function rangeTest(range: View): StringTest {
  const [start, end] = [boundOf(range, 'start'), boundOf(range, 'end')]
  return (value) => {
    const number = integerOf(value)
    if (number === undefined || number > MAX_INT64 || number < -MAX_INT64 - 1n) return 'no'
    return tri(number >= start && number < end)
  }
}

function boundOf(range: View, field: 'start' | 'end'): bigint {
  const value = range.get(field)?.value
  return typeof value === 'string' || typeof value === 'number' ? (integerOf(String(value)) ?? 0n) : 0n
}

function integerOf(text: string): bigint | undefined {
  const [, sign, digits] = /^\s*([+-]?)(\d{1,25})\s*$/.exec(text) ?? []
  if (digits === undefined) return undefined
  return sign === '-' ? -BigInt(digits) : BigInt(digits)
}
