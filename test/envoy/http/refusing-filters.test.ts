import {describe, expect, test} from 'vitest'
import {ends, exitsWith, sentLines, typed, type Asked, type Message} from './filter-request.js'

const percent = (numerator: number): object => ({default_value: {numerator, denominator: 'HUNDRED'}})

/** local_ratelimit.proto: without filter_enabled or filter_enforced nothing is limited. */
describe('local rate limit', () => {
  const bucket = {token_bucket: {max_tokens: 1, fill_interval: '1s'}}
  const on = {filter_enabled: percent(100), filter_enforced: percent(100)}
  test.each<{name: string; fields: object; expected: string[]}>([
    {name: 'not enabled', fields: {...bucket, filter_enforced: percent(100)}, expected: ['1 forwarded']},
    {name: 'not enforced', fields: {...bucket, filter_enabled: percent(100)}, expected: ['1 forwarded']},
    {name: 'no bucket', fields: on, expected: ['1 forwarded']},
    {name: 'enforced', fields: {...bucket, ...on}, expected: ['one of 2 forwarded', 'one of 2 429 local_rate_limited']},
    {
      name: 'another status',
      fields: {...bucket, ...on, status: {code: 'Conflict'}},
      expected: ['one of 2 forwarded', 'one of 2 409 local_rate_limited'],
    },
    {
      name: 'a status that is no refusal',
      fields: {...bucket, ...on, status: {code: 'OK'}},
      expected: ['one of 2 forwarded', 'one of 2 429 local_rate_limited'],
    },
  ])('$name', ({fields, expected}) => {
    expect(ends({filter: typed('local_ratelimit.v3.LocalRateLimit', {...fields})})).toEqual(expected)
  })
})

/** ratelimit.cc initiateCall: a request without descriptors is not asked about. */
describe('rate limit service', () => {
  test.each<{name: string; action: Message; expected: string[]}>([
    {name: 'no limits', action: {route: {cluster: 'web'}}, expected: ['1 forwarded']},
    {
      name: 'limits of the route',
      action: {route: {cluster: 'web', rate_limits: [{actions: [{remote_address: {}}]}]}},
      expected: ['one of 2 forwarded', 'one of 2 429'],
    },
  ])('$name', ({action, expected}) => {
    expect(ends({filter: typed('ratelimit.v3.RateLimit', {domain: 'd'}), action})).toEqual(expected)
  })
})

/** ext_authz.cc, seen on Envoy 1.40.0: a service without hosts is an error at once. */
describe('ext_authz', () => {
  const authz = (cluster: string, fields: object = {}): Asked['filter'] =>
    typed('ext_authz.v3.ExtAuthz', {http_service: {server_uri: {uri: 'http://x', cluster}}, ...fields})
  const asked = ['one of 2 forwarded', 'one of 2 403']
  test.each<{name: string; filter: Message; route?: Message; expected: string[]}>([
    {name: 'asks', filter: authz('web'), expected: asked},
    {name: 'no host', filter: authz('empty'), expected: ['1 403']},
    {name: 'no cluster', filter: authz('missing'), expected: ['1 403']},
    {name: 'no host, status_on_error', filter: authz('empty', {status_on_error: {code: 'ServiceUnavailable'}}), expected: ['1 503']},
    {name: 'no host, failure_mode_allow', filter: authz('empty', {failure_mode_allow: true}), expected: ['1 forwarded']},
    {name: 'not enabled', filter: authz('empty', {filter_enabled: percent(0)}), expected: ['1 forwarded']},
    {
      name: 'not enabled, deny_at_disable',
      filter: authz('empty', {filter_enabled: percent(0), deny_at_disable: {runtime_key: 'k', default_value: true}}),
      expected: ['1 403'],
    },
    {
      name: 'off for the route',
      filter: authz('empty'),
      route: typed('ext_authz.v3.ExtAuthzPerRoute', {disabled: true}),
      expected: ['1 forwarded'],
    },
  ])('$name', ({filter, route, expected}) => {
    expect(ends({filter, ...(route === undefined ? {} : {route})})).toEqual(expected)
  })
})

/** header_mutation.cc, seen on Envoy 1.40.0: every level counts, the filter's own first, the most specific level next. */
describe('header_mutation', () => {
  const append = (value: string): object => ({mutations: {request_mutations: [{append: {header: {key: 'x-a', value}}}]}})
  const level = (value: string): Message => typed('header_mutation.v3.HeaderMutationPerRoute', {...append(value)})
  const levels = {table: level('table'), host: level('host'), route: level('route')}
  test.each<{name: string; fields: object; levels?: Partial<Asked>; expected: string[]}>([
    {name: 'the filter alone', fields: append('own'), expected: ['own']},
    {name: 'all levels', fields: append('own'), levels, expected: ['own', 'route', 'host', 'table']},
    {
      name: 'the most specific last',
      fields: {...append('own'), most_specific_header_mutations_wins: true},
      levels,
      expected: ['own', 'table', 'host', 'route'],
    },
    {name: 'an empty value is left out', fields: append('%REQ(x-absent)%'), expected: []},
  ])('$name', ({fields, levels: given = {}, expected}) => {
    expect(sentLines({filter: typed('header_mutation.v3.HeaderMutation', {...fields}), ...given}, 'x-a')).toEqual(expected)
  })
})

/** envoy-2022 D6: what no rule is known for lets the request pass under a condition, and says so. */
describe('opaque filters', () => {
  test.each(['lua.v3.Lua', 'ext_proc.v3.ExternalProcessor', 'oauth2.v3.OAuth2', 'grpc_json_transcoder.v3.GrpcJsonTranscoder'])(
    '%s',
    (type) => {
      const [exit] = exitsWith({filter: typed(type)})
      expect(exit?.requires.map(({what}) => what).join()).toContain(`envoy.extensions.filters.http.${type}`)
    },
  )

  test('a filter that is off is not opaque', () => {
    expect(exitsWith({filter: typed('lua.v3.Lua'), disabled: true})[0]?.requires).toEqual([])
  })
})
