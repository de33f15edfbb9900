import fc from 'fast-check'
import {extension, merged, type Message} from '../../message.js'
import {UPSTREAM_PORT, type Scenario} from '../../scenario.js'
import {PROXY_PROTOCOL, tcpProxy} from '../chains.js'
import {manager, ROUTER} from '../manager.js'
import type {Probe, Sent} from '../../probe.js'
import type {Family} from './family.js'

const STATE = 'envoy.network.transport_socket.original_dst_address'
const HEADER = 'x-envoy-original-dst-host'

/** Addresses as texts: two that answer, and texts that are none. */
const text = fc.constantFrom(`127.77.0.2:${UPSTREAM_PORT}`, `127.77.0.3:${UPSTREAM_PORT}`, '127.77.0.4', 'name:80', '')

const lbConfig = fc
  .tuple(
    fc.constantFrom<Message>({}, {use_http_header: true}, {use_http_header: true, http_header_name: 'x-t'}),
    fc.constantFrom<Message>({}, {}, {metadata_key: {key: 'gen', path: [{key: 'to'}]}}),
    fc.constantFrom<Message>({}, {}, {upstream_port_override: UPSTREAM_PORT}),
  )
  .map(merged)

const state = text.map((inline_string) =>
  extension('state', 'envoy.extensions.filters.http.set_filter_state.v3.Config', {
    on_request_headers: [{object_key: STATE, format_string: {text_format_source: {inline_string}}, skip_if_empty: true}],
  }),
)
const metadata = text.map((value) =>
  extension('metadata', 'envoy.extensions.filters.http.set_metadata.v3.Config', {
    metadata: [{metadata_namespace: 'gen', value: {to: value}, allow_overwrite: true}],
  }),
)
const filters = fc
  .tuple(fc.option(state, {nil: undefined, freq: 1}), fc.option(metadata, {nil: undefined, freq: 1}))
  .map((list) => [...list.filter((one) => one !== undefined), ROUTER])

const added = fc.oneof(
  {weight: 2, arbitrary: fc.constant<Message>({})},
  {
    weight: 1,
    arbitrary: text.map((value) => ({
      request_headers_to_add: [{append_action: 'OVERWRITE_IF_EXISTS_OR_ADD', header: {key: HEADER, value}}],
    })),
  },
)

const lines = fc
  .tuple(
    fc.option(
      text.map((value) => [HEADER, value] as const),
      {nil: undefined, freq: 1},
    ),
    fc.option(
      text.map((value) => ['x-t', value] as const),
      {nil: undefined, freq: 1},
    ),
  )
  .map((list) => list.filter((line) => line !== undefined))

const claimed = fc.constantFrom('127.77.0.5', '127.77.0.6').map((ip) => ({
  source: {ip: '10.1.1.1', port: 1000},
  // Port 0 stands for the one of the upstreams.
  destination: {ip, port: 0},
}))

/** ORIGINAL_DST clusters behind a route or a tcp_proxy, with and without an address that a listener filter restored. */
const originalDst: fc.Arbitrary<Scenario> = fc
  .record({
    config: lbConfig,
    chain: filters,
    changes: added,
    tcp: fc.boolean(),
    restored: fc.option(claimed, {nil: undefined, freq: 2}),
    sent: fc.array(lines, {minLength: 1, maxLength: 5}),
  })
  .map(({config, chain, changes, tcp, restored, sent}) => {
    const route = {name: 'r', match: {prefix: '/'}, route: {cluster: '@@original'}, ...changes}
    const table = {name: 'table', virtual_hosts: [{name: 'v', domains: ['*'], routes: [route]}], validate_clusters: false}
    const filter = tcp ? tcpProxy({cluster: '@@original'}) : manager({route_config: table, http_filters: chain})
    const probe = (headers: readonly (readonly [string, string])[]): Probe => {
      const sends: Sent = tcp
        ? {kind: 'opaque'}
        : {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers}}
      return {from: '127.0.0.1', sends, repeat: 1, ...(restored === undefined ? {} : {claimed: restored})}
    }
    return {
      listener: {listener_filters: restored === undefined ? [] : [PROXY_PROTOCOL], filter_chains: [{name: 'only', filters: [filter]}]},
      clusters: [
        {
          name: '@@original',
          localities: undefined,
          fields: {type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED', original_dst_lb_config: config},
        },
      ],
      behind: [],
      probes: sent.map(probe),
    }
  })

export const ORIGINAL_DST: readonly Family[] = [{name: 'original destinations', scenarios: originalDst}]
