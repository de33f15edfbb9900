import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {toChain} from '../engine/dump.js'
import {connectionTo, custom, domainMatcher, exact, ipMatcher, nest, outcomes, pathOf, prefix} from './trees.js'

const IP = 'DestinationIPInput'
const PORT = 'DestinationPortInput'
const miss = (): Readonly<Record<string, unknown>> => nest({})

/** Few bits vary, so that ranges overlap often. */
const address = fc.tuple(fc.constantFrom(10, 11), fc.constantFrom(0, 128), fc.constantFrom(0, 7), fc.nat(3)).map((bytes) => bytes.join('.'))
const bits = (ip: string): string =>
  ip
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('')
const range = fc.record({
  ip: address,
  length: fc.constantFrom(0, 1, 7, 8, 9, 16, 23, 24, 30, 31, 32),
  misses: fc.boolean(),
  exclusive: fc.boolean(),
})

describe('IPMatcher', () => {
  test('takes what a linear search over bit strings finds', () => {
    fc.assert(
      fc.property(address, fc.array(range, {maxLength: 6}), (ip, ranges) => {
        const entries = ranges.map(({ip: prefixIp, length, misses, exclusive}, index) => ({
          ranges: [`${prefixIp}/${length}`],
          on: misses ? miss() : toChain(String(index)),
          exclusive,
        }))
        const holding = ranges
          .map((one, index) => ({...one, index}))
          .filter((one) => bits(one.ip).slice(0, one.length) === bits(ip).slice(0, one.length))
          .sort((a, b) => b.length - a.length || a.index - b.index)
        // envoy-2022 D2: an exclusive range is skipped unless it comes first; a miss hands over to the next one.
        const taken = holding.find((one, place) => !(one.exclusive && place > 0) && !one.misses)
        const found = outcomes(custom(IP, ipMatcher(...entries), toChain('else')), {connection: connectionTo(`${ip}:80`)})
        expect(found).toEqual([taken === undefined ? 'else' : String(taken.index)])
      }),
    )
  })

  const net = (port: number, chain: string): Readonly<Record<string, unknown>> => nest(exact(PORT, {[port]: toChain(chain)}))

  // Recorded: matchers-matcher-ip-trie (1.40.0 and 1.36.2).
  test.each([
    {case: 'host-80', to: '10.1.2.3:80', takes: 'h1-80'},
    {case: 'host-443-falls-to-24', to: '10.1.2.3:443', takes: 'n24'},
    {case: 'host-81-falls-to-8', to: '10.1.2.3:81', takes: 'n8'},
    {case: 'net8', to: '10.200.0.1:80', takes: 'n8'},
    {case: 'outside', to: '11.0.0.1:80', takes: 'none-here'},
    {case: 'v6-outside: families never match each other', to: '2001:db8::1:80', takes: 'none-here'},
  ])('$case', ({to, takes}) => {
    const matcher = custom(
      IP,
      ipMatcher(
        {ranges: ['10.0.0.0/8'], on: toChain('n8')},
        {ranges: ['10.1.2.0/24', '10.1.3.0/24'], on: net(443, 'n24')},
        {ranges: ['10.1.2.3/32'], on: net(80, 'h1-80')},
      ),
      toChain('none-here'),
    )
    expect(outcomes(matcher, {connection: connectionTo(to)})).toEqual([takes])
  })

  // Recorded: exclusive-* of matchers-matcher-ip-trie.
  test.each([
    {case: 'exclusive-parent-skipped', to: '10.1.2.9:81', takes: 'n8'},
    {case: 'exclusive-first', to: '10.1.9.9:81', takes: 'excl'},
    {case: 'exclusive-child-hit', to: '10.1.2.9:80', takes: 'excl-in'},
  ])('$case', ({to, takes}) => {
    const matcher = custom(
      IP,
      ipMatcher(
        {ranges: ['10.0.0.0/8'], on: toChain('n8')},
        {ranges: ['10.1.0.0/16'], on: toChain('excl'), exclusive: true},
        {ranges: ['10.1.2.0/24'], on: net(80, 'excl-in')},
      ),
    )
    expect(outcomes(matcher, {connection: connectionTo(to)})).toEqual([takes])
  })

  test('of equal ranges the first declared is tried first, then the second (dup-declaration-order, dup-second)', () => {
    const matcher = custom(IP, ipMatcher({ranges: ['10.0.0.0/8'], on: net(80, 'a')}, {ranges: ['10.0.0.0/8'], on: toChain('b')}))
    expect(outcomes(matcher, {connection: connectionTo('10.0.0.1:80')})).toEqual(['a'])
    expect(outcomes(matcher, {connection: connectionTo('10.0.0.1:81')})).toEqual(['b'])
    expect(pathOf(matcher, {connection: connectionTo('10.0.0.1:81')})).toEqual([
      'DestinationIPInput 10.0.0.1 → 10.0.0.0/8',
      'DestinationPortInput 81 → (no match)',
      'DestinationIPInput 10.0.0.1 → 10.0.0.0/8',
    ])
  })

  test('IPv6 ranges, a default length of 0, and a length beyond the address', () => {
    const six = custom(IP, ipMatcher({ranges: ['2001:db8::/32'], on: toChain('six')}, {ranges: ['::/0'], on: toChain('any-six')}))
    expect(outcomes(six, {connection: connectionTo('2001:db8:7::1:80')})).toEqual(['six'])
    expect(outcomes(six, {connection: connectionTo('2001:dead::1:80')})).toEqual(['any-six'])
    expect(outcomes(six, {connection: connectionTo('10.0.0.1:80')})).toEqual(['none'])
    const zero = {...ipMatcher(), range_matchers: [{ranges: [{address_prefix: '10.9.9.9'}], on_match: toChain('all')}]}
    expect(pathOf(custom(IP, zero))).toEqual(['DestinationIPInput 10.0.0.1 → 10.9.9.9/0'])
    const long = custom(IP, ipMatcher({ranges: ['10.0.0.1/99'], on: toChain('host')}))
    expect(pathOf(long)).toEqual(['DestinationIPInput 10.0.0.1 → 10.0.0.1/32'])
  })

  test('a range that is none, an entry without on_match, and an input that is no address select nothing', () => {
    const broken = {
      ...ipMatcher(),
      range_matchers: [{ranges: [{prefix_len: 0}, {address_prefix: 'ten', prefix_len: 0}], on_match: toChain('x')}],
    }
    expect(outcomes(custom(IP, broken, toChain('else')))).toEqual(['else'])
    const empty = {...ipMatcher(), range_matchers: [{ranges: [{address_prefix: '10.0.0.0', prefix_len: 8}]}]}
    expect(pathOf(custom(IP, empty, toChain('else')))).toEqual(['DestinationIPInput 10.0.0.1 → (no match)'])
    const port = custom(PORT, ipMatcher({ranges: ['0.0.0.0/0'], on: toChain('x')}), toChain('else'))
    expect([outcomes(port), pathOf(port)]).toEqual([['else'], ['DestinationPortInput 80 → (no match)']])
  })
})

