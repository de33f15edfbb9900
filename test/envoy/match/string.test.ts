import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {matchString} from '../../../src/envoy/match/string.js'
import {rewriteByRegex} from '../../../src/envoy/match/regex.js'
import {view} from './samples.js'

describe('matchString', () => {
  test.each([
    {name: 'exact', matcher: {exact: 'one'}, value: 'one', outcome: 'yes'},
    {name: 'exact is whole', matcher: {exact: 'one'}, value: 'one ', outcome: 'no'},
    {name: 'an empty exact wants an empty value', matcher: {exact: ''}, value: 'x', outcome: 'no'},
    {name: 'prefix', matcher: {prefix: 'pre-'}, value: 'pre-x', outcome: 'yes'},
    {name: 'suffix', matcher: {suffix: ':9080'}, value: 'host:9080', outcome: 'yes'},
    {name: 'contains', matcher: {contains: 'mid'}, value: 'amidst', outcome: 'yes'},
    {name: 'case matters', matcher: {contains: 'mid'}, value: 'aMIDst', outcome: 'no'},
    {name: 'ignore_case', matcher: {contains: 'MiD', ignore_case: true}, value: 'amidst', outcome: 'yes'},
    {name: 'ignore_case folds ASCII only', matcher: {exact: 'É', ignore_case: true}, value: 'é', outcome: 'no'},
    {name: 'camel case fields', matcher: {exact: 'A', ignoreCase: true}, value: 'a', outcome: 'yes'},
    {name: 'regex is a full match', matcher: {safe_regex: {regex: '[0-9]{3}'}}, value: '1234', outcome: 'no'},
    {name: 'regex', matcher: {safe_regex: {regex: '[0-9]{3}'}}, value: '123', outcome: 'yes'},
    {name: 'ignore_case leaves a regex alone', matcher: {safe_regex: {regex: 'a'}, ignore_case: true}, value: 'A', outcome: 'no'},
    {name: 'a regex RE2 rejects', matcher: {safe_regex: {regex: '(?=x)'}}, value: 'x', outcome: 'undetermined'},
    {name: 'custom', matcher: {custom: {name: 'lua'}}, value: 'x', outcome: 'undetermined'},
    {name: 'nothing set', matcher: {}, value: 'x', outcome: 'undetermined'},
  ])('$name', ({matcher, value, outcome}) => {
    expect(matchString(view(matcher), value)).toBe(outcome)
  })

  test('a pattern that explodes elsewhere stays quick', () => {
    const started = performance.now()
    expect(matchString(view({safe_regex: {regex: '(?:(?:x+)*)*y'}}), 'x'.repeat(20_000))).toBe('no')
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('prefix, suffix and contains hold for the parts of any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, middle, after) => {
        const whole = before + middle + after
        expect(matchString(view({prefix: before}), whole)).toBe('yes')
        expect(matchString(view({contains: middle}), whole)).toBe('yes')
        expect(matchString(view({suffix: after}), whole)).toBe('yes')
      }),
    )
  })
})

describe('rewriteByRegex', () => {
  test.each([
    {name: 'groups', regex: '^/re/([^/]+)(/.*)$', substitution: String.raw`\2/by/\1`, text: '/re/one/two', result: '/two/by/one'},
    {name: 'no match', regex: '^/x$', substitution: 'y', text: '/z', result: '/z'},
    {name: 'every match', regex: 'a', substitution: 'b', text: 'banana', result: 'bbnbnb'},
    {name: 'whole match and backslash', regex: 'a+', substitution: String.raw`<\0\\>`, text: 'xaay', result: String.raw`x<aa\>y`},
    {name: 'an unmatched group is empty', regex: '(a)|b', substitution: String.raw`[\1]`, text: 'ab', result: '[a][]'},
    {name: 'an empty match after a match is skipped', regex: 'a*', substitution: 'X', text: 'ab', result: 'XbX'},
  ])('$name', ({regex, substitution, text, result}) => {
    expect(rewriteByRegex(view({pattern: {regex}, substitution}), text)).toBe(result)
  })

  test('a pattern that does not compile rewrites nothing', () => {
    expect(rewriteByRegex(view({pattern: {regex: '('}, substitution: ''}), 'x')).toBeUndefined()
  })
})
