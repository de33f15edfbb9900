import {describe, expect, test} from 'vitest'
import {toChain} from '../engine/dump.js'
import {branches, connectionTo, custom, exact, ipMatcher, is, list, nest, NEWER, OLDER, outcomes, pathOf, prefix, UNKNOWN} from './trees.js'

const PORT = 'DestinationPortInput'
const IP = 'DestinationIPInput'
const SOURCE = 'SourceIPInput'

/** Shape and names of the recording matchers-matcher-exact-nested (Envoy 1.40.0 and 1.36.2). */
const RECORDED = exact(
  SOURCE,
  {
    '10.20.0.1': nest(
      exact(
        IP,
        {
          '10.96.0.10': nest(exact(PORT, {80: toChain('web'), 5432: toChain('db')})),
          '10.96.0.11': nest(exact(PORT, {80: toChain('web')}, toChain('any-port'))),
          '10.20.1.7': toChain('hidden'),
        },
        toChain('pass'),
      ),
    ),
    '10.20.0.2': nest(exact(IP, {'10.96.0.10': toChain('web')})),
    '10.20.0.3': nest(exact('SourcePortInput', {7777: toChain('sport')})),
  },
  toChain('outer'),
)

const CASES: readonly {case: string; to: string; from?: string; sport?: number; newer: string; older: string}[] = [
  {case: 'vip-port: hits on every level', to: '10.96.0.10:80', newer: 'web', older: 'web'},
  {case: 'vip-port2: another key of the innermost map', to: '10.96.0.10:5432', newer: 'db', older: 'db'},
  {case: 'vip-unknown-port: the address map has the fallback', to: '10.96.0.10:81', newer: 'pass', older: 'none, final'},
  {case: 'vip-own-no-match: the port map has its own fallback', to: '10.96.0.11:81', newer: 'any-port', older: 'any-port'},
  {case: 'pod-ip-any-port: an action on the middle level', to: '10.20.1.7:1234', newer: 'hidden', older: 'hidden'},
  {case: 'unknown-dst: a miss on the middle level', to: '8.8.8.8:53', newer: 'pass', older: 'pass'},
  {case: 'dip-no-match: a middle level without fallback', from: '10.20.0.2', to: '10.96.0.99:80', newer: 'outer', older: 'none, final'},
  {case: 'unknown-src: a miss on the outer level', from: '10.20.0.9', to: '10.96.0.10:80', newer: 'outer', older: 'outer'},
  {case: 'sport-miss: two levels', from: '10.20.0.3', to: '10.96.0.10:80', newer: 'outer', older: 'none, final'},
  {case: 'sport-hit', from: '10.20.0.3', sport: 7777, to: '10.96.0.10:80', newer: 'sport', older: 'sport'},
]

// envoy-2022 D2: the version split; the newer column is recorded, the older one is the table's.
describe('three exact maps, each with or without on_no_match', () => {
  test.each(CASES)('$case', ({to, from = '10.20.0.1', sport = 1, newer, older}) => {
    const connection = connectionTo(to, {remote: {ip: from, port: sport}})
    expect(outcomes(RECORDED, {connection, semantics: NEWER})).toEqual([newer])
    expect(outcomes(RECORDED, {connection, semantics: OLDER})).toEqual([older])
  })

  test.each(CASES)('$case, of a proxy that does not tell its version', ({to, from = '10.20.0.1', sport = 1, newer, older}) => {
    const connection = connectionTo(to, {remote: {ip: from, port: sport}})
    const split = 'Envoy is 1.35 or newer (nested no-match falls back)'
    expect(branches(RECORDED, {connection, semantics: UNKNOWN})).toEqual(
      newer === older ? [`1: ${newer}`] : [`one of 2: ${newer} if ${split}`, `one of 2: ${older} if not: ${split}`],
    )
  })

  test('a version condition stands once however many levels it matters for', () => {
    const deep = exact(IP, {'10.0.0.1': nest(exact(IP, {'10.0.0.1': nest(exact(PORT, {1: toChain('deep')}))}, toChain('middle')))})
    expect(branches(deep, {semantics: UNKNOWN})).toHaveLength(2)
    const deeper = exact(IP, {'10.0.0.1': nest(exact(IP, {'10.0.0.1': nest(exact(PORT, {1: toChain('deep')}))}))}, toChain('outer'))
    expect(outcomes(deeper, {semantics: UNKNOWN})).toEqual(['outer', 'none, final'])
  })
})

const MISS = nest(exact(PORT, {1: toChain('unreached')}))

