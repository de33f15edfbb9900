import {describe, expect, test} from 'vitest'
import type {Connection} from '../../../src/envoy/connection.js'
import {chainName, legacyMatcher, type LegacyMatch} from '../../../src/envoy/filter-chain/legacy.js'
import {View} from '../../../src/json/view.js'
import {chainsOf, CONNECTION, INTERNAL, range} from './connections.js'

type Matches = Readonly<Record<string, object>>

function only(matches: Matches, connection: Connection = CONNECTION): LegacyMatch {
  const [match, ...others] = legacyMatcher(chainsOf(matches)).match(connection)
  if (match === undefined || others.length > 0) throw new Error('expected one outcome')
  return match
}

const texts = (match: LegacyMatch): string[] => match.rejected.map(({candidate, because}) => `${candidate}: ${because}`)

// envoy-2022 D3: a chain is ruled out on the first level where another chain is more specific, or where it asks for something else.
const LEVELS: readonly {level: string; chain: object; taken: object; not: string}[] = [
  {level: 'destination_port', chain: {destination_port: 80}, taken: {}, not: 'wants destination_port 80, got 443'},
  {
    level: 'prefix_ranges',
    chain: {prefix_ranges: [range('10.2.0.0/16'), range('10.3.0.0/16')]},
    taken: {},
    not: 'wants prefix_ranges 10.2.0.0/16,10.3.0.0/16, got 10.1.2.3',
  },
  {
    level: 'server_names',
    chain: {server_names: ['a.test', '*.b.test']},
    taken: {},
    not: 'wants server_names a.test,*.b.test, got web.shop.test',
  },
  {level: 'transport_protocol', chain: {transport_protocol: 'raw_buffer'}, taken: {}, not: 'wants transport_protocol raw_buffer, got tls'},
  {
    level: 'application_protocols',
    chain: {application_protocols: ['istio']},
    taken: {},
    not: 'wants application_protocols istio, got h2,http/1.1',
  },
  {
    level: 'direct_source_prefix_ranges',
    chain: {direct_source_prefix_ranges: [range('127.0.0.0/8')]},
    taken: {},
    not: 'wants direct_source_prefix_ranges 127.0.0.0/8, got 172.16.0.9',
  },
  {
    level: 'source_type',
    chain: {source_type: 'SAME_IP_OR_LOOPBACK'},
    taken: {},
    not: 'wants source_type SAME_IP_OR_LOOPBACK, got external',
  },
  {
    level: 'source_prefix_ranges',
    chain: {source_prefix_ranges: [range('10.0.0.0/8')]},
    taken: {},
    not: 'wants source_prefix_ranges 10.0.0.0/8, got 192.168.7.9',
  },
  {level: 'source_ports', chain: {source_ports: [1, 2]}, taken: {}, not: 'wants source_ports 1,2, got 4000'},
]

/** For each level a criterion that holds. */
const HOLDS: Readonly<Record<string, object>> = {
  destination_port: {destination_port: 443},
  prefix_ranges: {prefix_ranges: [range('10.1.2.0/24')]},
  server_names: {server_names: ['*.shop.test']},
  transport_protocol: {transport_protocol: 'tls'},
  application_protocols: {application_protocols: ['http/1.1']},
  direct_source_prefix_ranges: {direct_source_prefix_ranges: [range('172.16.0.0/12')]},
  source_type: {source_type: 'EXTERNAL'},
  source_prefix_ranges: {source_prefix_ranges: [range('192.168.0.0/16')]},
  source_ports: {source_ports: [4000]},
}

const VALUES: Readonly<Record<string, {socket: string; internal: string}>> = {
  destination_port: {socket: '443', internal: 'none'},
  prefix_ranges: {socket: '10.1.2.3', internal: 'internal'},
  server_names: {socket: 'web.shop.test', internal: 'no SNI'},
  transport_protocol: {socket: 'tls', internal: 'raw_buffer'},
  application_protocols: {socket: 'h2,http/1.1', internal: 'none'},
  direct_source_prefix_ranges: {socket: '172.16.0.9', internal: 'internal'},
  source_type: {socket: 'external', internal: 'external'},
  source_prefix_ranges: {socket: '192.168.7.9', internal: 'internal'},
  source_ports: {socket: '4000', internal: 'none'},
}

