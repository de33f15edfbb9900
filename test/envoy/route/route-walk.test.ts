import {describe, expect, test} from 'vitest'
import {ANY_DRAW, restrictDraw} from '../../../src/envoy/route/draw.js'
import {addShares, formatShare, NOTHING} from '../../../src/flow/share.js'
import {requestOf, streamOf} from '../match/samples.js'
import {destinations, nameOf, select, tableOf} from './routing.js'

const ALL = {prefix: '/'}

function route(name: string, match: object = ALL): object {
  return {name, match, route: {cluster: name}}
}

function part(name: string, percent: object): object {
  return route(name, {...ALL, runtime_fraction: {default_value: percent}})
}

/** What each branch says about the routes it passed over. */
function rejectedBy(routes: readonly object[]): readonly unknown[] {
  return select(tableOf(routes)).map(({value, steps}) => [
    nameOf(value),
    (steps[1]?.rejected ?? []).map(({candidate, because}) => `${candidate}: ${because}`),
  ])
}

describe('every branch tells all routes before it', () => {
  test('those that do not match, and the fraction that was missed', () => {
    const routes = [route('x', {path: '/x'}), part('third', {numerator: 30}), route('y', {path: '/y'}), route('rest')]
    expect(rejectedBy(routes)).toEqual([
      ['third', ['x: wants path "/x"']],
      ['rest', ['x: wants path "/x"', 'third: wants runtime fraction 30/100', 'y: wants path "/y"']],
    ])
  })

  test('a second fraction that the first leaves nothing of', () => {
    expect(rejectedBy([part('a', {numerator: 50}), part('b', {numerator: 50}), route('rest')])).toEqual([
      ['a', []],
      ['rest', ['a: wants runtime fraction 50/100', 'b: wants runtime fraction 50/100']],
    ])
  })

  test('the conditions that stay open', () => {
    const odd = route('odd', {...ALL, cookies: [], futures: []})
    expect(rejectedBy([odd, route('rest')])).toEqual([
      ['odd', []],
      ['rest', ['odd: wants match field cookies, match field futures']],
    ])
    expect(select(tableOf([odd]))[1]?.requires[0]?.what).toBe('match field cookies and match field futures must not hold')
  })
})

describe('runtime fractions', () => {
  test.each([
    {name: 'HUNDRED by name', percent: {numerator: 25, denominator: 'HUNDRED'}, ends: ['a 1/4', 'rest 3/4']},
    {name: 'more than the whole', percent: {numerator: 150}, ends: ['a 1']},
    {name: 'exactly the whole', percent: {numerator: 10_000, denominator: 'TEN_THOUSAND'}, ends: ['a 1']},
    {name: 'less than nothing', percent: {numerator: -5}, ends: ['rest 1']},
    {name: 'without a default', percent: undefined, ends: ['rest 1']},
  ])('$name', ({percent, ends}) => {
    const first = route('a', {...ALL, runtime_fraction: percent === undefined ? {} : {default_value: percent}})
    expect(destinations(tableOf([first, route('rest')]))).toEqual(ends)
  })

  test.each([
    {name: 'a part of a percent is no runtime value', value: 0.5},
    {name: 'nor is a negative number', value: -1},
    {name: 'nor a list', value: [10]},
    {name: 'nor one that is not set', value: undefined},
  ])('$name: the default counts', ({value}) => {
    const first = route('a', {...ALL, runtime_fraction: {runtime_key: 'k', default_value: {numerator: 25}}})
    const runtime = new Map<string, unknown>([['k', value]])
    expect(destinations(tableOf([first, route('rest')]), streamOf(), {runtime})).toEqual(['a 1/4', 'rest 3/4'])
  })

  test('without a key nothing overrides', () => {
    const first = route('a', {...ALL, runtime_fraction: {runtime_key: '', default_value: {numerator: 25}}})
    expect(destinations(tableOf([first, route('rest')]), streamOf(), {runtime: new Map([['', 100]])})).toEqual(['a 1/4', 'rest 3/4'])
  })
})

describe('limits', () => {
  test('open routes beyond them end in undetermined, and the shares still add up', () => {
    const odd = route('odd', {...ALL, cookies: [], runtime_fraction: {default_value: {numerator: 1, denominator: 'MILLION'}}})
    const branches = select(tableOf(Array.from({length: 70}, () => odd)))
    expect(branches.length).toBeLessThanOrEqual(66)
    expect(branches.at(-1)).toMatchObject({
      value: {kind: 'undetermined', missing: 'more than 64 routes are open alternatives'},
      steps: [{}],
    })
    expect(branches.at(-1)?.steps).toHaveLength(1)
    const sum = branches.reduce((total, {share}) => addShares(total, share), NOTHING)
    expect(sum.numerator).toBe(sum.denominator)
  })
})

/** Recorded on Envoy 1.40.0: the table says whether parameters of the path count. */
test.each([
  {ignore: true, taken: 'exact'},
  {ignore: false, taken: 'rest'},
])('ignore_path_parameters_in_path_matching $ignore', ({ignore, taken}) => {
  const table = tableOf([route('exact', {path: '/a/b'}), route('rest')], {ignore_path_parameters_in_path_matching: ignore})
  expect(select(table, streamOf(requestOf({path: '/a;v=1/b'}))).map(({value}) => nameOf(value))).toEqual([taken])
})

describe('the random value of a request', () => {
  test('knows one thing per modulus', () => {
    const half = restrictDraw(ANY_DRAW, {
      modulus: 100,
      ranges: [
        [0, 50],
        [60, 100],
      ],
    })
    const both = restrictDraw(half?.draw ?? ANY_DRAW, {modulus: 100, ranges: [[50, 70]]})
    expect(both?.draw.constraints).toEqual([{modulus: 100, ranges: [[60, 70]]}])
    expect(both === undefined ? '' : formatShare(both.share)).toBe('1/9')
  })

  test('keeps other moduli', () => {
    const first = restrictDraw(ANY_DRAW, {modulus: 2, ranges: [[0, 1]]})
    const second = restrictDraw(first?.draw ?? ANY_DRAW, {modulus: 3, ranges: [[0, 1]]})
    const third = restrictDraw(second?.draw ?? ANY_DRAW, {modulus: 2, ranges: [[0, 1]]})
    expect(third?.draw.constraints.map(({modulus}) => modulus).toSorted()).toEqual([2, 3])
  })

  test('is exact for one modulus of any size, and for a common period of a million', () => {
    const large = restrictDraw(ANY_DRAW, {modulus: 2_000_000, ranges: [[0, 1_500_000]]})
    expect(large === undefined ? '' : formatShare(large.share)).toBe('3/4')
    const ends = destinations(tableOf([part('a', {numerator: 50}), part('b', {numerator: 50, denominator: 'MILLION'}), route('rest')]))
    // Of the residues 0..49 of a million, all are below 50 modulo 100: the first route has taken them.
    expect(ends).toEqual(['a 1/2', 'rest 1/2'])
  })
})
