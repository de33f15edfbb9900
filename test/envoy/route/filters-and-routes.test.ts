import {describe, expect, test} from 'vitest'
import type {Exit} from '../../../src/flow/forwarder.js'
import {ask, endsOf, httpFilter, oneHost, sentBy, type HttpParts} from '../engine/http-dump.js'
import {requestOf} from '../match/samples.js'

type Message = Readonly<Record<string, unknown>>

const TYPE = 'type.googleapis.com/'
const WEB = {match: {prefix: '/'}, route: {cluster: 'web'}}

function detailsOf(parts: HttpParts): string | undefined {
  return ask(parts).exits[0]?.log?.details
}

/** envoy-2022 D5 (typed_per_filter_config), D7: a filter that denies everything, and what a level makes of it. */
describe('typed_per_filter_config of the RBAC filter', () => {
  const DENIED = 'rbac_access_denied_matched_policy[none]'
  const denying = httpFilter('rbac.v3.RBAC', {rules: {}})
  const level = (config: Message): Message => ({typed_per_filter_config: {'rbac.v3.RBAC': config}})
  const perRoute = (fields: Message): Message => ({'@type': `${TYPE}envoy.extensions.filters.http.rbac.v3.RBACPerRoute`, ...fields})
  const generic = (fields: Message): Message => ({'@type': `${TYPE}envoy.config.route.v3.FilterConfig`, ...fields})
  const off = level(perRoute({}))
  const on = level(perRoute({rbac: {rules: {}}}))
  const weighted = (entry: Message): Message => ({
    match: {prefix: '/'},
    route: {weighted_clusters: {clusters: [{name: 'web', weight: 1, ...entry}]}},
  })

  test.each([
    {name: 'none: the filter decides', route: {}, virtualHost: {}, table: {}, details: DENIED},
    {name: 'the table switches it off', route: {}, virtualHost: {}, table: off, details: undefined},
    {name: 'the virtual host over the table', route: {}, virtualHost: on, table: off, details: DENIED},
    {name: 'the route over the virtual host', route: off, virtualHost: on, table: {}, details: undefined},
    {name: 'the route over the table', route: on, virtualHost: {}, table: off, details: DENIED},
    {name: 'FilterConfig.disabled', route: level(generic({disabled: true})), virtualHost: on, table: {}, details: undefined},
    {name: 'FilterConfig with a config', route: level(generic({config: perRoute({})})), virtualHost: on, table: {}, details: undefined},
  ])('$name', ({route, virtualHost, table, details}) => {
    expect(detailsOf({table: {...oneHost([{...WEB, ...route}], virtualHost), ...table}, filters: [denying]})).toBe(details)
  })

  test.each([
    {name: 'the weighted entry over the route', entry: off, route: on, details: undefined},
    {name: 'the route where the entry says nothing', entry: {}, route: off, details: undefined},
    {name: 'the entry switches it on', entry: on, route: off, details: DENIED},
  ])('$name', ({entry, route, details}) => {
    expect(detailsOf({table: oneHost([{...weighted(entry), ...route}]), filters: [denying]})).toBe(details)
  })

  test('a filter that is off by default is switched on by a route', () => {
    const disabled = {...denying, disabled: true}
    expect(detailsOf({table: oneHost([WEB]), filters: [disabled]})).toBeUndefined()
    expect(detailsOf({table: oneHost([{...WEB, ...on}]), filters: [disabled]})).toBe(DENIED)
  })
})

/** envoy-2022 D6: a filter changes headers after the route was chosen; what looks at them later sees the change. */
describe('headers a filter changes', () => {
  const set = (key: string, value: string): Message => ({append: {header: {key, value}, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD'}})
  const mutation = (...request_mutations: readonly Message[]): Message =>
    httpFilter('header_mutation.v3.HeaderMutation', {mutations: {request_mutations}})
  const needs = (name: string, value: string): Message =>
    httpFilter('rbac.v3.RBAC', {
      rules: {policies: {needed: {permissions: [{header: {name, string_match: {exact: value}}}], principals: [{any: true}]}}},
    })

  function only(parts: HttpParts, headers: readonly (readonly [string, string])[] = []): Exit | undefined {
    return ask(parts, requestOf({headers})).exits[0]
  }

  test('are seen by the filters behind it, not by those before it', () => {
    const table = oneHost([WEB])
    expect(only({table, filters: [mutation(set('x-team', 'a')), needs('x-team', 'a')]})?.kind).toBe('depart')
    expect(only({table, filters: [needs('x-team', 'a'), mutation(set('x-team', 'a'))]})?.log?.code).toBe(403)
    expect(only({table, filters: [mutation({remove: 'x-team'}), needs('x-team', 'a')]}, [['x-team', 'a']])?.log?.code).toBe(403)
  })

  test('do not choose another route', () => {
    const canary = {...WEB, name: 'canary', match: {prefix: '/', headers: [{name: 'x-canary', string_match: {exact: '1'}}]}}
    const exit = only({table: oneHost([canary, {...WEB, name: 'main'}]), filters: [mutation(set('x-canary', '1'))]})
    expect(exit?.log?.route).toBe('main')
    expect(sentBy(exit)?.headers).toContainEqual(['x-canary', '1'])
  })

  test('are there when the route rewrites the host by a header', () => {
    const route = {match: {prefix: '/'}, route: {cluster: 'web', host_rewrite_header: 'x-host'}}
    expect(sentBy(only({table: oneHost([route]), filters: [mutation(set('x-host', 'set.test'))]}))?.authority).toBe('set.test')
  })

  test('leave the shares of weighted clusters as they are', () => {
    const clusters = [
      {name: 'web', weight: 9},
      {name: 'other', weight: 1},
    ]
    const table = oneHost([{match: {prefix: '/'}, route: {weighted_clusters: {clusters}}}])
    const forwarding = ask({table, filters: [mutation(set('x-team', 'a'))], clusters: ['web', 'other']})
    expect(endsOf(forwarding)).toEqual(['web 9/10', 'other 1/10'])
    expect(forwarding.exits.map((exit) => sentBy(exit)?.headers.at(-1))).toEqual([
      ['x-team', 'a'],
      ['x-team', 'a'],
    ])
  })
})
