import {describe, expect, test} from 'vitest'
import {usesKeepMatching} from '../../../src/envoy/matcher/evaluate.js'
import {toChain} from '../engine/dump.js'
import {view} from '../match/samples.js'
import {
  branches,
  custom,
  exact,
  ipMatcher,
  is,
  list,
  nest,
  NEWER,
  OLDER,
  outcomes,
  undecidedPredicate,
  UNKNOWN,
  unknownPredicate,
} from './trees.js'

const IP = 'DestinationIPInput'
const recordOnly = (onMatch: object): Readonly<Record<string, unknown>> => ({...onMatch, keep_matching: true})
const ANY = is(IP, {prefix: ''})

// envoy-2022 D2: up to 1.34 the field does not exist; from 1.35 an action under it is recorded and evaluation goes on as after a miss.
const CASES = [
  {
    what: 'list: the next entry has its turn',
    matcher: list([
      {when: ANY, on: recordOnly(toChain('first'))},
      {when: ANY, on: toChain('second')},
    ]),
    older: 'first',
    newer: 'second',
  },
  {
    what: 'list: the last entry',
    matcher: list([{when: ANY, on: recordOnly(toChain('only'))}], toChain('else')),
    older: 'only',
    newer: 'else',
  },
  {what: 'exact map', matcher: exact(IP, {'10.0.0.1': recordOnly(toChain('hit'))}, toChain('else')), older: 'hit', newer: 'else'},
  {
    what: 'IP ranges: the wider range has its turn',
    matcher: custom(
      IP,
      ipMatcher({ranges: ['10.0.0.0/24'], on: recordOnly(toChain('near'))}, {ranges: ['10.0.0.0/8'], on: toChain('wide')}),
    ),
    older: 'near',
    newer: 'wide',
  },
  {what: 'on_no_match', matcher: {on_no_match: recordOnly(toChain('else'))}, older: 'else', newer: 'none'},
  {
    what: 'a nested matcher: its action is recorded only',
    matcher: exact(IP, {'10.0.0.1': recordOnly(nest({on_no_match: toChain('inner')}))}, toChain('else')),
    older: 'inner',
    newer: 'else',
  },
  {
    what: 'switched off explicitly',
    matcher: exact(IP, {'10.0.0.1': {...toChain('hit'), keep_matching: false}}, toChain('else')),
    older: 'hit',
    newer: 'hit',
  },
] as const

describe('keep_matching', () => {
  test.each(CASES)('$what', ({matcher, older, newer}) => {
    expect(outcomes(matcher, {semantics: OLDER})).toEqual([older])
    expect(outcomes(matcher, {semantics: NEWER})).toEqual([newer])
  })

  test('what could not be decided below it stays so', () => {
    const open = {what: undecidedPredicate(), unknown: unknownPredicate()}
    const below = (when: Readonly<Record<string, unknown>>): object => recordOnly(nest(list([{when, on: toChain('inner')}])))
    const matcher = exact(IP, {'10.0.0.1': below(open.what)}, toChain('else'))
    expect(outcomes(matcher, {semantics: NEWER})).toEqual(['undecided: TLS input on a plaintext connection'])
    expect(outcomes(exact(IP, {'10.0.0.1': below(open.unknown)}, toChain('else')), {semantics: NEWER})).toEqual(['else', 'else'])
  })

  test('without a version both stand', () => {
    const split = 'Envoy is 1.35 or newer (nested no-match falls back)'
    expect(branches(CASES[2].matcher, {semantics: UNKNOWN})).toEqual([`one of 2: else if ${split}`, `one of 2: hit if not: ${split}`])
  })

  test.each([
    {what: 'proto names', matcher: exact(IP, {a: recordOnly(toChain('x'))}), found: true},
    {what: 'JSON names', matcher: exact(IP, {a: {...toChain('x'), keepMatching: true}}), found: true},
    {what: 'an entry that is off', matcher: exact(IP, {a: {...toChain('x'), keep_matching: false}}), found: false},
    {what: 'a chain named like the field', matcher: exact(IP, {a: toChain('"keep_matching":true')}), found: false},
    {what: 'no entry', matcher: exact(IP, {a: toChain('x')}), found: false},
  ])('is found wherever it stands: $what', ({matcher, found}) => {
    expect(usesKeepMatching(view(matcher))).toBe(found)
  })
})
