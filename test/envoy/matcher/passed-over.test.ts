import {describe, expect, test} from 'vitest'
import type {View} from '../../../src/json/view.js'
import {passedOver} from '../../../src/envoy/matcher/passed-over.js'
import {input, toChain} from '../engine/dump.js'
import {view} from '../match/samples.js'
import {connectionTo, custom, domainMatcher, exact, ipMatcher, nest, prefix} from './trees.js'

const nameOf = (action: View): string => action.path('typed_config')?.str('value') ?? ''

function passed(matcher: object, {taken, names}: {taken?: string; names: readonly string[]}): string[] {
  const subject = {connection: connectionTo('10.0.0.9:443', {serverName: 'a.example.com'})}
  return passedOver({matcher: view(matcher), subject, nameOf, taken, names: new Set(names)}).map(
    ({candidate, because}) => `${candidate}: ${because}`,
  )
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
      rows: ['plain: wants DestinationPortInput 80, got 443'],
    },
    {
      what: 'starts with what failed furthest inside',
      matcher: exact(IP, {
        '10.0.0.8': toChain('other host'),
        '10.0.0.9': nest(exact(PORT, {443: toChain('web'), 80: toChain('plain')})),
      }),
      names: ['web', 'plain', 'other host'],
      rows: ['plain: wants DestinationPortInput 80, got 443', 'other host: wants DestinationIPInput 10.0.0.8, got 10.0.0.9'],
    },
    {
      what: 'counts the chains under one key together',
      matcher: exact(IP, {
        '10.0.0.8': nest(exact(PORT, {1: toChain('one'), 2: toChain('two'), 3: toChain('three')})),
        '10.0.0.9': toChain('web'),
      }),
      names: ['web', 'one', 'two', 'three'],
      rows: ['one and 2 more: wants DestinationIPInput 10.0.0.8, got 10.0.0.9'],
    },
    {
      what: 'tells prefixes from whole keys',
      matcher: prefix(PORT, {44: toChain('web'), 80: toChain('plain')}),
      names: ['web', 'plain'],
      rows: ['plain: wants DestinationPortInput prefix 80, got 443'],
    },
    {
      what: 'shows ranges',
      matcher: custom(IP, ipMatcher({ranges: ['10.0.0.0/24'], on: toChain('web')}, {ranges: ['10.1.0.0/16'], on: toChain('far')})),
      names: ['web', 'far'],
      rows: ['far: wants DestinationIPInput 10.1.0.0/16, got 10.0.0.9'],
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
      rows: ['other: wants ServerNameInput b.test, got a.example.com'],
    },
    {
      what: 'says that an input is absent',
      matcher: exact('ApplicationProtocolInput', {"'h2'": toChain('h2')}, toChain('web')),
      names: ['web', 'h2'],
      rows: ["h2: wants ApplicationProtocolInput 'h2', got absent"],
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
        'far: wants DestinationIPInput prefix "10.9.", got 10.0.0.9',
        'plain: wants DestinationPortInput 80, got 443; 1 more alternatives fail too',
        'negated: wants anything but DestinationPortInput 443',
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
      what: 'names a chain that no entry leads to',
      matcher: exact(PORT, {443: toChain('web')}),
      names: ['web', 'lonely'],
      rows: ['lonely: no entry of the matcher leads there'],
    },
    {
      what: 'counts chains that no entry leads to',
      matcher: exact(PORT, {443: toChain('web'), 80: toChain('plain')}),
      names: ['web', 'lonely', 'plain', 'forgotten'],
      rows: ['plain: wants DestinationPortInput 80, got 443', 'lonely and 1 more: no entry of the matcher leads there'],
    },
  ])('$what', ({matcher, names, rows}) => {
    expect(passed(matcher, {taken: 'web', names})).toEqual(rows)
  })

  test('lists ten entries and counts the chains of the others', () => {
    const keys = Array.from({length: 25}, (_, index) => String(index))
    const matcher = exact(PORT, {443: toChain('web'), ...Object.fromEntries(keys.map((key) => [key, toChain(`chain ${key}`)]))})
    const rows = passed(matcher, {taken: 'web', names: ['web', ...keys.map((key) => `chain ${key}`)]})
    expect(rows).toHaveLength(11)
    expect(rows.at(-1)).toBe('+15 more: under further entries, or under none')
  })

  test('names every chain where none was taken', () => {
    expect(passed(exact(PORT, {80: toChain('plain')}), {names: ['plain']})).toEqual(['plain: wants DestinationPortInput 80, got 443'])
  })

  test('gives up on a matcher that nests without end', () => {
    let matcher: object = exact(PORT, {80: toChain('deep')})
    for (let depth = 0; depth < 5000; depth += 1) matcher = exact(PORT, {443: nest({...matcher})})
    expect(passed(matcher, {names: ['deep']})).toEqual(['+1 more: under further entries, or under none'])
  })
})
