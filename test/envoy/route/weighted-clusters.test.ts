import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {resolveAction} from '../../../src/envoy/route/resolve-action.js'
import {addShares, formatShare, fraction, NOTHING} from '../../../src/flow/share.js'
import {evidenceOf, requestOf, semanticsFor, streamOf} from '../match/samples.js'
import {chosen, destinations, resolve, tableOf} from './routing.js'

/** Clusters k0, k1, … with these weights. */
function weighted(weights: readonly number[], extra: object = {}): object {
  return {weighted_clusters: {clusters: weights.map((weight, index) => ({name: `k${index}`, weight})), ...extra}}
}

function given(...values: readonly string[]): ReturnType<typeof streamOf> {
  return streamOf(requestOf({headers: values.map((value) => ['x-rand', value] as const)}))
}

describe('shares of weighted clusters', () => {
  test('equal the weights and add up to one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({max: 1000}), {minLength: 1, maxLength: 6}), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        fc.pre(total > 0)
        const branches = resolve(chosen({route: weighted(weights)}))
        const wanted = weights.flatMap((weight, index) => (weight === 0 ? [] : [`k${index} ${formatShare(fraction(weight, total))}`]))
        expect(branches.map(({value, share}) => `${value.kind === 'cluster' ? value.cluster : ''} ${formatShare(share)}`)).toEqual(wanted)
        expect(formatShare(branches.reduce((sum, {share}) => addShares(sum, share), NOTHING))).toBe('1')
      }),
    )
  })

  test('add up to the share of the runtime fraction they stand behind', () => {
    const percent = fc.integer({min: 1, max: 99})
    const weights = fc.array(fc.integer({min: 1, max: 20}), {minLength: 1, maxLength: 4})
    fc.assert(
      fc.property(percent, weights, (numerator, parts) => {
        const inside = {match: {prefix: '/', runtime_fraction: {default_value: {numerator}}}, route: weighted(parts)}
        const rest = {match: {prefix: '/'}, route: {cluster: 'rest'}}
        const ends = destinations(tableOf([inside, rest]))
        expect(ends.at(-1)).toBe(`rest ${formatShare(fraction(100 - numerator, 100))}`)
      }),
      {numRuns: 50},
    )
  })

  test('a weight is cut to a whole number, a negative one is none', () => {
    expect(destinations(tableOf([{match: {prefix: '/'}, route: weighted([2.9, -1, 2])}]))).toEqual(['k0 1/2', 'k2 1/2'])
  })

  test('no entry at all names no cluster', () => {
    expect(resolve(chosen({route: weighted([])}))[0]?.value).toMatchObject({
      kind: 'no-cluster',
      status: 503,
      reason: 'the route names no cluster for this request',
    })
  })
})

/** Recordings weighted-header-29, -30 and -130 of matchers-http-actions; absl::SimpleAtoi reads the number. */
describe('a header that fixes the choice', () => {
  const action = weighted([30, 0, 70], {header_name: 'x-rand'})

  test.each([
    {value: '29', cluster: 'k0'},
    {value: '30', cluster: 'k2'},
    {value: '99', cluster: 'k2'},
    {value: '100', cluster: 'k0'},
    {value: '129', cluster: 'k0'},
    {value: '+31', cluster: 'k2'},
    {value: ' 31 ', cluster: 'k2'},
  ])('"$value"', ({value, cluster}) => {
    const branches = resolve(chosen({name: 'w', route: action}), given(value))
    expect(branches).toMatchObject([
      {
        value: {cluster},
        share: {numerator: 1n, denominator: 1n},
        steps: [{name: 'w', action: `cluster ${cluster}`, because: [`header value ${Number(value) % 100} modulo 100`]}],
      },
    ])
    expect(branches[0]?.steps[0]?.rejected).toEqual([
      cluster === 'k0' ? {candidate: 'k2', because: 'weight 70'} : {candidate: 'k0', because: 'weight 30'},
    ])
  })

  test.each(['x31', '31x', '3 1', '-1', '', '1.5'])('"%s" is no number: all are possible', (value) => {
    expect(resolve(chosen({route: action}), given(value)).map(({share}) => formatShare(share))).toEqual(['3/10', '7/10'])
  })
})

