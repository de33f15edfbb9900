import fc from 'fast-check'
import {extension, merged, type Message} from '../message.js'
import {sink} from '../scenario.js'
import {tcpProxy} from './chains.js'

const NETWORK = 'envoy.extensions.filters.network.'

const sharing = fc.constantFrom<Message>({}, {shared_with_upstream: 'ONCE'}, {shared_with_upstream: 'TRANSITIVE'})

const CLUSTER_KEY = 'envoy.tcp_proxy.cluster'

/** Objects that later filters look at. */
const stateValue = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(sink(1), sink(2), 'missing').map((text) => [CLUSTER_KEY, CLUSTER_KEY, text] as const),
      fc
        .constantFrom('%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', '%REQUESTED_SERVER_NAME%', 'fixed')
        .map((text) => ['gen.a', 'envoy.string', text] as const),
    ),
    sharing,
    fc.boolean(),
  )
  .map(([[object_key, factory_key, inline_string], shared, skip_if_empty]) => ({
    object_key,
    factory_key,
    format_string: {text_format_source: {inline_string}},
    skip_if_empty,
    ...shared,
  }))

const setFilterState = fc
  .array(stateValue, {minLength: 1, maxLength: 2})
  .map((on_new_connection) => extension('state', `${NETWORK}set_filter_state.v3.Config`, {on_new_connection}))

const stateRbac = fc.tuple(fc.constantFrom('ALLOW', 'DENY'), fc.constantFrom('fixed', '127.0.0.1', '-')).map(([action, exact]) =>
  extension('rbac', `${NETWORK}rbac.v3.RBAC`, {
    stat_prefix: 'rbac',
    rules: {action, policies: {p: {permissions: [{any: true}], principals: [{filter_state: {key: 'gen.a', string_match: {exact}}}]}}},
  }),
)

const authorization = fc.tuple(fc.boolean(), fc.constantFrom('@@dead', '@@empty')).map(([failure_mode_allow, cluster_name]) =>
  extension('authz', `${NETWORK}ext_authz.v3.ExtAuthz`, {
    stat_prefix: 'authz',
    failure_mode_allow,
    grpc_service: {envoy_grpc: {cluster_name}, timeout: '0.2s'},
  }),
)

const limits = fc.oneof(
  fc
    .constantFrom(1, 1000)
    .map((max_connections) =>
      extension('connections', `${NETWORK}connection_limit.v3.ConnectionLimit`, {stat_prefix: 'connections', max_connections}),
    ),
  fc
    .tuple(fc.constantFrom(1, 1000), fc.constantFrom<Message>({}, {}, {runtime_enabled: {default_value: false, runtime_key: 'none'}}))
    .map(([max_tokens, enabled]) =>
      extension('limit', `${NETWORK}local_ratelimit.v3.LocalRateLimit`, {
        stat_prefix: 'limit',
        token_bucket: {max_tokens, tokens_per_fill: max_tokens, fill_interval: '3600s'},
        ...enabled,
      }),
    ),
)

const passing = fc.oneof(
  {weight: 3, arbitrary: setFilterState},
  {weight: 2, arbitrary: stateRbac},
  {weight: 1, arbitrary: fc.constant(extension('sni', `${NETWORK}sni_cluster.v3.SniCluster`))},
)

const weighted = fc
  .array(
    fc.record({
      name: fc.constantFrom(sink(0), sink(1), '@@labelled', 'missing'),
      weight: fc.integer({min: 1, max: 3}),
      more: fc.constantFrom<Message>({}, {metadata_match: {filter_metadata: {'envoy.lb': {version: 'v2'}}}}),
    }),
    {minLength: 1, maxLength: 3},
  )
  .map((clusters) => ({weighted_clusters: {clusters: clusters.map(({more, ...entry}) => ({...entry, ...more}))}}))

const tunneling = fc
  .tuple(
    fc.constantFrom('tunnel.test:443', '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%:80', '%FILTER_STATE(gen.a:PLAIN)%'),
    fc.constantFrom<Message>({}, {headers_to_add: [{header: {key: 'x-gen-a', value: '%FILTER_STATE(gen.a:PLAIN)%'}}]}),
  )
  .map(([hostname, headers]) => ({tunneling_config: {hostname, ...headers}}))

const proxy = fc
  .tuple(
    fc.oneof(
      {weight: 3, arbitrary: fc.constantFrom(sink(0), '@@labelled', 'missing').map((cluster): Message => ({cluster}))},
      {weight: 2, arbitrary: weighted},
    ),
    fc.constantFrom<Message>(
      {},
      {},
      {metadata_match: {filter_metadata: {'envoy.lb': {version: 'v1'}}}},
      {metadata_match: {filter_metadata: {'envoy.lb': {version: 'v9'}}}},
    ),
    fc.oneof({weight: 4, arbitrary: fc.constant<Message>({})}, {weight: 1, arbitrary: tunneling}),
  )
  .map((parts) => tcpProxy(merged(parts)))

const terminal = fc.oneof(
  {weight: 8, arbitrary: proxy},
  {weight: 1, arbitrary: fc.constant(extension('echo', `${NETWORK}echo.v3.Echo`))},
  {weight: 1, arbitrary: fc.constant(extension('direct', `${NETWORK}direct_response.v3.Config`, {response: {inline_string: 'hi\n'}}))},
)

function chain(before: fc.Arbitrary<Message>): fc.Arbitrary<readonly Message[]> {
  return fc.tuple(fc.uniqueArray(before, {maxLength: 3, selector: ({name}) => name}), terminal).map(([filters, last]) => [...filters, last])
}

/** Filters whose doing the configuration tells. */
export const knownFilters = chain(passing)

/** Filters that may refuse, for reasons outside the configuration, among the others. */
export const refusingFilters = chain(
  fc.oneof({weight: 2, arbitrary: passing}, {weight: 1, arbitrary: authorization}, {weight: 1, arbitrary: limits}),
)

/** A cluster with subsets. */
export const LABELLED = {
  name: '@@labelled',
  fields: {lb_subset_config: {fallback_policy: 'NO_FALLBACK', subset_selectors: [{keys: ['version']}]}},
  localities: [
    {
      fields: {},
      hosts: [3, 4].map((host, index) => ({host, fields: {metadata: {filter_metadata: {'envoy.lb': {version: `v${index + 1}`}}}}})),
    },
  ],
} as const
