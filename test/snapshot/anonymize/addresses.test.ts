import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import {describe, expect, it} from 'vitest'
import {AddressKey} from '../../../src/snapshot/anonymize/addresses.js'

const key = new AddressKey('a seed')

function sharedBits(one: string, other: string): number {
  const bits = (address: string): string =>
    ipaddr
      .parse(address)
      .toByteArray()
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('')
  const [a, b] = [bits(one), bits(other)]
  const at = Array.from(a).findIndex((bit, index) => bit !== b[index])
  return at === -1 ? a.length : at
}

/** Pairs that share much: random ones would differ in the first bits. */
const pairs = (address: fc.Arbitrary<string>, bytes: number): fc.Arbitrary<[string, string]> =>
  fc.tuple(address, fc.nat(bytes * 8 - 1)).map(([text, bit]) => {
    const other = ipaddr.parse(text).toByteArray()
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (128 >> (bit & 7))
    return [text, ipaddr.fromByteArray(other).toString()]
  })

describe('addresses under a key', () => {
  it.each([
    {what: 'IPv4', address: fc.ipV4(), bytes: 4},
    {what: 'IPv6', address: fc.ipV6(), bytes: 16},
  ])('share as many leading bits as before: $what', ({address, bytes}) => {
    fc.assert(
      fc.property(pairs(address, bytes), ([one, other]) => {
        const [before, after] = [sharedBits(one, other), sharedBits(key.rename(one), key.rename(other))]
        // An IPv4 address inside IPv6 has the bits of the IPv4 address behind a prefix that stays.
        expect(after).toBe(before)
      }),
      {numRuns: 300},
    )
  })

  it.each(['127.0.0.1', '0.0.0.0', '255.255.255.0', '169.254.169.254', '224.0.0.1', '::', '::1', 'ff02::1'])('keep %s', (address) => {
    expect(key.rename(address)).toBe(address)
  })

  it('keep private ranges private, and change what is in them', () => {
    for (const [address, range] of [
      ['10.4.3.8', '10.0.0.0/8'],
      ['172.18.0.3', '172.16.0.0/12'],
      ['192.168.4.4', '192.168.0.0/16'],
      ['fd00:10::7', 'fc00::/7'],
    ] as const) {
      const renamed = key.rename(address)
      expect(renamed).not.toBe(address)
      expect(ipaddr.parse(renamed).match(ipaddr.parseCIDR(range))).toBe(true)
    }
  })

  it('write an IPv4 address inside IPv6 like the IPv4 address', () => {
    expect(ipaddr.parse(key.rename('::ffff:10.4.3.8')).toNormalizedString()).toBe(
      ipaddr.parse(`::ffff:${key.rename('10.4.3.8')}`).toNormalizedString(),
    )
  })

  it('write a range of IPv4 inside IPv6 like the range of IPv4', () => {
    for (const [inside, length] of [
      ['10.4.3.8', 32],
      ['10.4.3.0', 24],
      ['0.0.0.0', 0],
    ] as const) {
      const renamed = ipaddr.parse(key.renameRange(`::ffff:${inside}`, 96 + length)).toNormalizedString()
      expect(renamed).toBe(ipaddr.parse(`::ffff:${key.renameRange(inside, length)}`).toNormalizedString())
    }
  })

  it('end a range where its prefix ends', () => {
    const range = key.renameRange('10.4.3.0', 24)
    expect(range).toMatch(/\.0$/)
    expect(sharedBits(range, key.rename('10.4.3.77'))).toBeGreaterThanOrEqual(24)
  })
})