describe('a hash policy', () => {
  const hashed = (use: boolean, policies: readonly object[]): readonly string[] =>
    resolve(chosen({route: {...weighted([9, 1], {use_hash_policy: use}), hash_policy: policies}})).map(({share}) => formatShare(share))

  test.each([
    {name: 'decides where it is asked for', use: true, policies: [{}], result: ['one of 2', 'one of 2']},
    {name: 'needs a policy', use: true, policies: [], result: ['9/10', '1/10']},
    {name: 'needs to be asked for', use: false, policies: [{}], result: ['9/10', '1/10']},
  ])('$name', ({use, policies, result}) => {
    expect(hashed(use, policies)).toEqual(result)
  })

  test('is the reason of its branches, which exclude each other', () => {
    const branches = resolve(chosen({name: 'w', route: {...weighted([9, 1], {use_hash_policy: true}), hash_policy: [{}]}}))
    expect(branches.map(({steps}) => steps[0]?.because)).toEqual([['hash policy'], ['hash policy']])
    expect(new Set(branches.flatMap(({requires}) => requires.map(({group}) => group))).size).toBe(1)
  })
})

describe('runtime weights', () => {
  const runtime = new Map<string, unknown>([
    ['canary.k0', 1],
    ['.k1', 100],
  ])

  test.each([
    {prefix: 'canary', result: ['k0 1/4', 'k1 3/4']},
    {prefix: '', result: ['k0 2/5', 'k1 3/5']},
    {prefix: undefined, result: ['k0 2/5', 'k1 3/5']},
  ])('with the prefix $prefix', ({prefix, result}) => {
    const route = {match: {prefix: '/'}, route: weighted([2, 3], {runtime_key_prefix: prefix})}
    expect(destinations(tableOf([route]), streamOf(), {runtime})).toEqual(result)
    expect(destinations(tableOf([route]))).toEqual(['k0 2/5', 'k1 3/5'])
  })
})

describe('a cluster specifier plugin', () => {
  const plugin = (type: string, config: object = {}): object => ({
    inline_cluster_specifier_plugin: {extension: {name: 'p', typed_config: {'@type': `x/${type}`, ...config}}},
  })
  const MATCHER = 'envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier'
  const evaluateMatcher = (): {outcome: 'undetermined'; action: undefined} => ({outcome: 'undetermined', action: undefined})

  test.each([
    {
      name: 'whose matcher cannot be decided',
      action: plugin(MATCHER, {cluster_matcher: {}}),
      missing: `cluster specifier plugin ${MATCHER}`,
    },
    {name: 'without a matcher', action: plugin(MATCHER), missing: `cluster specifier plugin ${MATCHER}`},
    {
      name: 'of another kind with a field of that name',
      action: plugin('own.Plugin', {cluster_matcher: {}}),
      missing: 'cluster specifier plugin own.Plugin',
    },
    {
      name: 'without type',
      action: {inline_cluster_specifier_plugin: {extension: {name: 'p', typed_config: {}}}},
      missing: 'cluster specifier plugin p',
    },
  ])('$name is not guessed', ({action, missing}) => {
    expect(resolve(chosen({route: action}), streamOf(), {evaluateMatcher})[0]?.value).toMatchObject({kind: 'undetermined', missing})
  })

  test('is not asked where nobody evaluates matchers', () => {
    const question = {choice: chosen({route: plugin(MATCHER, {cluster_matcher: {}})}), stream: streamOf()}
    const [branch] = resolveAction({...question, context: {semantics: semanticsFor(), evidence: evidenceOf}})
    expect(branch?.value.kind).toBe('undetermined')
  })
})
