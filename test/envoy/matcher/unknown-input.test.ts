import {describe, expect, test} from 'vitest'
import {addShares, isWhole} from '../../../src/flow/share.js'
import {toChain} from '../engine/dump.js'
import {connectionOf} from '../match/samples.js'
import {ask, branches, connectionTo, custom, exact, is, list, nest, OLDER, outcomes, pathOf, prefix, unknownPredicate} from './trees.js'

const MOON = 'MoonInput'
const WHY = 'matcher input envoy.extensions.matching.common_inputs.network.v3.MoonInput'
const UNREACHED = nest(exact('DestinationPortInput', {1: toChain('unreached')}))

describe('a map over an input that this tool does not know', () => {
  test('any key may be meant, or none', () => {
    expect(branches(exact(MOON, {new: toChain('dark'), full: toChain('bright')}, toChain('else')))).toEqual([
      `one of 3: bright if ${WHY} is full`,
      `one of 3: dark if ${WHY} is new`,
      `one of 3: else if ${WHY} is none of the keys`,
    ])
    expect(outcomes(exact(MOON, {new: toChain('dark')}))).toEqual(['dark', 'none'])
  })

  test('the alternatives exclude each other and cover everything', () => {
    const found = ask(exact(MOON, {new: toChain('dark'), full: toChain('bright')}))
    expect(found.map(({requires}) => requires.map(({group}) => group))).toEqual([[WHY], [WHY], [WHY]])
    expect(found.map(({share}) => share).reduce(addShares)).toSatisfy(isWhole)
  })

  test('a nested miss goes where the version sends it', () => {
    const matcher = exact(MOON, {new: UNREACHED}, toChain('else'))
    expect(outcomes(matcher)).toEqual(['else', 'else'])
    expect(outcomes(matcher, {semantics: OLDER})).toEqual(['none, final', 'else'])
  })

  test('prefix keys are asked for as prefixes, and a miss tries the shorter one', () => {
    expect(branches(prefix(MOON, {n: toChain('n'), new: UNREACHED}))).toEqual([
      `one of 3: n if ${WHY} starts with n`,
      `one of 3: n if ${WHY} starts with new`,
      `one of 3: none if ${WHY} is none of the keys`,
    ])
  })

  test('the path tells the key that was supposed', () => {
    expect(pathOf(exact(MOON, {new: toChain('dark')}))).toEqual([`${MOON} (absent) → new`])
    expect(ask(exact(MOON, {new: toChain('dark')}))[1]?.value.path).toEqual([{input: MOON, value: undefined, matched: undefined}])
  })

  const keys = (count: number): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Array.from({length: count}, (_, index) => [`k${index}`, toChain(`c${index}`)]))

  test('with more than eight keys, or none, it is one unknown', () => {
    expect(outcomes(exact(MOON, keys(8)))).toHaveLength(9)
    expect(outcomes(exact(MOON, keys(9)))).toEqual([`unknown: ${WHY}`])
    expect(outcomes(exact(MOON, {}, toChain('else')))).toEqual([`unknown: ${WHY}`])
    expect(pathOf(exact(MOON, keys(9)))).toEqual([`${MOON} (absent) → (no match)`])
  })

  test('a filter state object without known content is unknown too', () => {
    const input = {
      name: 'fs',
      typed_config: {'@type': 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput', key: 'peer'},
    }
    const matcher = {matcher_tree: {input, exact_match_map: {map: {a: toChain('a')}}}}
    const connection = connectionOf({filterState: new Map([['peer', {value: undefined, shared: 'none'}]])})
    expect(branches(matcher, {connection})).toEqual([
      'one of 2: a if filter state peer is a',
      'one of 2: none if filter state peer is none of the keys',
    ])
  })
})

describe('a tree that this tool does not know', () => {
  test('names the custom matcher', () => {
    const matcher = custom('DestinationIPInput', {'@type': 'type.googleapis.com/x.v3.Moon'}, toChain('else'))
    expect(outcomes(matcher)).toEqual(['unknown: custom matcher x.v3.Moon'])
    expect(pathOf(matcher)).toEqual(['DestinationIPInput 10.0.0.1 → (no match)'])
    expect(outcomes(custom('DestinationIPInput', {}))).toEqual(['unknown: custom matcher of no type'])
    expect(outcomes({matcher_tree: {}})).toEqual(['unknown: custom matcher of no type'])
  })

  test('a known custom matcher over an unknown input is unknown', () => {
    expect(outcomes(custom(MOON, {'@type': 'type.googleapis.com/xds.type.matcher.v3.IPMatcher'}))).toEqual([`unknown: ${WHY}`])
  })
})

describe('a tree over an input that Envoy cannot read', () => {
  const input = {name: 'san', typed_config: {'@type': 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput'}}
  const matcher = {matcher_tree: {input, exact_match_map: {map: {a: toChain('a')}}}, on_no_match: toChain('else')}

  test('is undecided as a whole, its on_no_match is not used (envoy-2022 I.4)', () => {
    expect(outcomes(matcher)).toEqual(['undecided: TLS input on a plaintext connection'])
    expect(pathOf(matcher)).toEqual(['san (absent) → (no match)'])
    expect(outcomes(exact('DestinationIPInput', {'10.0.0.1': nest(matcher)}, toChain('outer')))).toEqual([
      'undecided: TLS input on a plaintext connection',
    ])
  })

  test('on TLS without certificate it is absent', () => {
    expect(outcomes(matcher, {connection: connectionTo('10.0.0.1:80', {tls: {}})})).toEqual(['else'])
  })
})

describe('limits', () => {
  const entries = (count: number): {when: Readonly<Record<string, unknown>>; on: Readonly<Record<string, unknown>>}[] =>
    Array.from({length: count}, (_, index) => ({when: unknownPredicate(`x.C${index}`), on: toChain(`c${index}`)}))

  test('eight open choices are followed, the ninth ends in unknown', () => {
    expect(outcomes(list(entries(8), toChain('else')))).toEqual([...entries(8).map((_, index) => `c${index}`), 'else'])
    expect(outcomes(list(entries(9), toChain('else')))).toEqual([
      ...entries(8).map((_, index) => `c${index}`),
      'unknown: custom matcher x.C8',
    ])
  })

  test('open choices that all lead to nothing do not multiply without end', () => {
    const open = Array.from({length: 60}, () => ({when: unknownPredicate(), on: UNREACHED}))
    expect(ask(list(open, toChain('else'))).length).toBeLessThanOrEqual(256)
  })

  test('256 entries may lead to nothing, one more ends in unknown', () => {
    const held = (count: number): {when: Readonly<Record<string, unknown>>; on: Readonly<Record<string, unknown>>}[] =>
      Array.from({length: count}, () => ({when: is('DestinationIPInput', {prefix: '10.'}), on: {}}))
    expect(outcomes(list(held(256), toChain('else')))).toEqual(['else'])
    expect(outcomes(list(held(257), toChain('else')))).toEqual(['unknown: more than 256 entries that lead to nothing'])
    expect(outcomes(list(held(20_000), toChain('else')))).toEqual(['unknown: more than 256 entries that lead to nothing'])
  })

  test('a long list of entries that do not hold is walked to its end', () => {
    const long = Array.from({length: 20_000}, () => ({when: is('DestinationPortInput', {exact: '1'}), on: toChain('no')}))
    expect(outcomes(list(long, toChain('else')))).toEqual(['else'])
  })
})
