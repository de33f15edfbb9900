import fc from 'fast-check'
import {extension, merged, type Message} from '../message.js'
import type {GeneratedCluster, GeneratedHost, GeneratedLocality} from '../scenario.js'

const HOST_NUMBERS = [0, 1, 2, 3, 4, 5] as const

const some = (weight: number, arbitrary: fc.Arbitrary<Message>): fc.Arbitrary<Message> =>
  fc.oneof({weight: 4, arbitrary: fc.constant<Message>({})}, {weight, arbitrary})

const health = some(
  3,
  fc.constantFrom('UNHEALTHY', 'DEGRADED', 'DRAINING', 'TIMEOUT', 'HEALTHY').map((health_status) => ({health_status})),
)
const weight = some(
  1,
  fc.integer({min: 2, max: 4}).map((load_balancing_weight) => ({load_balancing_weight})),
)

/** Labels for subsets, and for the transport socket. */
const labels = fc
  .record({
    version: fc.constantFrom('v1', 'v2', 'v3'),
    stage: fc.option(fc.constantFrom('prod', 'dev'), {nil: undefined}),
    socket: fc.option(fc.constantFrom('proxy', 'other'), {nil: undefined}),
  })
  .map(({version, stage, socket}) => ({
    metadata: {
      filter_metadata: {
        'envoy.lb': {version, ...(stage === undefined ? {} : {stage})},
        ...(socket === undefined ? {} : {'envoy.transport_socket_match': {socket}}),
      },
    },
  }))

const hostFields = fc.tuple(health, weight, labels).map(merged)

const locality: fc.Arbitrary<GeneratedLocality> = fc
  .record({
    hosts: fc.uniqueArray(fc.constantFrom(...HOST_NUMBERS), {minLength: 1, maxLength: 3}),
    fields: fc.array(hostFields, {minLength: 3, maxLength: 3}),
    zone: fc.constantFrom('z0', 'z1', 'z2'),
    priority: fc.constantFrom<Message>({}, {}, {}, {priority: 1}, {priority: 2}),
    weighted: fc.constantFrom<Message>({}, {load_balancing_weight: 1}, {load_balancing_weight: 3}),
    socket: fc.constantFrom<Message>({}, {}, {}, {metadata: {filter_metadata: {'envoy.transport_socket_match': {socket: 'proxy'}}}}),
  })
  .map(({hosts, fields, zone, priority, weighted, socket}) => ({
    fields: {locality: {zone}, ...priority, ...weighted, ...socket},
    hosts: hosts.map((host, index): GeneratedHost => ({host, fields: fields[index] ?? {}})),
  }))

/** Localities of up to three priorities; Envoy wants each zone of a priority once, and no gap between priorities. */
export const localities: fc.Arbitrary<readonly GeneratedLocality[]> = fc
  .uniqueArray(locality, {
    minLength: 0,
    maxLength: 4,
    size: 'max',
    selector: ({fields}) => JSON.stringify([fields['locality'], fields['priority']]),
  })
  .map(withoutGaps)

function withoutGaps(list: readonly GeneratedLocality[]): GeneratedLocality[] {
  const levels = [...new Set(list.map(({fields}) => Number(fields['priority'] ?? 0)))].toSorted((a, b) => a - b)
  return list.map((one) => ({...one, fields: {...one.fields, priority: levels.indexOf(Number(one.fields['priority'] ?? 0))}}))
}

export const assignmentPolicy = fc
  .tuple(
    some(
      1,
      fc.constantFrom(100, 200).map((overprovisioning_factor) => ({overprovisioning_factor})),
    ),
    some(1, fc.constant({weighted_priority_health: true})),
  )
  .map(merged)

const panic = some(
  2,
  fc.constantFrom(0, 30, 100).map((value) => ({healthy_panic_threshold: {value}})),
)
const byLocality = some(2, fc.constant({locality_weighted_lb_config: {}}))

