import fc from 'fast-check'
import {extension, type Message} from '../message.js'
import {headerMatcher} from './header-matcher.js'
import {stringMatcher} from './string-matcher.js'

const PREFIXES = ['/', '/a', '/a/', '/A', '/api', '/api/v1', '//a', '/b', '/a%2fb', ''] as const
const WHOLE_PATHS = ['/', '/a', '/a/b', '/A/B', '/ab', '/api/v1', '/b', '/a/b/c', '/a;p=1/b'] as const
const REGEXES = ['/a.*', '/[ab]', '/a(/b)?', '.*', '/api/v[0-9]+', '(?i)/A/B', '/[^/]+/[^/]+'] as const
const TEMPLATES = ['/a/{x}', '/{x}/b', '/a/**', '/api/*/x', '/a/{x=**}', '/{x=*}'] as const

const path: fc.Arbitrary<Message> = fc.oneof(
  {weight: 5, arbitrary: fc.constantFrom(...PREFIXES).map((prefix) => ({prefix}))},
  {weight: 3, arbitrary: fc.constantFrom(...WHOLE_PATHS).map((whole) => ({path: whole}))},
  {weight: 2, arbitrary: fc.constantFrom(...REGEXES).map((regex) => ({safe_regex: {google_re2: {}, regex}}))},
  {weight: 2, arbitrary: fc.constantFrom('/a', '/a/b', '/A', '/api').map((path_separated_prefix) => ({path_separated_prefix}))},
  {weight: 2, arbitrary: fc.constantFrom(...TEMPLATES).map(templateMatch)},
  {weight: 1, arbitrary: fc.constant({connect_matcher: {}})},
)

function templateMatch(path_template: string): Message {
  return {path_match_policy: extension('template', 'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig', {path_template})}
}

const queryParameter: fc.Arbitrary<Message> = fc
  .tuple(
    fc.constantFrom('x', 'y', 'z'),
    fc.oneof(
      stringMatcher(fc.constantFrom('1', '12', '2')).map((string_match) => ({string_match})),
      fc.boolean().map((present_match) => ({present_match})),
    ),
  )
  .map(([name, what]) => ({name, ...what}))

const PERCENTS = [0, 30, 50, 100] as const

/** A RouteMatch. Fractions are rare: behind them choices are random. */
export const routeMatch: fc.Arbitrary<Message> = fc
  .tuple(
    path,
    fc.oneof({weight: 3, arbitrary: fc.constant([])}, {weight: 2, arbitrary: fc.array(headerMatcher, {minLength: 1, maxLength: 2})}),
    fc.oneof({weight: 5, arbitrary: fc.constant([])}, {weight: 1, arbitrary: fc.array(queryParameter, {minLength: 1, maxLength: 2})}),
    fc.oneof(
      {weight: 6, arbitrary: fc.constant({})},
      {weight: 1, arbitrary: fc.constantFrom<Message>({case_sensitive: false}, {grpc: {}})},
    ),
    fc.oneof({weight: 12, arbitrary: fc.constant({})}, {weight: 1, arbitrary: fc.constantFrom(...PERCENTS).map(fraction)}),
  )
  .map(([what, headers, query_parameters, flags, chance]) => ({...what, ...listed({headers, query_parameters}), ...flags, ...chance}))

function fraction(numerator: number): Message {
  return {runtime_fraction: {default_value: {numerator, denominator: 'HUNDRED'}}}
}

function listed(lists: Readonly<Record<string, readonly Message[]>>): Message {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}
