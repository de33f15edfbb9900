import {describe, expect, test} from 'vitest'
import {ends, exitsWith, typed, type Asked, type Message} from './filter-request.js'

const percent = (numerator: number): object => ({default_value: {numerator, denominator: 'HUNDRED'}})

/** envoy-2022 D6; fault_filter.cc. */
describe('fault', () => {
  const fault = (fields: object): Asked['filter'] => typed('fault.v3.HTTPFault', {...fields})
  const always = {percentage: {numerator: 100}}
  test.each<{name: string; fields: object; headers?: [string, string][]; expected: string[]}>([
    {name: 'no percentage aborts nothing', fields: {abort: {http_status: 418}}, expected: ['1 forwarded']},
    {name: 'all', fields: {abort: {http_status: 418, ...always}}, expected: ['1 418 fault_filter_abort']},
    {
      name: 'a quarter',
      fields: {abort: {http_status: 418, percentage: {numerator: 25}}},
      expected: ['1/4 418 fault_filter_abort', '3/4 forwarded'],
    },
    {
      name: 'one in ten thousand',
      fields: {abort: {http_status: 503, percentage: {numerator: 1, denominator: 'TEN_THOUSAND'}}},
      expected: ['1/10000 503 fault_filter_abort', '9999/10000 forwarded'],
    },
    {name: 'a gRPC status is 200', fields: {abort: {grpc_status: 5, ...always}}, expected: ['1 200 fault_filter_abort']},
    {
      name: 'a header names the status',
      fields: {abort: {header_abort: {}, ...always}},
      headers: [['x-envoy-fault-abort-request', '418']],
      expected: ['1 418 fault_filter_abort'],
    },
    {name: 'no such header', fields: {abort: {header_abort: {}, ...always}}, expected: ['1 forwarded']},
    {
      name: 'a status below 200 is none',
      fields: {abort: {header_abort: {}, ...always}},
      headers: [['x-envoy-fault-abort-request', '100']],
      expected: ['1 forwarded'],
    },
    {
      name: 'a header lowers the percentage',
      fields: {abort: {header_abort: {}, ...always}},
      headers: [
        ['x-envoy-fault-abort-request', '418'],
        ['x-envoy-fault-abort-request-percentage', '0'],
      ],
      expected: ['1 forwarded'],
    },
    {name: 'for another cluster', fields: {upstream_cluster: 'other', abort: {http_status: 418, ...always}}, expected: ['1 forwarded']},
    {
      name: 'for another node',
      fields: {downstream_nodes: ['n1'], abort: {http_status: 418, ...always}},
      headers: [['x-envoy-downstream-service-node', 'n2']],
      expected: ['1 forwarded'],
    },
    {
      name: 'for this node',
      fields: {downstream_nodes: ['n1'], abort: {http_status: 418, ...always}},
      headers: [['x-envoy-downstream-service-node', 'n1']],
      expected: ['1 418 fault_filter_abort'],
    },
    {name: 'none may be active', fields: {max_active_faults: 0, abort: {http_status: 418, ...always}}, expected: ['1 forwarded']},
    {
      name: 'a header that does not match',
      fields: {headers: [{name: 'x-t', string_match: {exact: '1'}}], abort: {http_status: 418, ...always}},
      expected: ['1 forwarded'],
    },
  ])('$name', ({fields, headers = [], expected}) => {
    expect(ends({filter: fault(fields), request: {headers}})).toEqual(expected)
  })

  test('flags of what comes after a delay are not claimed either', () => {
    const flagsOf = (changes: Message): string | undefined =>
      exitsWith({filter: fault(changes), action: {route: {cluster: 'missing'}}})[0]?.log?.flags
    expect(flagsOf({delay: {fixed_delay: '1s', ...always}})).toBeUndefined()
    expect(flagsOf({})).toBe('NC')
  })

  test('flags are not claimed where a delay may show in them', () => {
    const abort = {http_status: 418, ...always}
    expect(exitsWith({filter: fault({abort})})[0]?.log?.flags).toBe('FI')
    expect(exitsWith({filter: fault({abort, delay: {fixed_delay: '1s', ...always}})})[0]?.log?.flags).toBeUndefined()
  })
})

