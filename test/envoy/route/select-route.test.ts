import {describe, expect, test} from 'vitest'
import {formatShare} from '../../../src/flow/share.js'
import type {MatcherAnswer} from '../../../src/envoy/authorization/engine.js'
import type {Branch} from '../../../src/envoy/branch.js'
import type {RouteChoice} from '../../../src/envoy/route/choice.js'
import {requestOf, streamOf, view} from '../match/samples.js'
import {nameOf, select, tableOf} from './routing.js'

function route(name: string, match: object): object {
  return {name, match, route: {cluster: `c-${name}`}}
}

/** `route share` per branch. */
function shares(branches: readonly Branch<RouteChoice>[]): readonly string[] {
  return branches.map(({value, share}) => `${nameOf(value)} ${formatShare(share)}`)
}

describe('selectRoute', () => {
  const LAST = route('last', {prefix: '/'})

  test('the first route that matches wins, and the step tells what the others wanted', () => {
    const [branch, ...others] = select(tableOf([route('exact', {path: '/x'}), route('all', {prefix: '/'}), LAST]))
    expect(others).toEqual([])
    expect(branch?.value).toMatchObject({kind: 'route'})
    expect(branch?.steps).toMatchObject([
      {
        kind: 'virtual-host',
        name: 'all',
        domain: '*',
        table: 'table',
        because: ['authority a.test'],
        evidence: [{pointer: '/table/virtual_hosts/0'}],
      },
      {
        kind: 'route',
        name: 'all',
        match: 'prefix "/"',
        action: 'cluster c-all',
        because: ['GET /'],
        evidence: [{pointer: '/table/virtual_hosts/0/routes/1'}],
        rejected: [{candidate: 'exact', because: 'wants path "/x"'}],
      },
    ])
  })

  test.each([
    {name: 'no virtual host', table: {virtual_hosts: [{name: 'v', domains: ['b.test'], routes: [LAST]}]}, kind: 'no-virtual-host'},
    {name: 'no route', table: tableOf([route('x', {path: '/x'})]), kind: 'no-route'},
    {name: 'a table without anything', table: {}, kind: 'no-virtual-host'},
  ])('$name', ({table, kind}) => {
    expect(select(table).map(({value}) => value.kind)).toEqual([kind])
  })

  test('without a forwarded protocol there is no route', () => {
    expect(shares(select(tableOf([LAST]), streamOf(requestOf(), {scheme: ''})))).toEqual(['no-route 1'])
  })

  test('a route without name is known by its place', () => {
    expect(select(tableOf([{match: {prefix: '/'}, route: {cluster: 'c'}}]))[0]?.steps[1]).toMatchObject({name: 'unnamed route 0'})
  })

  test('long lists of rejected routes are cut, and say so', () => {
    const many = Array.from({length: 30}, (_, index) => route(`r${index}`, {path: '/x'}))
    const step = select(tableOf([...many, LAST]))[0]?.steps[1]
    expect(step?.rejected).toHaveLength(21)
    expect(step?.rejected?.at(-1)).toEqual({candidate: '+10 more', because: 'their match does not hold'})
  })
})

describe('require_tls', () => {
  const table = (requirement: string): object => ({
    virtual_hosts: [{name: 'v', domains: ['*'], require_tls: requirement, routes: [route('r', {prefix: '/'})]}],
  })
  const internal = requestOf({headers: [['x-envoy-internal', 'true']]})

  test.each([
    {requirement: 'ALL', stream: streamOf(), result: 'redirect-tls'},
    {requirement: 'ALL', stream: streamOf(internal), result: 'redirect-tls'},
    {requirement: 'ALL', stream: streamOf(requestOf(), {scheme: 'https'}), result: 'r'},
    {requirement: 'EXTERNAL_ONLY', stream: streamOf(), result: 'redirect-tls'},
    {requirement: 'EXTERNAL_ONLY', stream: streamOf(internal), result: 'r'},
    {requirement: 'NONE', stream: streamOf(), result: 'r'},
  ])('$requirement: $result', ({requirement, stream, result}) => {
    expect(select(table(requirement), stream).map(({value}) => nameOf(value))).toEqual([result])
  })

  test('redirects to the same URL', () => {
    expect(select(table('ALL'), streamOf(requestOf({authority: 'all.test', path: '/x?y=1'})))[0]?.value).toMatchObject({
      location: 'https://all.test/x?y=1',
    })
  })
})