const label = fc.constantFrom('a', 'b', 'shop', 'test')
const host = fc.array(label, {minLength: 1, maxLength: 4}).map((labels) => labels.join('.'))
const domain = fc.oneof(
  host,
  host.map((name) => `*.${name}`),
  fc.constant('*'),
)
const distinctDomains = fc.uniqueArray(fc.record({domain, misses: fc.boolean()}), {selector: (entry) => entry.domain, maxLength: 6})

describe.each(['ServerNameMatcher', 'DomainMatcher'] as const)('%s', (type) => {
  const sni = (name: string): ReturnType<typeof connectionTo> => connectionTo('10.0.0.1:443', {serverName: name})

  test('takes the name, then each parent domain from near to far, then *', () => {
    fc.assert(
      fc.property(host, distinctDomains, (name, entries) => {
        const config = domainMatcher(
          type,
          entries.map((entry) => [entry.domain, entry.misses ? miss() : toChain(entry.domain)] as const),
        )
        const labels = name.split('.')
        const order = [name, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`), '*']
        const taken = order.find((candidate) => entries.some((entry) => entry.domain === candidate && !entry.misses))
        expect(outcomes(custom('ServerNameInput', config, toChain('else')), {connection: sni(name)})).toEqual([taken ?? 'else'])
      }),
    )
  })

  // Recorded: sni-* of matchers-matcher-predicates.
  test.each([
    {case: 'sni-exact', name: 'api.shop.test', takes: 'api.shop.test'},
    {case: 'sni-wild', name: 'x.shop.test', takes: '*.shop.test'},
    {case: 'sni-longer-wild-nested-miss', name: 'x.eu.shop.test', takes: '*.shop.test'},
    {case: 'sni-apex', name: 'shop.test', takes: 'else'},
    {case: 'sni-none', name: '', takes: 'else'},
  ])('$case', ({name, takes}) => {
    const config = domainMatcher(type, [
      ['*.shop.test', toChain('*.shop.test')],
      ['*.eu.shop.test', miss()],
      ['api.shop.test', toChain('api.shop.test')],
    ])
    expect(outcomes(custom('ServerNameInput', config, toChain('else')), {connection: sni(name)})).toEqual([takes])
  })

  test('the part before a wildcard is never empty, and an entry without on_match or with a number for a name selects nothing', () => {
    const matchers = [{domains: ['a.test']}, {domains: [7, 'b.test'], on_match: toChain('b')}]
    const config = {...domainMatcher(type, []), domain_matchers: matchers}
    expect(pathOf(custom('ServerNameInput', config, toChain('else')), {connection: sni('a.test')})).toEqual([
      'ServerNameInput a.test → (no match)',
    ])
    expect(pathOf(custom('ServerNameInput', config), {connection: sni('b.test')})).toEqual(['ServerNameInput b.test → b.test'])
    const wild = domainMatcher(type, [['*.test', toChain('wild')]])
    expect(outcomes(custom('ServerNameInput', wild), {connection: sni('.test')})).toEqual(['none'])
  })
})

describe('prefix maps', () => {
  const text = fc.array(fc.constantFrom('1', '2'), {maxLength: 5}).map((digits) => digits.join(''))

  test('take the longest key that the input starts with and whose matcher finds something', () => {
    fc.assert(
      fc.property(fc.nat(2222), fc.dictionary(text, fc.boolean(), {maxKeys: 6, noNullPrototype: true}), (port, keys) => {
        const map = Object.fromEntries(Object.entries(keys).map(([key, hits]) => [key, hits ? toChain(`<${key}>`) : miss()]))
        const hits = Object.keys(keys).filter((key) => keys[key] === true && String(port).startsWith(key))
        const longest = hits.reduce<string | undefined>(
          (best, key) => (best === undefined || key.length > best.length ? key : best),
          undefined,
        )
        const found = outcomes(prefix(PORT, map, toChain('else')), {connection: connectionTo(`10.0.0.1:${port}`)})
        expect(found).toEqual([longest === undefined ? 'else' : `<${longest}>`])
      }),
    )
  })
})
