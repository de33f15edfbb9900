import {tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {compileRegex} from './regex.js'
import {asciiLower} from './text.js'

/** A compiled matcher of one text value. */
export type StringTest = (value: string) => Tri

const COMPARISONS: ReadonlyMap<string, (value: string, wanted: string) => boolean> = new Map([
  ['exact', (value: string, wanted: string) => value === wanted],
  ['prefix', (value: string, wanted: string) => value.startsWith(wanted)],
  ['suffix', (value: string, wanted: string) => value.endsWith(wanted)],
  ['contains', (value: string, wanted: string) => value.includes(wanted)],
])

/**
 * An envoy.type.matcher.v3.StringMatcher against a value. `ignore_case` is ASCII only and does not touch `safe_regex`,
 * which matches the whole value. `undetermined`: a `custom` matcher, a pattern RE2 rejects, or no pattern at all.
 * Source: envoy-2022 D2 (value_match).
 */
export function matchString(matcher: View, value: string): Tri {
  return stringTest(matcher)(value)
}

/** matchString with the matcher read only once. */
export function stringTest(matcher: View): StringTest {
  const regex = matcher.get('safe_regex')
  return regex === undefined ? plainTest(matcher) : regexTest(regex)
}

/** A RegexMatcher against the whole value. */
export function regexTest(matcher: View): StringTest {
  const regex = compileRegex(matcher)
  return regex === undefined ? () => 'undetermined' : (value) => tri(regex.testExact(value))
}

function plainTest(matcher: View): StringTest {
  for (const [field, compare] of COMPARISONS) {
    const wanted = matcher.str(field)
    if (wanted === undefined) continue
    if (matcher.bool('ignore_case') !== true) return (value) => tri(compare(value, wanted))
    const folded = asciiLower(wanted)
    return (value) => tri(compare(asciiLower(value), folded))
  }
  return () => 'undetermined'
}
