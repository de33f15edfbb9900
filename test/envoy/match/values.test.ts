import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {matchCidr} from '../../../src/envoy/match/cidr.js'
import {matchFilterState} from '../../../src/envoy/match/filter-state.js'
import {matchMetadata, matchValue} from '../../../src/envoy/match/metadata.js'
import {matchPath} from '../../../src/envoy/match/path.js'
import {matchQueryParameter} from '../../../src/envoy/match/query-parameter.js'
import {semanticsFor, unknownVersion, view} from './samples.js'

describe('matchCidr', () => {
  test.each([
    {name: 'inside', prefix: '10.1.0.0', length: 16, ip: '10.1.2.3', outcome: 'yes'},
    {name: 'outside', prefix: '10.1.0.0', length: 16, ip: '10.2.0.1', outcome: 'no'},
    {name: 'host', prefix: '10.96.0.1', length: 32, ip: '10.96.0.1', outcome: 'yes'},
    {name: 'no length is /0', prefix: '0.0.0.0', length: undefined, ip: '8.8.8.8', outcome: 'yes'},
    {name: 'other family', prefix: '0.0.0.0', length: 0, ip: '2001:db8::1', outcome: 'no'},
    {name: 'IPv6', prefix: '2001:db8::', length: 32, ip: '2001:db8:1::1', outcome: 'yes'},
    {name: 'v4-mapped counts as IPv4', prefix: '10.0.0.0', length: 8, ip: '::ffff:10.1.2.3', outcome: 'yes'},
    {name: 'no address', prefix: '0.0.0.0', length: 0, ip: undefined, outcome: 'no'},
    {name: 'no ip', prefix: '0.0.0.0', length: 0, ip: 'envoy://internal_client_address/', outcome: 'no'},
    {name: 'no range', prefix: 'ten', length: 8, ip: '10.1.2.3', outcome: 'undetermined'},
  ])('$name', ({prefix, length, ip, outcome}) => {
    expect(matchCidr({range: view({address_prefix: prefix, prefix_len: length}), ip})).toBe(outcome)
  })

  test('every IPv4 address is in the range of its own first bits', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({min: 0, max: 32}), (ip, length) => {
        expect(matchCidr({range: view({address_prefix: ip, prefix_len: length}), ip})).toBe('yes')
      }),
    )
  })
})

describe('matchValue', () => {
  test.each([
    {name: 'null', matcher: {null_match: {}}, value: null, outcome: 'yes'},
    {name: 'nothing is not null', matcher: {null_match: {}}, value: undefined, outcome: 'no'},
    {name: 'double', matcher: {double_match: {exact: 1.5}}, value: 1.5, outcome: 'yes'},
    {name: 'double range', matcher: {double_match: {range: {start: 1, end: 2}}}, value: 2, outcome: 'no'},
    {name: 'double of text', matcher: {double_match: {exact: 1}}, value: '1', outcome: 'no'},
    {name: 'string', matcher: {string_match: {prefix: 'a'}}, value: 'ab', outcome: 'yes'},
    {name: 'string of number', matcher: {string_match: {prefix: '1'}}, value: 1, outcome: 'no'},
    {name: 'bool', matcher: {bool_match: false}, value: false, outcome: 'yes'},
    {name: 'present', matcher: {present_match: true}, value: 0, outcome: 'yes'},
    {name: 'present, missing', matcher: {present_match: true}, value: undefined, outcome: 'no'},
    {name: 'present_match false never matches', matcher: {present_match: false}, value: undefined, outcome: 'no'},
    {name: 'list', matcher: {list_match: {one_of: {string_match: {exact: 'b'}}}}, value: ['a', 'b'], outcome: 'yes'},
    {name: 'list of no list', matcher: {list_match: {one_of: {string_match: {exact: 'b'}}}}, value: 'b', outcome: 'no'},
    {name: 'or', matcher: {or_match: {value_matchers: [{bool_match: true}, {string_match: {exact: 'b'}}]}}, value: 'b', outcome: 'yes'},
    {name: 'unknown kind', matcher: {moon_match: {}}, value: 'b', outcome: 'undetermined'},
  ])('$name', ({matcher, value, outcome}) => {
    expect(matchValue(view(matcher), value)).toBe(outcome)
  })

  test('endless nesting is undetermined, not a crash', () => {
    let matcher: object = {string_match: {exact: 'x'}}
    for (let depth = 0; depth < 5000; depth++) matcher = {or_match: {value_matchers: [matcher]}}
    expect(matchValue(view(matcher), 'x')).toBe('undetermined')
  })
})

