import {describe, expect, test} from 'vitest'
import {matchHeader} from '../../../src/envoy/match/header.js'
import {requestOf, view} from './samples.js'

type Rule = 'joined' | 'single' | 'undetermined'

function match(matcher: object, lines: readonly string[], headerLines: Rule = 'single'): string {
  const headers = lines.map((value) => ['x', value] as const)
  return matchHeader(view({name: 'X', ...matcher}), {request: requestOf({headers}), semantics: {headerLines}})
}

describe('matchHeader on one line', () => {
  test.each([
    {name: 'string_match', matcher: {string_match: {exact: 'one'}}, lines: ['one'], outcome: 'yes'},
    {name: 'string_match misses', matcher: {string_match: {exact: 'one'}}, lines: ['two'], outcome: 'no'},
    {name: 'invert', matcher: {string_match: {exact: 'no'}, invert_match: true}, lines: ['yes'], outcome: 'yes'},
    {name: 'a missing header is no match', matcher: {string_match: {exact: 'no'}}, lines: [], outcome: 'no'},
    {
      name: 'a missing header is no match, inverted neither',
      matcher: {string_match: {exact: 'no'}, invert_match: true},
      lines: [],
      outcome: 'no',
    },
    {name: 'missing as empty', matcher: {string_match: {exact: ''}, treat_missing_header_as_empty: true}, lines: [], outcome: 'yes'},
    {
      name: 'missing as empty, inverted',
      matcher: {string_match: {exact: 'no'}, invert_match: true, treat_missing_header_as_empty: true},
      lines: [],
      outcome: 'yes',
    },
    {name: 'no specifier means presence', matcher: {}, lines: [''], outcome: 'yes'},
    {name: 'no specifier, missing', matcher: {}, lines: [], outcome: 'no'},
    {name: 'only invert_match means absence', matcher: {invert_match: true}, lines: [], outcome: 'yes'},
    {name: 'only invert_match, present', matcher: {invert_match: true}, lines: ['z'], outcome: 'no'},
    {name: 'present_match', matcher: {present_match: true}, lines: [''], outcome: 'yes'},
    {name: 'present_match false', matcher: {present_match: false}, lines: [], outcome: 'yes'},
    {name: 'present_match false, given', matcher: {present_match: false}, lines: ['1'], outcome: 'no'},
    {name: 'present_match inverted, missing', matcher: {present_match: true, invert_match: true}, lines: [], outcome: 'yes'},
    {name: 'present_match inverted, given', matcher: {present_match: true, invert_match: true}, lines: ['1'], outcome: 'no'},
    {name: 'range start', matcher: {range_match: {start: '10', end: '20'}}, lines: ['10'], outcome: 'yes'},
    {name: 'range end is exclusive', matcher: {range_match: {start: '10', end: '20'}}, lines: ['20'], outcome: 'no'},
    {name: 'range of no number', matcher: {range_match: {start: '10', end: '20'}}, lines: ['1x'], outcome: 'no'},
    {
      name: 'range in int64',
      matcher: {range_match: {start: '9007199254740993', end: '9007199254740994'}},
      lines: ['9007199254740993'],
      outcome: 'yes',
    },
    {
      name: 'range is not rounded',
      matcher: {range_match: {start: '9007199254740993', end: '9007199254740994'}},
      lines: ['9007199254740992'],
      outcome: 'no',
    },
    {name: 'beyond int64', matcher: {range_match: {start: '0', end: '9223372036854775807'}}, lines: ['9223372036854775808'], outcome: 'no'},
    {name: 'negative', matcher: {range_match: {start: '-5', end: '0'}}, lines: ['-5'], outcome: 'yes'},
    {name: 'deprecated exact_match', matcher: {exact_match: 'old'}, lines: ['old'], outcome: 'yes'},
    {name: 'an empty exact_match is presence', matcher: {exact_match: ''}, lines: ['any'], outcome: 'yes'},
    {name: 'an empty exact_match, missing', matcher: {exact_match: ''}, lines: [], outcome: 'no'},
    {name: 'deprecated prefix_match', matcher: {prefix_match: 'ol'}, lines: ['old'], outcome: 'yes'},
    {name: 'deprecated suffix_match', matcher: {suffix_match: ':80'}, lines: ['a:80'], outcome: 'yes'},
    {name: 'deprecated contains_match', matcher: {contains_match: 'l'}, lines: ['old'], outcome: 'yes'},
    {name: 'deprecated safe_regex_match', matcher: {safe_regex_match: {regex: 'o.d'}}, lines: ['old'], outcome: 'yes'},
    {name: 'a specifier of unknown kind', matcher: {moon_match: 'full'}, lines: ['x'], outcome: 'undetermined'},
  ])('$name', ({matcher, lines, outcome}) => {
    expect(match(matcher, lines)).toBe(outcome)
  })
})

describe('matchHeader on repeated lines', () => {
  test.each([
    {name: 'joined text', matcher: {string_match: {exact: 'a,b'}}, lines: ['a', 'b'], joined: 'yes', single: 'no'},
    {name: 'second line', matcher: {string_match: {exact: 'b'}}, lines: ['a', 'b'], joined: 'no', single: 'yes'},
    {name: 'prefix of the second', matcher: {string_match: {prefix: 'b'}}, lines: ['a', 'b'], joined: 'no', single: 'yes'},
    {name: 'inverted', matcher: {string_match: {exact: 'no'}, invert_match: true}, lines: ['no', 'yes'], joined: 'yes', single: 'no'},
    {name: 'range', matcher: {range_match: {start: '10', end: '20'}}, lines: ['5', '15'], joined: 'no', single: 'yes'},
    {name: 'both agree', matcher: {string_match: {contains: 'a'}}, lines: ['a', 'b'], joined: 'yes', single: 'yes'},
  ])('$name', ({matcher, lines, joined, single}) => {
    expect(match(matcher, lines, 'joined')).toBe(joined)
    expect(match(matcher, lines, 'single')).toBe(single)
    expect(match(matcher, lines, 'undetermined')).toBe(joined === single ? joined : 'undetermined')
  })

  test('one line does not depend on the version', () => {
    expect(match({string_match: {exact: 'a,b'}}, ['a,b'], 'undetermined')).toBe('yes')
  })
})

describe('matchHeader and pseudo headers', () => {
  const semantics = {headerLines: 'single'} as const

  test.each([
    {name: 'host', wanted: 'h.test', request: requestOf({authority: 'h.test'}), outcome: 'yes'},
    {name: ':authority', wanted: 'h.test', request: requestOf({authority: 'h.test'}), outcome: 'yes'},
    {name: ':method', wanted: 'POST', request: requestOf({method: 'POST'}), outcome: 'yes'},
    {name: ':path', wanted: '/a?b', request: requestOf({path: '/a?b'}), outcome: 'yes'},
  ])('$name', ({name, wanted, request, outcome}) => {
    expect(matchHeader(view({name, string_match: {exact: wanted}}), {request, semantics})).toBe(outcome)
  })

  test('without a request every header is missing', () => {
    expect(matchHeader(view({name: ':method', string_match: {exact: 'GET'}}), {request: undefined, semantics})).toBe('no')
    expect(matchHeader(view({name: 'x', present_match: false}), {request: undefined, semantics})).toBe('yes')
  })
})
