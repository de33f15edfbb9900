import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {chooseVirtualHost} from '../../../src/envoy/route/virtual-host.js'
import {requestOf, streamOf, view} from '../match/samples.js'
import {select} from './routing.js'

/** envoy-2022 D5, F.17 word for word: exact, longest suffix, longest prefix, star. */
function naive(domains: readonly string[], authority: string): string | undefined {
  const longest = (matching: readonly string[]): string | undefined => matching.toSorted((a, b) => b.length - a.length)[0]
  const wildcards = domains.filter((domain) => domain !== '*')
  const suffixes = wildcards.filter(
    (domain) => domain.startsWith('*') && authority.length >= domain.length && authority.endsWith(domain.slice(1)),
  )
  const prefixes = wildcards.filter(
    (domain) =>
      !domain.startsWith('*') && domain.endsWith('*') && authority.length >= domain.length && authority.startsWith(domain.slice(0, -1)),
  )
  return (
    domains.find((domain) => domain === authority) ?? longest(suffixes) ?? longest(prefixes) ?? domains.find((domain) => domain === '*')
  )
}

describe('the choice of a virtual host', () => {
  test('is what a naive search over all domains finds', () => {
    const label = fc.stringMatching(/^[ab]{1,3}$/)
    const domain = fc.oneof(
      label,
      label.map((text) => `*${text}`),
      label.map((text) => `${text}*`),
      fc.constant('*'),
    )
    fc.assert(
      fc.property(fc.uniqueArray(domain, {minLength: 1, maxLength: 8}), fc.stringMatching(/^[ab]{1,5}$/), (domains, authority) => {
        const virtual_hosts = domains.map((text) => ({name: text, domains: [text]}))
        expect(chooseVirtualHost({table: view({virtual_hosts}), authority}).domain).toBe(naive(domains, authority))
      }),
      {numRuns: 500},
    )
  })

  test('takes the first of two hosts that name the same domain', () => {
    const virtual_hosts = [
      {name: 'first', domains: ['a.test', '*']},
      {name: 'second', domains: ['A.test', '*']},
    ]
    expect(chooseVirtualHost({table: view({virtual_hosts}), authority: 'a.test'}).host?.str('name')).toBe('first')
    expect(chooseVirtualHost({table: view({virtual_hosts}), authority: 'b.test'}).host?.str('name')).toBe('first')
  })

  test('knows all less specific hosts, nearest first', () => {
    const virtual_hosts = Array.from({length: 14}, (_, index) => ({name: `h${index}`, domains: [`*${'a'.repeat(index + 1)}`]}))
    const {domain, lessSpecific} = chooseVirtualHost({table: view({virtual_hosts}), authority: 'a'.repeat(20)})
    expect(domain).toBe(`*${'a'.repeat(14)}`)
    expect(lessSpecific.map((entry) => entry.domain)).toEqual(Array.from({length: 13}, (_, index) => `*${'a'.repeat(13 - index)}`))
  })

  test('finds nothing in what is no table', () => {
    expect(chooseVirtualHost({table: view('hostile'), authority: 'a.test'})).toEqual({lessSpecific: []})
    expect(chooseVirtualHost({table: view({virtual_hosts: [1, {domains: 'a'}, null]}), authority: 'a'}).host).toBeUndefined()
  })
})

describe('the step of a virtual host', () => {
  const hosts = [
    {name: 'exact', domains: ['a.test'], routes: []},
    {name: 'star', domains: ['*'], routes: []},
  ]

  test('lists what was less specific', () => {
    const step = (authority: string): unknown => select({name: 't', virtual_hosts: hosts}, streamOf(requestOf({authority})))[0]?.steps[0]
    expect(step('a.test')).toMatchObject({name: 'exact', rejected: [{candidate: 'star (*)', because: 'less specific than a.test'}]})
    expect(step('b.test')).toMatchObject({name: 'star', rejected: [{candidate: 'exact', because: 'domains a.test'}]})
  })

  test('leaves empty what has no name', () => {
    expect(select({virtual_hosts: [{domains: ['*']}]})[0]?.steps[0]).toMatchObject({name: '', table: '', domain: '*'})
  })

  test('stands before the redirect of require_tls, for a CONNECT without a path', () => {
    const table = {virtual_hosts: [{name: 'v', domains: ['*'], require_tls: 'ALL'}]}
    const [branch] = select(table, streamOf({method: 'CONNECT', authority: 'q.test:1', headers: []}))
    expect(branch?.value).toMatchObject({kind: 'redirect-tls', location: 'https://q.test:1'})
    expect(branch?.steps).toMatchObject([{kind: 'virtual-host', name: 'v', because: ['authority q.test:1']}])
  })
})
