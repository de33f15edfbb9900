import type {Json} from '../../flow/connection.js'
import {anyOf, not, tri, type Tri} from '../../flow/tri.js'
import type {View} from '../../json/view.js'
import {matchString} from './string.js'

/** or_match and list_match nest; a dump nested deeper than this was not written by a generator. */
const MAX_NESTING = 32

/** An envoy.type.matcher.v3.MetadataMatcher: a value that is not there is tested too, then `invert` applies. Source: envoy-2022 D7. */
export function matchMetadata(matcher: View, metadata: ReadonlyMap<string, Json>): Tri {
  const path = matcher.list('path').map((segment) => segment.str('key') ?? '')
  const value = metadataAt(metadata, {filter: matcher.str('filter') ?? '', path})
  const wanted = matcher.get('value')
  const outcome = wanted === undefined ? 'undetermined' : matchValue(wanted, value)
  return matcher.bool('invert') === true ? not(outcome) : outcome
}

/** The value at a path of Struct keys; undefined when a step is missing, no Struct, or the path is empty. */
export function metadataAt(
  metadata: ReadonlyMap<string, Json>,
  {filter, path}: {readonly filter: string; readonly path: readonly string[]},
): Json | undefined {
  return path.length === 0 ? undefined : path.reduce<Json | undefined>((value, key) => fieldOf(value, key), metadata.get(filter))
}

/** An envoy.type.matcher.v3.ValueMatcher; `undefined` is a value that is not there, `null` is the null value. */
export function matchValue(matcher: View, value: Json | undefined): Tri {
  return matchNested(matcher, {value, depth: 0})
}

interface Subject {
  readonly value: Json | undefined
  readonly depth: number
}

type ValueRule = (matcher: View, subject: Subject) => Tri

const RULES: readonly (readonly [string, ValueRule])[] = [
  ['null_match', (_, {value}) => tri(value === null)],
  ['double_match', (matcher, {value}) => matchDouble(matcher, value)],
  ['string_match', (matcher, {value}) => (typeof value === 'string' ? matchString(matcher, value) : 'no')],
  ['bool_match', (matcher, {value}) => tri(typeof value === 'boolean' && value === matcher.value)],
  ['present_match', (matcher, {value}) => tri(value !== undefined && matcher.value === true)],
  ['list_match', (matcher, subject) => matchList(matcher, subject)],
  [
    'or_match',
    (matcher, {value, depth}) => anyOf(matcher.list('value_matchers').map((one) => matchNested(one, {value, depth: depth + 1}))),
  ],
]

function matchNested(matcher: View, subject: Subject): Tri {
  if (subject.depth > MAX_NESTING) return 'undetermined'
  for (const [field, rule] of RULES) {
    const wanted = matcher.get(field)
    if (wanted !== undefined) return rule(wanted, subject)
  }
  return 'undetermined'
}

function matchDouble(matcher: View, value: Json | undefined): Tri {
  if (typeof value !== 'number') return 'no'
  const range = matcher.get('range')
  if (range === undefined) return tri(value === (matcher.num('exact') ?? Number.NaN))
  return tri(value >= (range.num('start') ?? 0) && value < (range.num('end') ?? 0))
}

function matchList(matcher: View, {value, depth}: Subject): Tri {
  const oneOf = matcher.get('one_of')
  if (!isList(value)) return 'no'
  return oneOf === undefined ? 'undetermined' : anyOf(value.map((item) => matchNested(oneOf, {value: item, depth: depth + 1})))
}

function fieldOf(value: Json | undefined, key: string): Json | undefined {
  return isStruct(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

export function isStruct(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !isList(value)
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