/** Balancing of a cluster without subsets. */
export const balancing = fc
  .tuple(
    fc.constantFrom('ROUND_ROBIN', 'ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM', 'RING_HASH', 'MAGLEV'),
    fc.tuple(panic, byLocality).map(merged),
  )
  .map(([lb_policy, common_lb_config]) => ({lb_policy, common_lb_config}))

const keys = fc.constantFrom(['version'], ['stage'], ['stage', 'version'])
const criteria = fc.constantFrom<Message>(
  {version: 'v1'},
  {version: 'v2'},
  {stage: 'prod'},
  {stage: 'prod', version: 'v1'},
  {version: 'v9'},
)
const selector = fc
  .tuple(
    keys,
    some(
      3,
      fc.constantFrom('NO_FALLBACK', 'ANY_ENDPOINT', 'DEFAULT_SUBSET').map((fallback_policy) => ({fallback_policy})),
    ),
    some(1, fc.constant({single_host_per_subset: true})),
    fc.boolean(),
  )
  .map(([list, fallback, single, byKeys]) => ({
    keys: list,
    ...(byKeys && list.length > 1 ? {fallback_policy: 'KEYS_SUBSET', fallback_keys_subset: ['version']} : fallback),
    ...(list.length === 1 ? single : {}),
  }))

/** Subset load balancing; `single_host_per_subset` allows one selector only and no list. */
export const subsets: fc.Arbitrary<Message> = fc
  .tuple(
    fc.constantFrom('NO_FALLBACK', 'ANY_ENDPOINT', 'DEFAULT_SUBSET'),
    fc.uniqueArray(selector, {minLength: 1, maxLength: 3, selector: ({keys: list}) => list.join()}),
    criteria,
    some(1, fc.constant({panic_mode_any: true})),
    some(1, fc.constantFrom<Message>({locality_weight_aware: true}, {locality_weight_aware: true, scale_locality_weight: true})),
    some(1, fc.constant({list_as_any: true})),
  )
  .map(([fallback_policy, selectors, default_subset, ...rest]) => ({
    // Envoy demands it of clusters whose subsets look at localities.
    ...(rest.some((one) => 'locality_weight_aware' in one) ? {common_lb_config: {locality_weighted_lb_config: {}}} : {}),
    lb_subset_config: {
      fallback_policy,
      default_subset,
      subset_selectors: selectors.some((one) => 'single_host_per_subset' in one) ? selectors.slice(0, 1) : selectors,
      ...merged(rest),
    },
  }))

/** What a route asks of a host. */
export const wanted: fc.Arbitrary<Message> = fc.oneof(
  fc.constant({}),
  fc
    .oneof(criteria, fc.constantFrom<Message>({version: 'v1', extra: 'x'}, {stage: 'dev'}, {extra: 'x'}))
    .map((lb) => ({metadata_match: {filter_metadata: {'envoy.lb': lb}}})),
)

const SOCKETS = 'envoy.extensions.transport_sockets.'
const RAW = extension('raw', `${SOCKETS}raw_buffer.v3.RawBuffer`)
const PROXY = extension('proxy', `${SOCKETS}proxy_protocol.v3.ProxyProtocolUpstreamTransport`, {
  config: {version: 'V1'},
  transport_socket: RAW,
})

const INPUTS = 'envoy.extensions.matching.common_inputs.transport_socket.v3.'
const path = (...segments: readonly string[]): Message => ({path: segments.map((key) => ({key}))})
const socketInput = fc.constantFrom(
  extension('input', `${INPUTS}EndpointMetadataInput`, path('stage')),
  extension('input', `${INPUTS}EndpointMetadataInput`, {filter: 'envoy.transport_socket_match', ...path('socket')}),
  extension('input', `${INPUTS}EndpointMetadataInput`, path('version', 'deeper')),
  extension('input', `${INPUTS}LocalityMetadataInput`, {filter: 'envoy.transport_socket_match', ...path('socket')}),
  extension('input', `${INPUTS}FilterStateInput`, {key: 'gen.a'}),
)
const socketAction = fc
  .constantFrom('raw', 'proxy', 'absent')
  .map((name) => ({action: extension('name', `${INPUTS}TransportSocketNameAction`, {name})}))
