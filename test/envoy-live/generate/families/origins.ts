import fc from 'fast-check'
import {extension, field, merged, type Message} from '../../message.js'
import {sink, type Scenario} from '../../scenario.js'
import {PROXY_PROTOCOL} from '../chains.js'
import {fromElsewhere} from '../connections.js'
import {manager, ROUTER} from '../manager.js'
import type {Probe} from '../../probe.js'
import {claimed} from '../words.js'
import type {Family} from './family.js'

const DETECTION = 'envoy.extensions.http.original_ip_detection.'

const ranges = fc.uniqueArray(
  fc
    .constantFrom(['10.0.0.0', 8], ['10.1.1.1', 32], ['192.168.0.0', 16], ['fd00::', 8])
    .map(([address_prefix, prefix_len]) => ({address_prefix, prefix_len})),
  {minLength: 1, maxLength: 2, selector: ({address_prefix}) => address_prefix},
)

const byHeader = fc
  .tuple(fc.boolean(), fc.constantFrom<Message>({}, {reject_with_status: {code: 'Unauthorized'}}, {reject_with_status: {code: 'OK'}}))
  .map(([allow_extension_to_set_address_as_trusted, reject]) =>
    extension('envoy.http.original_ip_detection.custom_header', `${DETECTION}custom_header.v3.CustomHeaderConfig`, {
      header_name: 'x-client',
      allow_extension_to_set_address_as_trusted,
      ...reject,
    }),
  )

const byXff = fc
  .tuple(
    fc.oneof(
      fc.constantFrom<Message>({}, {xff_num_trusted_hops: 1}),
      ranges.map((cidrs): Message => ({xff_trusted_cidrs: {cidrs}})),
    ),
    fc.constantFrom<Message>({}, {skip_xff_append: false}),
  )
  .map((parts) => extension('envoy.http.original_ip_detection.xff', `${DETECTION}xff.v3.XffConfig`, merged(parts)))

/** Who the client is: the peer, X-Forwarded-For, or what an extension finds. */
const detection: fc.Arbitrary<Message> = fc.oneof(
  fc.constantFrom<Message>({}, {xff_num_trusted_hops: 1}, {xff_num_trusted_hops: 2}),
  fc.constantFrom<Message>({}, {skip_xff_append: true}, {xff_num_trusted_hops: 1}).map((rest) => ({use_remote_address: true, ...rest})),
  fc
    .tuple(byHeader, byXff, fc.integer({min: 0, max: 3}))
    .map(([header, xff, kind]) => ({original_ip_detection_extensions: [[header], [xff], [header, xff], [xff, header]][kind]})),
)

const internal = fc.option(
  ranges.map((cidr_ranges) => ({cidr_ranges})),
  {nil: undefined, freq: 3},
)

const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        '10.1.1.1',
        '10.1.1.1',
        '192.168.0.1',
        '1.2.3.4, 10.1.1.1',
        '10.1.1.1,192.168.0.1',
        'fd00::a',
        'name',
        '10.1.1.1,',
        '10.2.0.1 ,10.1.1.1',
      )
      .map((value) => ['x-forwarded-for', value] as const),
  },
  {weight: 2, arbitrary: fc.constantFrom('10.1.1.1', '1.2.3.4', 'name').map((value) => ['x-client', value] as const)},
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        'x-envoy-internal',
        'x-envoy-retry-on',
        'x-envoy-decorator-operation',
        'x-envoy-external-address',
        'x-gen-secret',
        'x-envoy-original-url',
      )
      .map((name) => [name, 'true'] as const),
  },
)

const TOLD: readonly Message[] = [
  ['x-gen-internal', '%REQ(x-envoy-internal)%'],
  ['x-gen-external', '%REQ(x-envoy-external-address)%'],
  ['x-gen-forwarded', '%REQ(x-forwarded-for)%'],
  ['x-gen-remote', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'],
  ['x-gen-asked', '%REQ(x-envoy-retry-on)%,%REQ(x-envoy-decorator-operation)%,%REQ(x-envoy-original-url)%'],
].map(([key, value]) => ({header: {key, value}, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD'}))

const rbac = fc.constantFrom('10.1.1.1', '192.168.0.1', '1.2.3.4').map((address_prefix) =>
  extension('rbac', 'envoy.extensions.filters.http.rbac.v3.RBAC', {
    rules: {
      action: 'DENY',
      policies: {p: {permissions: [{any: true}], principals: [{remote_ip: {address_prefix, prefix_len: 32}}]}},
    },
  }),
)

const probe: fc.Arbitrary<Probe> = fc
  .record({addresses: claimed, headers: fc.uniqueArray(line, {maxLength: 4, selector: ([name]) => name})})
  .map(({addresses, headers}) => ({
    claimed: addresses,
    from: '127.0.0.1',
    sends: {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path: '/', headers}},
    repeat: 1,
  }))

/** Whom Envoy takes for the client, and whether it counts as one from inside: told to the upstream, and asked by routes and policies. */
const origins: fc.Arbitrary<Scenario> = fc
  .record({
    options: detection,
    ranges: internal,
    denies: fc.option(rbac, {nil: undefined, freq: 1}),
    tls: fc.constantFrom<Message>({}, {}, {require_tls: 'EXTERNAL_ONLY'}),
    hidden: fc.constantFrom<Message>({}, {internal_only_headers: ['x-gen-secret']}),
    probes: fc.array(probe, {minLength: 1, maxLength: 10, size: 'max'}),
  })
  .map(({options, ranges: internal_address_config, denies, tls, hidden, probes}) => {
    const routes = [
      {name: 'secret', match: {prefix: '/', headers: [{name: 'x-gen-secret', present_match: true}]}, route: {cluster: sink(1)}},
      {
        name: 'inside',
        match: {prefix: '/', headers: [{name: 'x-envoy-internal', string_match: {exact: 'true'}}]},
        route: {cluster: sink(2)},
      },
      {name: 'rest', match: {prefix: '/'}, route: {cluster: sink(3)}},
    ]
    const table = {name: 'table', request_headers_to_add: TOLD, ...hidden, virtual_hosts: [{name: 'v', domains: ['*'], ...tls, routes}]}
    const http_filters = [...(denies === undefined ? [] : [denies]), ROUTER]
    const filter = manager({route_config: table, http_filters, ...options, ...field('internal_address_config', internal_address_config)})
    return {
      listener: {listener_filters: [PROXY_PROTOCOL], filter_chains: [{name: 'http', filters: [filter]}]},
      clusters: [],
      behind: [],
      probes: fromElsewhere(probes),
    }
  })

export const ORIGINS: readonly Family[] = [{name: 'clients of requests', scenarios: origins, portion: 0.5}]