describe('matchMetadata', () => {
  const metadata = new Map([['tunnel', {target: 'yes', deep: {list: ['a']}}]])
  const matcher = (path: readonly string[], value: object, invert = false): object => ({
    filter: 'tunnel',
    path: path.map((key) => ({key})),
    value,
    invert,
  })

  test.each([
    {name: 'value', matcher: matcher(['target'], {string_match: {exact: 'yes'}}), outcome: 'yes'},
    {name: 'inverted', matcher: matcher(['target'], {string_match: {exact: 'yes'}}, true), outcome: 'no'},
    {name: 'missing', matcher: matcher(['other'], {string_match: {exact: 'yes'}}), outcome: 'no'},
    {name: 'missing, inverted', matcher: matcher(['other'], {string_match: {exact: 'yes'}}, true), outcome: 'yes'},
    {name: 'nested', matcher: matcher(['deep', 'list'], {list_match: {one_of: {string_match: {exact: 'a'}}}}), outcome: 'yes'},
    {name: 'through a text', matcher: matcher(['target', 'x'], {present_match: true}), outcome: 'no'},
    {name: 'no inherited keys', matcher: matcher(['constructor'], {present_match: true}), outcome: 'no'},
  ])('$name', ({matcher: wanted, outcome}) => {
    expect(matchMetadata(view(wanted), metadata)).toBe(outcome)
  })
})

describe('matchFilterState', () => {
  const state = new Map([
    ['known', {value: 'spiffe://td/ns/a/sa/b', shared: 'once'} as const],
    ['opaque', {value: undefined, shared: 'none'} as const],
  ])

  test.each([
    {name: 'text', matcher: {key: 'known', string_match: {suffix: '/sa/b'}}, outcome: 'yes'},
    {name: 'not set', matcher: {key: 'other', string_match: {safe_regex: {regex: '.*'}}}, outcome: 'no'},
    {name: 'set, content unknown', matcher: {key: 'opaque', string_match: {exact: 'x'}}, outcome: 'undetermined'},
    {name: 'address_match', matcher: {key: 'known', address_match: {ranges: []}}, outcome: 'undetermined'},
  ])('$name', ({matcher, outcome}) => {
    expect(matchFilterState(view(matcher), state)).toBe(outcome)
  })
})

describe('matchQueryParameter', () => {
  const semantics = semanticsFor()

  test.each([
    {name: 'value', matcher: {name: 'k', string_match: {exact: 'v'}}, path: '/q?k=v', outcome: 'yes'},
    {name: 'only the first value counts', matcher: {name: 'k', string_match: {exact: 'v'}}, path: '/q?k=z&k=v', outcome: 'no'},
    {name: 'nothing is decoded', matcher: {name: 'k', string_match: {exact: 'v'}}, path: '/q?k=%76', outcome: 'no'},
    {name: 'names are case sensitive', matcher: {name: 'k', string_match: {exact: 'v'}}, path: '/q?K=v', outcome: 'no'},
    {name: 'presence', matcher: {name: 'flag', present_match: true}, path: '/q?flag', outcome: 'yes'},
    {name: 'presence with empty value', matcher: {name: 'flag', present_match: true}, path: '/q?flag=', outcome: 'yes'},
    {name: 'no specifier means presence', matcher: {name: 'a'}, path: '/q?b&a=1', outcome: 'yes'},
    {
      name: 'a later question mark is part of the value',
      matcher: {name: 'k', string_match: {exact: 'v?w'}},
      path: '/q?k=v?w',
      outcome: 'yes',
    },
    {name: 'no query', matcher: {name: 'k'}, path: '/q', outcome: 'no'},
    {name: 'no path', matcher: {name: 'k'}, path: undefined, outcome: 'no'},
  ])('$name', ({matcher, path, outcome}) => {
    expect(matchQueryParameter(view(matcher), {path, semantics})).toBe(outcome)
  })

  test('present_match false asks for absence from 1.34 on', () => {
    const absent = view({name: 'k', present_match: false})
    const old = semanticsFor({version: {major: 1, minor: 33}})
    expect(matchQueryParameter(absent, {path: '/q', semantics})).toBe('yes')
    expect(matchQueryParameter(absent, {path: '/q?k', semantics})).toBe('no')
    expect(matchQueryParameter(absent, {path: '/q', semantics: old})).toBe('no')
    expect(matchQueryParameter(absent, {path: '/q?k', semantics: old})).toBe('yes')
    expect(matchQueryParameter(absent, {path: '/q', semantics: unknownVersion()})).toBe('undetermined')
  })
})

describe('matchPath', () => {
  test.each([
    {name: 'query is left out', path: '/ok?x=1', outcome: 'yes'},
    {name: 'fragment is left out', path: '/ok#x', outcome: 'yes'},
    {name: 'longer', path: '/ok/', outcome: 'no'},
    {name: 'no path', path: undefined, outcome: 'no'},
  ])('$name', ({path, outcome}) => {
    expect(matchPath(view({path: {exact: '/ok'}}), path)).toBe(outcome)
  })
})