/** envoy-2022 D6; cors_filter.cc, seen on Envoy 1.40.0. */
describe('CORS', () => {
  const policy = (fields: object): Message => typed('cors.v3.CorsPolicy', {...fields})
  const preflight = {
    method: 'OPTIONS',
    headers: [
      ['origin', 'http://a.test'],
      ['access-control-request-method', 'PUT'],
    ],
  } as const
  const allowed = {allow_origin_string_match: [{exact: 'http://a.test'}]}
  const answered = '1 200 cors_response'
  test.each<{name: string; levels: Partial<Asked>; expected: string}>([
    {name: 'no policy', levels: {}, expected: '1 forwarded'},
    {name: 'an allowed origin', levels: {route: policy(allowed)}, expected: answered},
    {name: 'another origin', levels: {route: policy({allow_origin_string_match: [{exact: 'http://b.test'}]})}, expected: '1 forwarded'},
    {name: 'another origin that is not forwarded', levels: {route: policy({forward_not_matching_preflights: false})}, expected: answered},
    {name: 'origins of the virtual host', levels: {route: policy({}), host: policy(allowed)}, expected: answered},
    {name: 'a switch at the route', levels: {route: policy({filter_enabled: percent(0)}), host: policy(allowed)}, expected: '1 forwarded'},
    {
      name: 'a direct response has no policy',
      levels: {host: policy(allowed), action: {direct_response: {status: 204}}},
      expected: '1 204 direct_response',
    },
  ])('$name', ({levels, expected}) => {
    expect(ends({filter: typed('cors.v3.Cors'), request: preflight, ...levels})).toEqual([expected])
  })
})

/** envoy-2022 D6; csrf_filter.cc, seen on Envoy 1.40.0. */
describe('CSRF', () => {
  const csrf = (fields: object): Asked['filter'] => typed('csrf.v3.CsrfPolicy', {filter_enabled: percent(100), ...fields})
  const denied = '1 403 csrf_origin_mismatch'
  test.each<{name: string; fields?: object; method?: string; headers?: [string, string][]; expected: string[]}>([
    {name: 'GET modifies nothing', method: 'GET', expected: ['1 forwarded']},
    {name: 'no origin', expected: [denied]},
    {name: 'its own host', headers: [['origin', 'http://a.test']], expected: ['1 forwarded']},
    {name: 'its own host by the referer', headers: [['referer', 'https://a.test/x?y']], expected: ['1 forwarded']},
    {
      name: 'null is no origin, and the referer is not asked',
      headers: [
        ['origin', 'null'],
        ['referer', 'http://a.test'],
      ],
      expected: [denied],
    },
    {
      name: 'a text that is no URL counts as it is',
      fields: {additional_origins: [{exact: 'nonsense'}]},
      headers: [['origin', 'nonsense']],
      expected: ['1 forwarded'],
    },
    {
      name: 'null is none even where it is listed',
      fields: {additional_origins: [{exact: 'null'}]},
      headers: [['origin', 'null']],
      expected: [denied],
    },
    {
      name: 'a shadow of all requests refuses nothing',
      fields: {filter_enabled: percent(0), shadow_enabled: percent(100)},
      expected: ['1 forwarded'],
    },
    {
      name: 'a shadow of half of them is drawn twice',
      fields: {filter_enabled: percent(0), shadow_enabled: percent(50)},
      expected: ['1/4 forwarded', '1/4 403 csrf_origin_mismatch', '1/2 forwarded'],
    },
    {name: 'switched off', fields: {filter_enabled: percent(0)}, expected: ['1 forwarded']},
    {name: 'for half of the requests', fields: {filter_enabled: percent(50)}, expected: ['1/2 403 csrf_origin_mismatch', '1/2 forwarded']},
  ])('$name', ({fields = {}, method = 'POST', headers = [], expected}) => {
    expect(ends({filter: csrf(fields), request: {method, headers}})).toEqual(expected)
  })
})

/** health_check.cc onComplete, seen on Envoy 1.40.0. */
describe('health check', () => {
  const check = (fields: object): Asked['filter'] =>
    typed('health_check.v3.HealthCheck', {headers: [{name: ':path', string_match: {exact: '/'}}], pass_through_mode: false, ...fields})
  test.each<{name: string; fields: object; expected: string}>([
    {name: 'answers', fields: {}, expected: '1 200 health_check_ok'},
    {name: 'passes through', fields: {pass_through_mode: true}, expected: '1 forwarded'},
    {name: 'another path', fields: {headers: [{name: ':path', string_match: {exact: '/x'}}]}, expected: '1 forwarded'},
    {
      name: 'a healthy cluster',
      fields: {cluster_min_healthy_percentages: {web: {value: 50}}},
      expected: '1 200 health_check_ok_cluster_healthy',
    },
    {
      name: 'no such cluster',
      fields: {cluster_min_healthy_percentages: {no: {value: 50}}},
      expected: '1 503 health_check_failed_no_cluster_found',
    },
    {
      name: 'an empty cluster',
      fields: {cluster_min_healthy_percentages: {empty: {value: 50}}},
      expected: '1 503 health_check_failed_cluster_empty',
    },
  ])('$name', ({fields, expected}) => {
    expect(ends({filter: check(fields)})).toEqual([expected])
  })
})
