import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {inRange, ipBytes, parseRange, type Range} from '../../../src/envoy/match/ip.js'
import {ipTrie} from '../../../src/envoy/match/ip-trie.js'

function rangeOf(text: string): Range {
  const [prefix = '', length] = text.split('/')
  const range = parseRange({prefix, length: Number(length)})
  if (range === undefined) throw new Error(`${text} is no range`)
  return range
}

function find(ranges: readonly string[], address: string): string[] {
  return ipTrie(ranges.map((text) => [rangeOf(text), text] as const)).find(ipBytes(address) ?? [])
}

/** What the trie must say: the ranges that hold the address, the longest first. */
function findNaively(ranges: readonly string[], address: string): string[] {
  const bytes = ipBytes(address) ?? []
  return ranges.filter((text) => inRange(bytes, rangeOf(text))).toSorted((a, b) => rangeOf(b).length - rangeOf(a).length)
}

// Few different bits, so that ranges lie inside each other.
const octet = fc.constantFrom(0, 1, 10, 128, 255)
const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const group = fc.constantFrom('0', '1', '8000', 'ffff')
const v6 = fc.array(group, {minLength: 8, maxLength: 8}).map((groups) => groups.join(':'))
const mapped = v4.map((ip) => `::ffff:${ip}`)
const address = fc.oneof(v4, v6, mapped)
const range = address.chain((ip) => fc.integer({min: 0, max: ip.includes(':') ? 128 : 32}).map((length) => `${ip}/${length}`))

test('the trie finds what a search through all ranges finds, in its order', () => {
  fc.assert(
    fc.property(fc.array(range, {maxLength: 40}), fc.array(address, {minLength: 1, maxLength: 10}), (ranges, addresses) => {
      const trie = ipTrie(ranges.map((text) => [rangeOf(text), text] as const))
      for (const ip of addresses) expect(trie.find(ipBytes(ip) ?? []), ip).toEqual(findNaively(ranges, ip))
    }),
    {numRuns: 500},
  )
})

test('the addresses of the ranges themselves find them', () => {
  fc.assert(
    fc.property(fc.array(range, {minLength: 1, maxLength: 40}), (ranges) => {
      for (const text of ranges) {
        const ip = text.split('/')[0] ?? ''
        expect(find(ranges, ip)).toEqual(findNaively(ranges, ip))
        expect(find(ranges, ip)).toContain(text)
      }
    }),
    {numRuns: 200},
  )
})

describe('by hand', () => {
  const RANGES = ['10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0', '10.1.2.3/32', '10.1.255.255/16', '::/0', '::ffff:10.1.2.3/128']

  test.each([
    {address: '10.1.2.3', finds: ['10.1.2.3/32', '10.1.0.0/16', '10.1.255.255/16', '10.0.0.0/8', '0.0.0.0/0']},
    {address: '10.2.0.1', finds: ['10.0.0.0/8', '0.0.0.0/0']},
    {address: '11.0.0.1', finds: ['0.0.0.0/0']},
    {address: '::1', finds: ['::/0']},
    // Families never match each other, mapped addresses neither.
    {address: '::ffff:10.1.2.3', finds: ['::ffff:10.1.2.3/128', '::/0']},
    {address: 'web.shop.test', finds: []},
  ])('$address', ({address: asked, finds}) => {
    expect(find(RANGES, asked)).toEqual(finds)
  })

  test('an empty trie finds nothing', () => {
    expect(find([], '10.0.0.1')).toEqual([])
  })
})

test.each([1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('a prefix of %d bits is no range, and never reaches the trie', (length) => {
  expect(parseRange({prefix: '10.0.0.0', length})).toBeUndefined()
})