describe.each(LEVELS)('$level', ({level, chain, taken, not}) => {
  test('another value rules the chain out, and says so', () => {
    const match = only({other: chain, taken})
    expect(match.chain?.str('name')).toBe('taken')
    expect(texts(match)).toEqual([`other: ${not}`])
  })

  test('alone, it is where the match fails', () => {
    const match = only({other: chain})
    expect(match).toEqual({
      rejected: [{candidate: 'other', because: not}],
      requires: [],
      failedAt: level,
      because: [`${level} ${VALUES[level]?.socket}`],
    })
  })

  test('a chain asking for the value hides one that asks for nothing', () => {
    const match = only({any: {}, exact: HOLDS[level] ?? {}})
    expect(match.chain?.str('name')).toBe('exact')
    expect(texts(match)).toEqual([`any: takes every value of ${level}, and another chain asks for ${VALUES[level]?.socket}`])
    expect(match.because).toEqual([`${level} ${VALUES[level]?.socket}`])
  })

  test('an internal connection does not meet another value either', () => {
    const internal = only({other: chain}, INTERNAL)
    const expected = level === 'transport_protocol' ? undefined : level
    expect(internal.failedAt).toBe(expected)
    expect(internal.because).toEqual([`${level} ${VALUES[level]?.internal}`])
  })
})

describe('texts', () => {
  test('a chain taken by several criteria names them in the order of the levels, one that asks for nothing names none', () => {
    const chain = {source_ports: [4000], server_names: ['web.shop.test'], destination_port: 443}
    expect(only({taken: chain}).because).toEqual(['destination_port 443', 'server_names web.shop.test', 'source_ports 4000'])
    expect(only({taken: {}}).because).toEqual([])
  })

  test('a local source is named so', () => {
    const match = only({other: {source_type: 'EXTERNAL'}, any: {}}, {...CONNECTION, remote: {ip: '127.0.0.1', port: 1}})
    expect(texts(match)).toEqual(['other: wants source_type EXTERNAL, got local'])
  })

  test('no chain at all is neither a chain nor a failing level', () => {
    expect(legacyMatcher([]).match(CONNECTION)).toEqual([{rejected: [], requires: [], because: []}])
  })

  test('chains without name or match, ranges without length, and ranges that are none', () => {
    const chains = [
      new View({filter_chain_match: {prefix_ranges: [{address_prefix: '10.0.0.0', prefix_len: 8}]}}, '/0'),
      new View({name: 'bare'}, '/1'),
      new View({name: 'broken', filter_chain_match: {prefix_ranges: [{address_prefix: 'ten', prefix_len: 8}, {}]}}, '/2'),
    ]
    const [match] = legacyMatcher(chains).match(CONNECTION)
    expect(match?.chain?.pointer).toBe('/0')
    expect(match === undefined ? [] : texts(match)).toEqual([
      'bare: takes every value of prefix_ranges, and another chain asks for 10.1.2.3',
      'broken: wants prefix_ranges ten/8,{}, got 10.1.2.3',
    ])
    expect(chainName(new View({}, ''))).toBe('(unnamed)')
    const whole = only({all: {prefix_ranges: [{address_prefix: '0.0.0.0'}], server_names: ['other']}})
    expect(texts(whole)).toEqual(['all: wants server_names other, got web.shop.test'])
    expect(texts(only({six: {prefix_ranges: [{address_prefix: '::'}]}}))).toEqual(['six: wants prefix_ranges ::/0, got 10.1.2.3'])
  })

  test('source ports also as text; a port that is none never holds', () => {
    expect(only({text: {source_ports: ['4000']}, any: {}}).chain?.str('name')).toBe('text')
    expect(only({broken: {source_ports: ['x']}}).chain?.str('name')).toBe('broken')
  })
})

// filter_chain_manager_impl.cc; seen on Envoy 1.40.0: which of the two is kept changes from one start to the next.
test('two ways to say any: each outcome says which chains Envoy must have kept', () => {
  const found = legacyMatcher(chainsOf({none: {}, zero: {prefix_ranges: [range('0.0.0.0/0')]}})).match(CONNECTION)
  const condition = (name: string): object => ({
    what: `prefix_ranges: Envoy keeps the chains with ${name} (it stores both ways to say "any", and uses one)`,
    group: 'prefix_ranges any',
  })
  expect(found.map(({chain, requires}) => [chain?.str('name'), requires])).toEqual([
    ['none', [condition('no ranges')]],
    ['zero', [condition('such a range')]],
  ])
  expect(found.map(texts)).toEqual([
    ['zero: wants prefix_ranges 0.0.0.0/0, got 10.1.2.3'],
    ['none: takes every value of prefix_ranges, and another chain asks for 10.1.2.3'],
  ])
})
