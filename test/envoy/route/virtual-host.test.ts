import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {chooseVirtualHost} from '../../../src/envoy/route/virtual-host.js'
import {view} from '../match/samples.js'

const HOSTS = [
  {name: 'exact', domains: ['shop.test', 'Other.Test']},
  {name: 'port', domains: ['shop.test:8080']},
  {name: 'wild', domains: ['*.shop.test']},
  {name: 'wild-deep', domains: ['*.eu.shop.test', '*-eu.shop.test']},
  {name: 'pre', domains: ['shop.*']},
  {name: 'pre-long', domains: ['shop.eu.*']},
]
const STAR = {name: 'star', domains: ['*']}

function choose(authority: string, table: object = {virtual_hosts: [...HOSTS, STAR]}): string | undefined {
  return chooseVirtualHost({table: view(table), authority}).host?.str('name')
}

describe('chooseVirtualHost', () => {
  test.each([
    {name: 'exact', authority: 'shop.test', host: 'exact'},
    {name: 'the authority in any case', authority: 'SHOP.Test', host: 'exact'},
    {name: 'the domain in any case', authority: 'other.test', host: 'exact'},
    {name: 'port in the domain', authority: 'shop.test:8080', host: 'port'},
    {name: 'other port', authority: 'shop.test:9090', host: 'pre'},
    {name: 'suffix', authority: 'a.shop.test', host: 'wild'},
    {name: 'longest suffix', authority: 'a.eu.shop.test', host: 'wild-deep'},
    {name: 'suffix without dot', authority: 'x-eu.shop.test', host: 'wild-deep'},
    {name: 'a suffix needs one more character', authority: '.shop.test', host: 'star'},
    {name: 'suffix before prefix', authority: 'shop.eu.shop.test', host: 'wild-deep'},
    {name: 'prefix', authority: 'shop.org', host: 'pre'},
    {name: 'longest prefix', authority: 'shop.eu.org', host: 'pre-long'},
    {name: 'star', authority: 'zzz.org', host: 'star'},
    {name: 'a port spoils a suffix', authority: 'a.shop.test:80', host: 'star'},
    {name: 'no authority', authority: '', host: 'star'},
    {name: 'inherited names are no domains', authority: 'constructor', host: 'star'},
  ])('$name', ({authority, host}) => {
    expect(choose(authority)).toBe(host)
  })

  test('ignore_port_in_host_matching hides domains with a port', () => {
    const table = {virtual_hosts: [...HOSTS, STAR], ignore_port_in_host_matching: true}
    expect(choose('shop.test:8080', table)).toBe('exact')
    expect(choose('a.shop.test:1', table)).toBe('wild')
    expect(
      choose('[2001:db8::1]:80', {virtual_hosts: [{name: 'v6', domains: ['[2001:db8::1]']}], ignore_port_in_host_matching: true}),
    ).toBe('v6')
  })

  test('without star there may be none', () => {
    expect(chooseVirtualHost({table: view({virtual_hosts: HOSTS}), authority: 'zzz.org'})).toEqual({lessSpecific: []})
    expect(chooseVirtualHost({table: view({}), authority: 'zzz.org'})).toEqual({lessSpecific: []})
  })

  test('tells the domain and what is less specific', () => {
    expect(chooseVirtualHost({table: view({virtual_hosts: [...HOSTS, STAR]}), authority: 'a.eu.shop.test'})).toMatchObject({
      domain: '*.eu.shop.test',
      lessSpecific: [{domain: '*.shop.test'}, {domain: '*'}],
    })
  })

  test('asked again, the same table answers the same', () => {
    const table = view({virtual_hosts: [...HOSTS, STAR]})
    const ask = (): unknown => chooseVirtualHost({table, authority: 'shop.org'}).host?.pointer
    expect([ask(), ask()]).toEqual(['/virtual_hosts/4', '/virtual_hosts/4'])
  })

  test('the longest matching suffix wins over every shorter one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-c]{1,3}$/), {minLength: 1, maxLength: 6}),
        fc.stringMatching(/^[a-c]{1,6}$/),
        (suffixes, host) => {
          const virtual_hosts = suffixes.map((suffix) => ({name: suffix, domains: [`*${suffix}`]}))
          const longest = suffixes
            .filter((suffix) => suffix.length < host.length && host.endsWith(suffix))
            .toSorted((a, b) => b.length - a.length)[0]
          expect(choose(host, {virtual_hosts})).toBe(longest)
        },
      ),
    )
  })
})