const socketKey = fc.constantFrom('prod', 'proxy', 'null', 'fixed', 'v1')
const maybeAction = fc.oneof(
  {weight: 1, arbitrary: fc.constant<Message>({})},
  {weight: 1, arbitrary: socketAction.map((on_no_match): Message => ({on_no_match}))},
)
const socketTree = fc
  .tuple(socketInput, fc.dictionary(socketKey, socketAction, {minKeys: 1, maxKeys: 3}), fc.constantFrom('exact', 'prefix'), maybeAction)
  .map(([input, map, kind, rest]) => ({matcher_tree: {input, [`${kind}_match_map`]: {map}}, ...rest}))
const socketList = fc
  .tuple(socketInput, fc.constantFrom<Message>({exact: 'prod'}, {prefix: 'pro'}, {contains: 'ul'}), socketAction, maybeAction)
  .map(([input, value_match, on_match, rest]) => ({
    matcher_list: {matchers: [{predicate: {single_predicate: {input, value_match}}, on_match}]},
    ...rest,
  }))

/** The newer choice: a match tree over metadata and filter state that names one of the sockets. */
export const socketMatcher: fc.Arbitrary<Message> = fc
  .tuple(fc.oneof(socketTree, socketList), fc.constantFrom<Message>({}, {transport_socket: PROXY}))
  .map(([transport_socket_matcher, rest]) => ({
    transport_socket_matcher,
    transport_socket_matches: [
      {name: 'raw', transport_socket: RAW},
      {name: 'proxy', transport_socket: PROXY},
    ],
    ...rest,
  }))

/** A socket that writes a PROXY header shows at the upstream which one was chosen. */
export const transportSockets: fc.Arbitrary<Message> = fc.oneof(
  {weight: 2, arbitrary: fc.constant<Message>({})},
  {weight: 1, arbitrary: fc.constant({transport_socket: PROXY})},
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom<Message>({socket: 'proxy'}, {socket: 'other'}, {}, {socket: 'proxy', more: '1'}),
        fc.constantFrom(PROXY, RAW),
        fc.constantFrom<Message>({}, {transport_socket: PROXY}),
      )
      .map(([match, transport_socket, rest]) => ({transport_socket_matches: [{name: 'first', match, transport_socket}], ...rest})),
  },
)

/** Where connections come from. */
export const bind: fc.Arbitrary<Message> = some(
  1,
  fc
    .constantFrom('127.77.1.1', '127.77.1.2', '0.0.0.0')
    .map((address) => ({upstream_bind_config: {source_address: {address, port_value: 0}}})),
)

/** Limits of 0: nothing fits under them. */
export const circuitBreakers: fc.Arbitrary<Message> = some(
  1,
  fc
    .tuple(
      fc.constantFrom<Message>({max_connections: 0}, {max_requests: 0}, {max_pending_requests: 0}, {max_connections: 9}),
      fc.constantFrom<Message>({}, {}, {priority: 'HIGH'}),
    )
    .map(([limit, priority]) => ({circuit_breakers: {thresholds: [{...limit, ...priority}]}})),
)

/** A cluster of clusters. */
export function aggregateOf(clusters: readonly string[], fields: Message = {}): GeneratedCluster {
  return {
    name: '@@aggregate',
    localities: undefined,
    fields: {
      type: undefined,
      lb_policy: 'CLUSTER_PROVIDED',
      cluster_type: extension('envoy.clusters.aggregate', 'envoy.extensions.clusters.aggregate.v3.ClusterConfig', {clusters}),
      ...fields,
    },
  }
}
