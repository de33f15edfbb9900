import {expect, test} from 'vitest'
import {ends, typed, type Message} from './filter-request.js'

const HALF = {http_status: 418, percentage: {numerator: 50}}

/** fault_filter.cc isAbortEnabled, abortHttpStatus, faultOverflow: runtime has the last word. */
test.each<{name: string; fields?: Message; runtime: Message; headers?: [string, string][]; expected: string[]}>([
  {name: 'nothing in runtime', runtime: {}, expected: ['1/2 418 fault_filter_abort', '1/2 forwarded']},
  {name: 'a percentage of 0', runtime: {'fault.http.abort.abort_percent': 0}, expected: ['1 forwarded']},
  {name: 'a percentage above 100', runtime: {'fault.http.abort.abort_percent': 120}, expected: ['1 418 fault_filter_abort']},
  {
    name: 'a fraction',
    runtime: {'fault.http.abort.abort_percent': {numerator: 1, denominator: 'TEN_THOUSAND'}},
    expected: ['1/10000 418 fault_filter_abort', '9999/10000 forwarded'],
  },
  {
    name: 'text is no number',
    runtime: {'fault.http.abort.abort_percent': 'all'},
    expected: ['1/2 418 fault_filter_abort', '1/2 forwarded'],
  },
  {
    name: 'a key of its own takes the place of the usual one',
    fields: {abort_percent_runtime: 'mine'},
    runtime: {'fault.http.abort.abort_percent': 0, mine: 100},
    expected: ['1 418 fault_filter_abort'],
  },
  {
    name: 'a client that names its cluster is looked up under that name',
    runtime: {'fault.http.shop.abort.abort_percent': 100, 'fault.http.shop.abort.http_status': 599},
    headers: [['x-envoy-downstream-service-cluster', 'shop']],
    expected: ['1 599 fault_filter_abort'],
  },
  {
    name: 'and no more under the usual key',
    runtime: {'fault.http.abort.abort_percent': 0},
    headers: [['x-envoy-downstream-service-cluster', 'shop']],
    expected: ['1/2 418 fault_filter_abort', '1/2 forwarded'],
  },
  {
    name: 'another status',
    runtime: {'fault.http.abort.http_status': 503},
    expected: ['1/2 503 fault_filter_abort', '1/2 forwarded'],
  },
  {
    name: 'a gRPC status does not become an HTTP status',
    fields: {abort: {grpc_status: 5, percentage: {numerator: 100}}},
    runtime: {'fault.http.abort.http_status': 503},
    expected: ['1 200 fault_filter_abort'],
  },
  {
    name: 'a header cannot lower a percentage of runtime',
    fields: {abort: {header_abort: {}, percentage: {numerator: 100}}},
    runtime: {'fault.http.abort.abort_percent': 100},
    headers: [
      ['x-envoy-fault-abort-request', '418'],
      ['x-envoy-fault-abort-request-percentage', '0'],
    ],
    expected: ['1 418 fault_filter_abort'],
  },
  {name: 'no active fault allowed', runtime: {'fault.http.max_active_faults': 0}, expected: ['1 forwarded']},
  {
    name: 'more than the filter allows',
    fields: {max_active_faults: 0},
    runtime: {'fault.http.max_active_faults': 9},
    expected: ['1/2 418 fault_filter_abort', '1/2 forwarded'],
  },
])('$name', ({fields = {}, runtime, headers = [], expected}) => {
  const filter = typed('fault.v3.HTTPFault', {abort: HALF, ...fields})
  expect(ends({filter, runtime, request: {headers}})).toEqual(expected)
})
