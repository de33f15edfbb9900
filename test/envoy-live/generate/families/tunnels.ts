import fc from 'fast-check'
import {extension, field, merged, TYPE, type Message} from '../../message.js'
import {sink, type GeneratedCluster, type Scenario} from '../../scenario.js'
import {forgingFilters, tcpProxy} from '../chains.js'
import type {Probe} from '../../probe.js'
import {forgedConnections} from '../connections.js'
import {manager} from '../manager.js'
import type {Family} from './family.js'

const NETWORK = 'envoy.extensions.filters.network.'
const SOCKETS = 'envoy.extensions.transport_sockets.'
const NAMESPACE = 'envoy.filters.listener.original_dst'

/** Bytes that say nothing: what is inside a tunnel is nobody's request. */
const connections = forgedConnections().map((probes) =>
  probes.map((probe): Probe => (probe.sends.kind === 'http' ? {...probe, sends: {kind: 'opaque'}} : probe)),
)

const sharing = fc.constantFrom<Message>({}, {shared_with_upstream: 'ONCE'}, {shared_with_upstream: 'TRANSITIVE'})

/** What the outer listener tells about a connection. */
const state = sharing.chain((shared) =>
  fc.constantFrom('gen.a', 'gen.b').map((object_key) =>
    extension('state', `${NETWORK}set_filter_state.v3.Config`, {
      on_new_connection: [
        {
          object_key,
          // Connections with another value must not meet in one pool: with `envoy.string` they do.
          factory_key: 'envoy.hashable_string',
          format_string: {text_format_source: {inline_string: '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%'}},
          ...shared,
        },
      ],
    }),
  ),
)

const tunneling = fc
  .tuple(
    fc.constantFrom('tunnel.test:443', '%DOWNSTREAM_LOCAL_ADDRESS%'),
    fc.constantFrom<Message>({}, {use_post: true}, {use_post: true, post_path: '/in?x=1'}),
    fc.constantFrom<Message>({}, {headers_to_add: [{header: {key: 'x-gen-a', value: '%FILTER_STATE(gen.a:PLAIN)%'}}]}),
  )
  .map(([hostname, how, headers]) => ({tunneling_config: {hostname, ...how, ...headers}}))

const maybeTunnel = fc.oneof(
  {weight: 1, arbitrary: fc.constant<Message>({})},
  {weight: 2, arbitrary: tunneling.map((config): Message => config)},
)

/** Without internal_upstream an internal connection learns nothing. */
const innerSocket = fc.oneof(
  {weight: 1, arbitrary: fc.constant<Message>({})},
  {
    weight: 3,
    arbitrary: fc
      .subarray([
        {kind: {host: {}}, name: NAMESPACE},
        {kind: {cluster: {}}, name: NAMESPACE},
      ])
      .map((passthrough_metadata) => ({
        transport_socket: extension('internal', `${SOCKETS}internal_upstream.v3.InternalUpstreamTransport`, {
          passthrough_metadata,
          transport_socket: extension('raw', `${SOCKETS}raw_buffer.v3.RawBuffer`),
        }),
      })),
  },
)

const HTTP2 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${TYPE}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
      explicit_http_config: {http2_protocol_options: {allow_connect: true}},
    },
  },
}

const told = fc.constantFrom('10.1.1.1:80', '10.2.0.1:443', '[fd00::a]:80', 'name:80')

/** A cluster whose only host is the inner listener. */
const inner: fc.Arbitrary<GeneratedCluster> = fc
  .record({
    socket: innerSocket,
    protocol: fc.constantFrom<Message>({}, HTTP2),
    local: fc.option(told, {nil: undefined}),
    listener: fc.constantFrom('@@behind', '@@behind', '@@behind', '@@behind', '@@absent'),
  })
  .map(({socket, protocol, local, listener}) => ({
    name: '@@inner',
    fields: {...socket, ...protocol},
    localities: [
      {
        fields: {},
        hosts: [
          {
            host: 0,
            internal: {listener, endpointId: 'one'},
            fields: local === undefined ? {} : {metadata: {filter_metadata: {[NAMESPACE]: {local}}}},
          },
        ],
      },
    ],
  }))

const stateMatcher = fc
  .tuple(fc.constantFrom('gen.a', 'gen.b'), fc.constantFrom('10.1.1.1', '10.2.0.1', '127.0.0.1'))
  .map(([key, value]) => ({
    matcher_tree: {
      input: extension('state', 'envoy.extensions.matching.common_inputs.network.v3.FilterStateInput', {key}),
      exact_match_map: {map: {[value]: chainAction('known')}},
    },
    on_no_match: chainAction('rest'),
  }))

