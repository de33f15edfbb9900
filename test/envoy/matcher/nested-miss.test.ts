import {describe, expect, test} from 'vitest'
import {chain, cluster, dump, exactMap, input, listener, listenerFilter, toChain} from '../engine/dump.js'
import {arrive, chainTaken, forwarder} from '../engine/forwarding.js'

// envoy-2022 D2, the version split: what a nested miss does to the level that led there.
const NAMES = ['web', 'pass', 'short', 'rest', 'default']
const PORT_80 = {matcher: exactMap('DestinationPortInput', {80: toChain('web')})}

const MATCHERS = {
  'exact map, nested miss': {...exactMap('DestinationIPInput', {'10.0.0.1': PORT_80}), on_no_match: toChain('pass')},
  'prefix map, nested miss, shorter prefix': {
    matcher_tree: {input: input('DestinationIPInput'), prefix_match_map: {map: {'10.0.0.': PORT_80, '10.': toChain('short')}}},
    on_no_match: toChain('pass'),
  },
  'list, predicate true, nested miss, next entry': {
    matcher_list: {
      matchers: [
        {predicate: {single_predicate: {input: input('DestinationIPInput'), value_match: {prefix: '10.'}}}, on_match: PORT_80},
        {predicate: {single_predicate: {input: input('DestinationIPInput'), value_match: {prefix: '10.0'}}}, on_match: toChain('rest')},
      ],
    },
  },
  'custom IPMatcher, nested miss, less specific range': {
    matcher_tree: {
      input: input('DestinationIPInput'),
      custom_match: {
        name: 'ip',
        typed_config: {
          '@type': 'type.googleapis.com/xds.type.matcher.v3.IPMatcher',
          range_matchers: [
            {ranges: [{address_prefix: '10.0.0.1', prefix_len: 32}], on_match: PORT_80},
            {ranges: [{address_prefix: '10.0.0.0', prefix_len: 8}], on_match: toChain('short')},
          ],
        },
      },
    },
  },
} as const

const CASES = [
  {matcher: 'exact map, nested miss', minor: 34, takes: 'default'},
  {matcher: 'exact map, nested miss', minor: 35, takes: 'pass'},
  {matcher: 'prefix map, nested miss, shorter prefix', minor: 34, takes: 'default'},
  {matcher: 'prefix map, nested miss, shorter prefix', minor: 35, takes: 'short'},
  {matcher: 'list, predicate true, nested miss, next entry', minor: 34, takes: 'default'},
  {matcher: 'list, predicate true, nested miss, next entry', minor: 35, takes: 'rest'},
  {matcher: 'custom IPMatcher, nested miss, less specific range', minor: 34, takes: 'short'},
  {matcher: 'custom IPMatcher, nested miss, less specific range', minor: 35, takes: 'short'},
] as const

function proxy(matcher: (typeof CASES)[number]['matcher'], minor: number | undefined): ReturnType<typeof forwarder> {
  const document = dump({
    version: {major: 1, minor: minor ?? 36},
    listeners: [
      listener({
        listener_filters: [listenerFilter('original_dst.v3.OriginalDst')],
        filter_chain_matcher: MATCHERS[matcher],
        filter_chains: NAMES.slice(0, -1).map((name) => chain(name)),
        default_filter_chain: chain('default'),
      }),
    ],
    clusters: NAMES.map((name) => cluster(name, '10.50.0.1:80')),
  })
  return forwarder(minor === undefined ? withoutVersion(document) : document)
}

function withoutVersion(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {configs: Array.isArray(document['configs']) ? document['configs'].slice(1) : []}
}

describe('a nested matcher that finds nothing', () => {
  test.each(CASES)('$matcher on 1.$minor takes $takes', ({matcher, minor, takes}) => {
    expect(chainTaken(proxy(matcher, minor).forward(arrive('10.0.0.1:81')))).toBe(takes)
  })

  test.each(CASES)('$matcher with a nested hit takes the nested action on 1.$minor', ({matcher, minor}) => {
    expect(chainTaken(proxy(matcher, minor).forward(arrive('10.0.0.1:80')))).toBe('web')
  })

  test('without a version both outcomes stand, each with its condition', () => {
    const {exits} = proxy('exact map, nested miss', undefined).forward(arrive('10.0.0.1:81'))
    expect(exits.map((exit) => [exit.log?.filterChain, exit.requires.map(({what}) => what), exit.share])).toEqual([
      ['pass', ['Envoy is 1.35 or newer (nested no-match falls back)'], {numerator: 1n, denominator: 2n, exact: false}],
      ['default', ['not: Envoy is 1.35 or newer (nested no-match falls back)'], {numerator: 1n, denominator: 2n, exact: false}],
    ])
  })

  test('--envoy-version decides when the dump does not', () => {
    const document = withoutVersion(
      dump({
        listeners: [
          listener({
            listener_filters: [listenerFilter('original_dst.v3.OriginalDst')],
            filter_chain_matcher: MATCHERS['exact map, nested miss'],
            filter_chains: [chain('web'), chain('pass')],
          }),
        ],
      }),
    )
    const old = forwarder(document, {major: 1, minor: 24}).forward(arrive('10.0.0.1:81'))
    expect(chainTaken(old)).toBe('no-filter-chain')
  })
})
