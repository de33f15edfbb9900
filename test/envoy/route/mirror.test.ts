import {describe, expect, test} from 'vitest'
import {requestOf, streamOf} from '../match/samples.js'
import {chosen, destinations, resolve, tableOf} from './routing.js'

describe('mirrors', () => {
  const policy = (cluster: string, extra: object = {}): object => ({cluster, ...extra})
  const forward = (policies: readonly object[]): object => ({route: {cluster: 'c', request_mirror_policies: policies}})

  test('are branches of their own beside the request', () => {
    const [request, mirror, ...others] = resolve(chosen(forward([policy('m')])), streamOf(requestOf({authority: 'a.test:80'})))
    expect(others).toEqual([])
    expect(request).not.toHaveProperty('mirror')
    expect(mirror).toMatchObject({
      mirror: true,
      share: {numerator: 1n, denominator: 1n},
      value: {cluster: 'm', stream: {request: {authority: 'a.test-shadow:80'}}},
    })
  })

  test.each([
    {name: 'an address', authority: '10.0.0.1:80', extra: {}, result: '10.0.0.1:80'},
    {name: 'an IPv6 address', authority: '[2001:db8::1]:80', extra: {}, result: '[2001:db8::1]:80'},
    {name: 'suffix switched off', authority: 'a.test', extra: {disable_shadow_host_suffix_append: true}, result: 'a.test'},
    {name: 'a host of its own', authority: 'a.test', extra: {host_rewrite_literal: 'm.test'}, result: 'm.test'},
  ])('keep the host: $name', ({authority, extra, result}) => {
    expect(resolve(chosen(forward([policy('m', extra)])), streamOf(requestOf({authority})))[1]?.value.stream.request.authority).toBe(result)
  })

  test('come from the route, else the virtual host, else the table', () => {
    const virtualHost = {request_mirror_policies: [policy('by-host')]}
    const table = {request_mirror_policies: [policy('by-table')]}
    const mirrors = (choice: ReturnType<typeof chosen>): unknown[] =>
      resolve(choice)
        .slice(1)
        .map(({value}) => value.kind === 'cluster' && value.cluster)
    expect(mirrors(chosen(forward([policy('by-route')]), {virtualHost, table}))).toEqual(['by-route'])
    expect(mirrors(chosen(forward([]), {virtualHost, table}))).toEqual(['by-host'])
    expect(mirrors(chosen(forward([]), {table}))).toEqual(['by-table'])
  })

  test('their fraction takes the same random value as everything else', () => {
    const tenth = policy('m', {runtime_fraction: {default_value: {numerator: 10}}})
    expect(
      destinations(tableOf([{match: {prefix: '/'}, ...forward([tenth, policy('never', {runtime_fraction: {default_value: {}}})])}])),
    ).toEqual(['c 1', 'mirror m 1/10'])
    const split = {
      route: {
        weighted_clusters: {
          clusters: [
            {name: 'a', weight: 50},
            {name: 'b', weight: 50},
          ],
        },
        request_mirror_policies: [tenth],
      },
    }
    expect(destinations(tableOf([{match: {prefix: '/'}, ...split}]))).toEqual(['a 1/2', 'mirror m 1/10', 'b 1/2'])
  })

  test('cluster_header without the header mirrors nothing', () => {
    expect(resolve(chosen(forward([{cluster_header: 'x-m'}])))).toHaveLength(1)
  })
})
