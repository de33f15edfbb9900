import {describe, expect, test} from 'vitest'
import type {View} from '../../../src/json/view.js'
import {passedOver} from '../../../src/envoy/matcher/passed-over.js'
import {input, toChain} from '../engine/dump.js'
import {view} from '../match/samples.js'
import {connectionTo, custom, domainMatcher, exact, ipMatcher, nest, prefix} from './trees.js'

const nameOf = (action: View): string => action.path('typed_config')?.str('value') ?? ''

function passed(matcher: object, {taken, names}: {taken?: string; names: readonly string[]}): string[] {
  const subject = {connection: connectionTo('10.0.0.9:443', {serverName: 'a.example.com'})}
  return passedOver({matcher: view(matcher), subject, nameOf, taken, names}).map(({candidate, because}) => `${candidate}: ${because}`)
}

const single = (type: string, wanted: object): object => ({single_predicate: {input: input(type), value_match: wanted}})
const listed = (...entries: readonly (readonly [object, string])[]): object => ({
  matcher_list: {matchers: entries.map(([predicate, chain]) => ({predicate, on_match: toChain(chain)}))},
})

const PORT = 'DestinationPortInput'
const IP = 'DestinationIPInput'

describe('what a matcher passed over', () => {
  test.each([
    {
      what: 'names the key of each other entry with what the input holds',
      matcher: exact(PORT, {443: toChain('web'), 80: toChain('plain')}),
      names: ['web', 'plain'],
      rows: ['plain: DestinationPortInput: 80, not 443'],
    },
    {
      what: 'starts with what failed furthest inside',
      matcher: exact(IP, {
        '10.0.0.8': toChain('other host'),
        '10.0.0.9': nest(exact(PORT, {443: toChain('web'), 80: toChain('plain')})),
      }),
      names: ['web', 'plain', 'other host'],
      rows: ['plain: DestinationPortInput: 80, not 443', 'other host: DestinationIPInput: 10.0.0.8, not 10.0.0.9'],
    },
    {
      what: 'counts the chains under one key together',
      matcher: exact(IP, {
        '10.0.0.8': nest(exact(PORT, {1: toChain('one'), 2: toChain('two'), 3: toChain('three')})),
        '10.0.0.9': toChain('web'),
      }),
      names: ['web', 'one', 'two', 'three'],
      rows: ['one and 2 more: DestinationIPInput: 10.0.0.8, not 10.0.0.9'],
    },
    {
      what: 'tells prefixes from whole keys',
      matcher: prefix(PORT, {44: toChain('web'), 80: toChain('plain')}),
      names: ['web', 'plain'],
      rows: ['plain: DestinationPortInput: prefix 80, not 443'],
    },
    {
      what: 'shows ranges',
      matcher: custom(IP, ipMatcher({ranges: ['10.0.0.0/24'], on: toChain('web')}, {ranges: ['10.1.0.0/16'], on: toChain('far')})),
      names: ['web', 'far'],
      rows: ['far: DestinationIPInput: 10.1.0.0/16, not 10.0.0.9'],
    },
    {
      what: 'shows domains',
      matcher: custom(
        'ServerNameInput',
        domainMatcher('ServerNameMatcher', [
          ['*.example.com', toChain('web')],
          ['b.test', toChain('other')],
        ]),
      ),
      names: ['web', 'other'],
      rows: ['other: ServerNameInput: b.test, not a.example.com'],
    },
    {
      what: 'says that an input is absent',
      matcher: exact('ApplicationProtocolInput', {"'h2'": toChain('h2')}, toChain('web')),
      names: ['web', 'h2'],
      rows: ["h2: ApplicationProtocolInput: 'h2', not absent"],
    },
    {
      what: 'says that on_no_match had no turn',
      matcher: exact(PORT, {443: toChain('web')}, toChain('rest')),
      names: ['web', 'rest'],
      rows: ['rest: only where no entry matches'],
    },
    {
      what: 'gives the operand of a list that failed, and entries that come too late',
      matcher: listed(
        [{and_matcher: {predicate: [single(PORT, {exact: '443'}), single(IP, {prefix: '10.9.'})]}}, 'far'],
        [{or_matcher: {predicate: [single(PORT, {exact: '80'}), single(PORT, {exact: '81'})]}}, 'plain'],
        [{not_matcher: single(PORT, {exact: '443'})}, 'negated'],
        [single(PORT, {exact: '443'}), 'web'],
        [single(IP, {exact: '10.0.0.9'}), 'late'],
      ),
      names: ['web', 'far', 'plain', 'negated', 'late'],
      rows: [
        'late: an earlier entry matches',
        'far: DestinationIPInput: prefix "10.9.", not 10.0.0.9',
        'plain: DestinationPortInput: 80, not 443, nor any of 1 more',
        'negated: not (DestinationPortInput 443)',
      ],
    },
    {
      what: 'does not say that an entry failed which cannot be decided',
      matcher: listed(
        [{single_predicate: {input: {name: 'x', typed_config: {'@type': 'type.googleapis.com/x.Y'}}}}, 'open'],
        [single(PORT, {exact: '443'}), 'web'],
      ),
      names: ['web', 'open'],
      rows: ['open: it cannot be decided whether its entry matches'],
    },
    {
      what: 'counts chains that no entry names',
      matcher: exact(PORT, {443: toChain('web')}),
      names: ['web', 'lonely'],
      rows: ['+1 more: under other entries, or under none'],
    },
  ])('$what', ({matcher, names, rows}) => {
    expect(passed(matcher, {taken: 'web', names})).toEqual(rows)
  })

  test('lists ten entries and counts the chains of the others', () => {
    const keys = Array.from({length: 25}, (_, index) => String(index))
    const matcher = exact(PORT, {443: toChain('web'), ...Object.fromEntries(keys.map((key) => [key, toChain(`chain ${key}`)]))})
    const rows = passed(matcher, {taken: 'web', names: ['web', ...keys.map((key) => `chain ${key}`)]})
    expect(rows).toHaveLength(11)
    expect(rows.at(-1)).toBe('+15 more: under other entries, or under none')
  })

  test('names every chain where none was taken', () => {
    expect(passed(exact(PORT, {80: toChain('plain')}), {names: ['plain']})).toEqual(['plain: DestinationPortInput: 80, not 443'])
  })

  test('gives up on a matcher that nests without end', () => {
    let matcher: object = exact(PORT, {80: toChain('deep')})
    for (let depth = 0; depth < 5000; depth += 1) matcher = exact(PORT, {443: nest({...matcher})})
    expect(passed(matcher, {names: ['deep']})).toEqual(['+1 more: under other entries, or under none'])
  })
})