const addressMatcher = fc.constantFrom('10.1.1.1', '10.2.0.1', 'fd00::a').map((value) => ({
  matcher_tree: {
    input: extension('ip', 'envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput'),
    exact_match_map: {map: {[value]: chainAction('known')}},
  },
  on_no_match: chainAction('rest'),
}))

function chainAction(value: string): Message {
  return {action: {name: 'chain', typed_config: {'@type': `${TYPE}google.protobuf.StringValue`, value}}}
}

/** CONNECT and POST end here, or are routed on. */
const terminates = fc
  .tuple(
    fc.constantFrom<Message>({}, {connect_config: {}}, {connect_config: {allow_post: true}}),
    fc.constantFrom<readonly Message[]>([], [{upgrade_type: 'CONNECT'}]),
  )
  .map(([config, upgrade_configs]) => {
    const ends = {cluster: sink(2), upgrade_configs: [{upgrade_type: 'CONNECT', ...config}]}
    const routes = [
      {name: 'connect', match: {connect_matcher: {}}, route: ends},
      {name: 'post', match: {path: '/in'}, route: ends},
      {name: 'rest', match: {prefix: '/'}, route: {cluster: sink(3)}},
    ]
    return manager({route_config: {name: 'inner', virtual_hosts: [{name: 'inner', domains: ['*'], routes}]}, upgrade_configs})
  })

const behind = fc
  .record({
    filter: fc.oneof({weight: 3, arbitrary: terminates}, {weight: 1, arbitrary: fc.constant(tcpProxy({cluster: sink(4)}))}),
    matcher: fc.option(fc.oneof(stateMatcher, addressMatcher), {nil: undefined}),
    restores: fc.boolean(),
  })
  .map(({filter, matcher, restores}) => ({
    name: '@@behind',
    internal_listener: {},
    listener_filters: restores ? [extension('original', 'envoy.extensions.filters.listener.original_dst.v3.OriginalDst')] : [],
    filter_chains: [
      {name: 'known', filters: [filter]},
      ...(matcher === undefined ? [] : [{name: 'rest', filters: [tcpProxy({cluster: sink(5)})]}]),
    ],
    ...field('filter_chain_matcher', matcher),
  }))

/** Only a connection manager understands HTTP/2: the upstreams behind the others do not. */
function speaksHttp(listener: Message): boolean {
  return !JSON.stringify(listener).includes('TcpProxy')
}

function withoutHttp2(cluster: GeneratedCluster): GeneratedCluster {
  const fields = Object.entries(cluster.fields).filter(([name]) => name !== 'typed_extension_protocol_options')
  return {...cluster, fields: Object.fromEntries(fields)}
}

/** Connections into an internal listener of the same Envoy, plain or through a CONNECT or a POST. */
const internal: fc.Arbitrary<Scenario> = fc
  .record({
    listener_filters: forgingFilters,
    before: fc.array(state, {maxLength: 1}),
    tunnel: maybeTunnel,
    cluster: inner,
    second: behind,
    probes: connections,
  })
  .map(({listener_filters, before, tunnel, cluster, second, probes}) => ({
    listener: {
      listener_filters,
      filter_chains: [{name: 'outer', filters: [...before, tcpProxy({cluster: '@@inner', ...tunnel})]}],
    },
    clusters: [speaksHttp(second) ? cluster : withoutHttp2(cluster)],
    behind: [second],
    probes,
  }))

/** Tunnels straight to an upstream, by CONNECT or POST. */
const tunnels: fc.Arbitrary<Scenario> = fc
  .record({listener_filters: forgingFilters, before: fc.array(state, {maxLength: 1}), tunnel: tunneling, probes: connections})
  .map(({listener_filters, before, tunnel, probes}) => ({
    listener: {
      listener_filters,
      filter_chains: [{name: 'outer', filters: [...before, tcpProxy(merged([{cluster: sink(1)}, tunnel]))]}],
    },
    clusters: [],
    behind: [],
    probes,
  }))

export const TUNNELS: readonly Family[] = [
  {name: 'tunnels', scenarios: tunnels, portion: 0.3},
  {name: 'internal listeners', scenarios: internal, portion: 0.5},
]