describe('runtime_fraction', () => {
  const part = (name: string, percent: object): object => route(name, {prefix: '/', runtime_fraction: percent})
  const hundred = (numerator: number): object => ({default_value: {numerator}})
  const rest = route('rest', {prefix: '/'})

  test.each([
    {name: '0 % is skipped', routes: [part('a', {default_value: {}}), rest], result: ['rest 1']},
    {name: '100 % is always', routes: [part('a', hundred(100)), rest], result: ['a 1']},
    {name: '30 %', routes: [part('a', hundred(30)), rest], result: ['a 3/10', 'rest 7/10']},
    {
      name: 'TEN_THOUSAND',
      routes: [part('a', {default_value: {numerator: 1, denominator: 'TEN_THOUSAND'}}), rest],
      result: ['a 1/10000', 'rest 9999/10000'],
    },
    {
      name: 'MILLION',
      routes: [part('a', {default_value: {numerator: 1, denominator: 'MILLION'}}), rest],
      result: ['a 1/1000000', 'rest 999999/1000000'],
    },
    {
      name: 'one random value for all routes: the second half is empty',
      routes: [part('a', hundred(50)), part('b', hundred(50)), rest],
      result: ['a 1/2', 'rest 1/2'],
    },
    {
      name: 'the second takes what the first left',
      routes: [part('a', hundred(30)), part('b', hundred(50)), rest],
      result: ['a 3/10', 'b 1/5', 'rest 1/2'],
    },
    {
      name: 'different denominators',
      routes: [part('a', hundred(50)), part('b', {default_value: {numerator: 60, denominator: 'TEN_THOUSAND'}}), rest],
      result: ['a 1/2', 'b 1/1000', 'rest 499/1000'],
    },
    {name: 'nothing after it', routes: [part('a', hundred(30))], result: ['a 3/10', 'no-route 7/10']},
  ])('$name', ({routes, result}) => {
    expect(shares(select(tableOf(routes)))).toEqual(result)
  })

  test.each([
    {name: 'whole number is a percentage', value: 10, result: ['a 1/10', 'rest 9/10']},
    {name: 'as text', value: '10', result: ['a 1/10', 'rest 9/10']},
    {name: 'more than 100', value: 101, result: ['a 1']},
    {name: 'zero', value: 0, result: ['rest 1']},
    {name: 'fractional percent', value: {numerator: 5, denominator: 'TEN_THOUSAND'}, result: ['a 1/2000', 'rest 1999/2000']},
    {name: 'what is no number', value: 'much', result: ['a 1/2', 'rest 1/2']},
  ])('runtime value: $name', ({value, result}) => {
    const routes = [part('a', {...hundred(50), runtime_key: 'canary'}), rest]
    expect(shares(select(tableOf(routes), streamOf(), {runtime: new Map([['canary', value]])}))).toEqual(result)
  })
})

describe('what cannot be decided', () => {
  const odd = route('odd', {prefix: '/', headers: [{name: 'x', string_match: {custom: {}}, treat_missing_header_as_empty: true}]})
  const last = route('last', {prefix: '/'})

  test('gives two branches that exclude each other', () => {
    const branches = select(tableOf([odd, last]))
    expect(shares(branches)).toEqual(['odd one of 2', 'last one of 2'])
    expect(branches.map(({requires}) => requires)).toEqual([
      [{what: 'header x a custom matcher must hold', group: '/table/virtual_hosts/0/routes/0'}],
      [{what: 'header x a custom matcher must not hold', group: '/table/virtual_hosts/0/routes/0'}],
    ])
  })

  test('with a fraction there are three', () => {
    const half = {
      ...odd,
      match: {
        prefix: '/',
        headers: [{name: 'x', string_match: {custom: {}}, treat_missing_header_as_empty: true}],
        runtime_fraction: {default_value: {numerator: 50}},
      },
    }
    expect(shares(select(tableOf([half, last])))).toEqual(['odd one of 4', 'last one of 4', 'last 1/2'])
  })

  test('too many of them end in undetermined', () => {
    const branches = select(tableOf(Array.from({length: 100}, () => odd)))
    expect(branches).toHaveLength(65)
    expect(branches.at(-1)?.value.kind).toBe('undetermined')
  })
})

describe('virtual host matcher', () => {
  const table = {virtual_hosts: [{name: 'm', domains: ['*'], matcher: {matcher_tree: {}}}]}
  const answer = (outcome: MatcherAnswer['outcome'], config?: object): MatcherAnswer => ({
    outcome,
    action: config === undefined ? undefined : view({name: 'a', typed_config: config}, '/action'),
  })
  const list = {'@type': 'x/envoy.config.route.v3.RouteList', routes: [route('l-a', {path: '/a'}), route('l-b', {prefix: '/'})]}

  test.each([
    {name: 'Route', answered: answer('yes', {'@type': 'x/envoy.config.route.v3.Route', ...route('one', {prefix: '/'})}), result: 'one'},
    {
      name: 'Route whose own match misses',
      answered: answer('yes', {'@type': 'x/envoy.config.route.v3.Route', ...route('one', {path: '/x'})}),
      result: 'no-route',
    },
    {name: 'RouteList', answered: answer('yes', list), result: 'l-b'},
    {name: 'no match', answered: answer('no'), result: 'no-route'},
    {name: 'open', answered: answer('undetermined'), result: 'undetermined'},
    {name: 'a match without action', answered: answer('yes'), result: 'undetermined'},
  ])('$name', ({answered, result}) => {
    expect(select(table, streamOf(), {evaluateMatcher: () => answered}).map(({value}) => nameOf(value))).toEqual([result])
  })

  test('is open when nobody evaluates it', () => {
    expect(select(table)[0]?.value).toMatchObject({kind: 'undetermined', missing: 'the matcher of virtual host "m"'})
  })
})