describe('where a nested miss goes', () => {
  test.each([
    {what: 'exact map → on_no_match', matcher: exact(IP, {'10.0.0.1': MISS}, toChain('else')), newer: 'else', older: 'none, final'},
    {what: 'exact map without on_no_match', matcher: exact(IP, {'10.0.0.1': MISS}), newer: 'none', older: 'none, final'},
    {
      what: 'prefix map → shorter prefix',
      matcher: prefix(IP, {'10.': toChain('short'), '10.0.0': MISS}, toChain('else')),
      newer: 'short',
      older: 'none, final',
    },
    {what: 'prefix map → on_no_match', matcher: prefix(IP, {'10.': MISS, '': MISS}, toChain('else')), newer: 'else', older: 'none, final'},
    {
      what: 'list → next entry that holds',
      matcher: list([
        {when: is(IP, {prefix: '10.'}), on: MISS},
        {when: is(IP, {prefix: '11.'}), on: toChain('no')},
        {when: is(IP, {suffix: '.1'}), on: toChain('third')},
      ]),
      newer: 'third',
      older: 'none, final',
    },
    {
      what: 'list → on_no_match',
      matcher: list([{when: is(IP, {prefix: '10.'}), on: MISS}], toChain('else')),
      newer: 'else',
      older: 'none, final',
    },
    {
      what: 'IP ranges → wider range, in every version',
      matcher: custom(IP, ipMatcher({ranges: ['10.0.0.0/8'], on: toChain('wide')}, {ranges: ['10.0.0.0/24'], on: MISS})),
      newer: 'wide',
      older: 'wide',
    },
    {
      what: 'IP ranges → on_no_match, in every version',
      matcher: custom(IP, ipMatcher({ranges: ['10.0.0.0/24'], on: MISS}), toChain('else')),
      newer: 'else',
      older: 'else',
    },
    {what: 'a nested miss that is on_no_match itself', matcher: {on_no_match: MISS}, newer: 'none', older: 'none'},
    {
      what: 'an entry without on_match',
      matcher: list([{when: is(IP, {prefix: ''}), on: {}}], toChain('else')),
      newer: 'else',
      older: 'none, final',
    },
    {what: 'an empty matcher is its on_no_match', matcher: {on_no_match: toChain('else')}, newer: 'else', older: 'else'},
    {what: 'nothing at all', matcher: {}, newer: 'none', older: 'none'},
    {what: 'a map without entries', matcher: {...exact(IP, {}), on_no_match: toChain('else')}, newer: 'else', older: 'else'},
  ])('$what', ({matcher, newer, older}) => {
    expect(outcomes(matcher, {semantics: NEWER})).toEqual([newer])
    expect(outcomes(matcher, {semantics: OLDER})).toEqual([older])
  })

  // envoy-2022 I.16: recorded on 1.36.2 with prefix_map_matcher_resume_after_subtree_miss off (matchers-runtime-guards-off-envoy1_36_2).
  test.each([
    {case: 'prefix-longest', to: '10.1.2.3:443', takes: 'c'},
    {case: 'prefix-miss', to: '10.1.2.3:80', takes: 'none, final'},
    {case: 'prefix-mid', to: '10.1.9.3:80', takes: 'b'},
    {case: 'prefix-mid-miss', to: '10.1.9.3:81', takes: 'none, final'},
  ])('with the guard off prefix maps alone follow the old rule: $case', ({to, takes}) => {
    const matcher = prefix(IP, {
      '10.': toChain('a'),
      '10.1.': nest(exact(PORT, {80: toChain('b')})),
      '10.1.2.': nest(exact(PORT, {443: toChain('c')})),
    })
    expect(outcomes(matcher, {connection: connectionTo(to), semantics: {...NEWER, prefixMiss: 'final'}})).toEqual([takes])
  })

  test('the path tells every level that was asked, the misses too', () => {
    expect(pathOf(prefix(IP, {'10.': toChain('short'), '10.0.0': MISS}))).toEqual([
      `${IP} 10.0.0.1 → 10.0.0`,
      `${PORT} 80 → (no match)`,
      `${IP} 10.0.0.1 → 10.`,
    ])
    expect(pathOf(exact(IP, {'10.0.0.1': MISS}), {semantics: OLDER})).toEqual([`${IP} 10.0.0.1 → 10.0.0.1`, `${PORT} 80 → (no match)`])
    expect(pathOf(exact('ServerNameInput', {a: MISS}, toChain('else')))).toEqual(['ServerNameInput (absent) → (no match)'])
    expect(pathOf(exact(IP, {x: MISS}, toChain('else')))).toEqual([`${IP} 10.0.0.1 → (no match)`])
  })

  test('a list inside a map goes on from the path of the map', () => {
    const inner = nest(list([{when: is(PORT, {exact: '80'}), on: toChain('a')}]))
    expect(pathOf(exact(IP, {'10.0.0.1': inner}))).toEqual([`${IP} 10.0.0.1 → 10.0.0.1`, `${PORT} 80 → 80`])
  })

  test('a prefix map of a proxy that does not tell its version', () => {
    const matcher = prefix(IP, {'10.': toChain('short'), '10.0.0': MISS})
    expect(outcomes(matcher, {semantics: UNKNOWN})).toEqual(['short', 'none, final'])
  })

  test('a list path tells the predicates up to the one that held', () => {
    const matcher = list([
      {when: is(PORT, {exact: '1'}), on: toChain('a')},
      {when: is(IP, {prefix: '10.'}), on: toChain('b')},
      {when: is(SOURCE, {prefix: ''}), on: toChain('c')},
    ])
    expect(pathOf(matcher)).toEqual([`${PORT} 80 → (no match)`, `${IP} 10.0.0.1 → 10.0.0.1`])
  })
})
