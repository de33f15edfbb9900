import {expect, test} from 'vitest'
import {canonicalIp as kernelIp} from '../../src/kernel/config/ip.js'
import {isInside, isLoopback, isPublic, normalIp} from '../../src/mesh/ip.js'
import {canonicalIp as ztunnelIp, prefixContaining} from '../../src/ztunnel/config/ip.js'

test.each([
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:DB8:0::1', '2001:db8::1'],
  ['name', 'name'],
  ['fe80::1%eth-0', 'fe80::1%eth-0'],
  ['::ffff:10.0.0.1%a b', '::ffff:10.0.0.1%a b'],
])('the spelling of %s is %s', (text, expected) => {
  expect(normalIp(text)).toBe(expected)
})

test('a zone that cannot be read makes no address, and no crash', () => {
  const text = 'fe80::1%eth-0'
  expect([isLoopback(text), isPublic(text), isInside(text, 'fe80::/10')]).toEqual([false, false, false])
  expect([kernelIp(text), ztunnelIp(text), prefixContaining('fe80::/10', text)]).toEqual([text, text, undefined])
})
