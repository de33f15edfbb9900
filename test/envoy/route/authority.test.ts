import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {portStart, withoutPort} from '../../../src/envoy/route/authority.js'

describe('the port of an authority', () => {
  test.each([
    {authority: 'a.test:80', start: 6, host: 'a.test'},
    {authority: 'a.test', start: -1, host: 'a.test'},
    {authority: '[2001:db8::1]', start: -1, host: '[2001:db8::1]'},
    {authority: '[2001:db8::1]:80', start: 13, host: '[2001:db8::1]'},
    {authority: ':80', start: 0, host: ''},
    {authority: '', start: -1, host: ''},
  ])('"$authority"', ({authority, start, host}) => {
    expect(portStart(authority)).toBe(start)
    expect(withoutPort(authority)).toBe(host)
  })

  test('a host gets back what was put behind it, and keeps what is no port', () => {
    fc.assert(
      fc.property(fc.domain(), fc.nat({max: 65_535}), (host, port) => {
        expect(withoutPort(`${host}:${port}`)).toBe(host)
        expect(withoutPort(host)).toBe(host)
      }),
    )
  })
})
