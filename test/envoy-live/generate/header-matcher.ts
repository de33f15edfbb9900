import fc from 'fast-check'
import type {Message} from '../message.js'
import {AUTHORITIES, HEADER_VALUES, METHODS, PATHS} from './http-request.js'
import {stringMatcher} from './string-matcher.js'

interface Header {
  readonly name: string
  readonly values: fc.Arbitrary<string>
}

const filled = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values.filter((value) => value !== ''))

const HEADERS: readonly Header[] = [
  ...Object.entries(HEADER_VALUES).map(([name, values]) => ({name, values: filled(values)})),
  {name: 'X-T', values: filled(HEADER_VALUES['x-t'])},
  {name: 'x-n', values: filled(HEADER_VALUES['x-n'])},
  {name: ':method', values: fc.constantFrom(...METHODS)},
  {name: ':path', values: fc.constantFrom(...PATHS)},
  {name: ':authority', values: fc.constantFrom(...AUTHORITIES)},
  {name: ':scheme', values: fc.constantFrom('http', 'https')},
  {name: 'host', values: fc.constantFrom(...AUTHORITIES)},
  {name: 'x-absent', values: fc.constant('1')},
]

/** A HeaderMatcher of the route or RBAC kind, old and new specifiers. */
export const headerMatcher: fc.Arbitrary<Message> = fc.constantFrom(...HEADERS).chain(({name, values}) =>
  fc.tuple(specifier(values), fc.boolean(), fc.integer({min: 0, max: 3})).map(([what, invert, empty]) => ({
    name,
    ...what,
    ...(invert ? {invert_match: true} : {}),
    ...(empty === 0 ? {treat_missing_header_as_empty: true} : {}),
  })),
)

function specifier(values: fc.Arbitrary<string>): fc.Arbitrary<Message> {
  return fc.oneof(
    {weight: 4, arbitrary: stringMatcher(values).map((string_match) => ({string_match}))},
    {weight: 1, arbitrary: values.map((exact_match) => ({exact_match}))},
    {weight: 1, arbitrary: values.map((value) => ({prefix_match: value.slice(0, 2)}))},
    {weight: 1, arbitrary: values.map((value) => ({suffix_match: value.slice(-2)}))},
    {weight: 1, arbitrary: values.map((value) => ({contains_match: value.length > 1 ? value.slice(1, 3) : value}))},
    {weight: 1, arbitrary: fc.constantFrom('[0-9]+', '.*', '[a-z]+').map((regex) => ({safe_regex_match: {google_re2: {}, regex}}))},
    {
      weight: 2,
      arbitrary: fc
        .constantFrom<Message>({start: 0, end: 10}, {start: -5, end: 5}, {start: 10, end: 11})
        .map((range_match) => ({range_match})),
    },
    {weight: 2, arbitrary: fc.boolean().map((present_match) => ({present_match}))},
    {weight: 1, arbitrary: fc.constant({})},
  )
}
