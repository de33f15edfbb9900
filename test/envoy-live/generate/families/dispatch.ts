import fc from 'fast-check'
import {extension, field, merged, type Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import {sink, type GeneratedCluster, type Scenario} from '../../scenario.js'
import {tcpProxy} from '../chains.js'
import {manager, normalization, ROUTER} from '../manager.js'
import type {Family} from './family.js'

const INPUTS = 'envoy.extensions.matching.common_inputs.network.v3.'
const NAMESPACE = 'envoy.filters.listener.original_dst'

/** Authorities of tunnels: addresses with and without brackets and port, and names. */
const AUTHORITIES = [
  ...['10.1.1.1:80', '10.1.1.1:80', '10.2.0.1:443', '10.1.1.1', '10.1.1.1:99999', '10.1.1.1:0'],
  ...['[fd00::a]:80', '[fd00::a]:80', '[FD00::A]:80', '[fd00::a]', 'fd00::a:80', 'fd00::a', '[10.1.1.1]:80', '[::ffff:10.1.1.1]:80'],
  ...['name.test:80', 'name.test', 'Name.Test:80', 'name.test.:80'],
] as const

/** What a waypoint notes of a CONNECT: the address to go to, perhaps the client, perhaps the authority as it came. */
const noted = fc
  .tuple(
    fc.constantFrom('%REQ(:AUTHORITY)%', '%REQ(:AUTHORITY)%', '%REQ(x-gen-to)%'),
    fc.constantFrom('ONCE', 'ONCE', 'NONE'),
    fc.option(fc.constantFrom('%DOWNSTREAM_REMOTE_ADDRESS%', '10.9.9.9:1000', 'nobody:1', 'fd00::b:1000'), {nil: undefined}),
    fc.boolean(),
  )
  .map(([local, shared_with_upstream, remote, authority]) =>
    extension('note', 'envoy.extensions.filters.http.set_filter_state.v3.Config', {
      on_request_headers: [
        stateOf(`${NAMESPACE}.local_ip`, {text: local, shared_with_upstream}),
        ...(remote === undefined ? [] : [stateOf(`${NAMESPACE}.remote_ip`, {text: remote, shared_with_upstream})]),
        ...(authority
          ? [{...stateOf('gen.authority', {text: '%REQ(:AUTHORITY)%', shared_with_upstream}), factory_key: 'envoy.string'}]
          : []),
      ],
    }),
  )

function stateOf(object_key: string, {text, shared_with_upstream}: {text: string; shared_with_upstream: string}): Message {
  return {object_key, format_string: {text_format_source: {inline_string: text}}, shared_with_upstream}
}

const domains = fc
  .uniqueArray(
    fc.constantFrom('10.1.1.1:80', '10.1.1.1', '[fd00::a]:80', '[fd00::a]', 'fd00:', 'fd00::a', 'fd00::*', 'name.test', '*.test'),
    {
      maxLength: 3,
    },
  )
  .map((named) => [...(named.length === 0 ? [] : [{name: 'named', domains: named}]), {name: 'others', domains: ['*']}])

const outer = fc
  .record({note: noted, hosts: domains, normalizes: normalization, ignoresPort: fc.boolean()})
  .map(({note, hosts, normalizes, ignoresPort}) => {
    const action = {cluster: '@@inner', upgrade_configs: [{upgrade_type: 'CONNECT', connect_config: {}}]}
    const routes = [{name: 'tunnel', match: {connect_matcher: {}}, route: action}]
    const virtual_hosts = hosts.map((host) => ({...host, routes}))
    const route_config = {name: 'outer', virtual_hosts, ...(ignoresPort ? {ignore_port_in_host_matching: true} : {})}
    return manager(merged([{route_config, upgrade_configs: [{upgrade_type: 'CONNECT'}], http_filters: [note, ROUTER]}, normalizes]))
  })

/** Without internal_upstream nothing of the request gets through. */
const cluster: fc.Arbitrary<GeneratedCluster> = fc
  .record({
    shares: fc.oneof({weight: 5, arbitrary: fc.constant(true)}, {weight: 1, arbitrary: fc.constant(false)}),
    local: fc.option(fc.constantFrom('10.2.0.1:443', 'name.test:80', '[fd00::a]:80', 'fd00::a:80'), {nil: undefined, freq: 1}),
  })
  .map(({shares, local}) => ({
    name: '@@inner',
    fields: shares
      ? {
          transport_socket: extension('internal', 'envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport', {
            passthrough_metadata: [{kind: {host: {}}, name: NAMESPACE}],
            transport_socket: extension('raw', 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'),
          }),
        }
      : {},
    localities: [
      {
        fields: {},
        hosts: [
          {
            host: 0,
            internal: {listener: '@@main', endpointId: 'main'},
            fields: local === undefined ? {} : {metadata: {filter_metadata: {[NAMESPACE]: {local}}}},
          },
        ],
      },
    ],
  }))

function chainAction(value: string): Message {
  return {action: extension('chain', 'google.protobuf.StringValue', {value})}
}

function exactMap(type: string, {fields = {}, map}: {fields?: Message; map: Message}): Message {
  return {matcher_tree: {input: extension(type, `${INPUTS}${type}`, fields), exact_match_map: {map}}}
}

const ports = fc
  .uniqueArray(fc.constantFrom('80', '443', '0'), {minLength: 1, maxLength: 2})
  .map((list) => exactMap('DestinationPortInput', {map: Object.fromEntries(list.map((port) => [port, chainAction(`p${port}`)]))}))

const ranges = fc.uniqueArray(
  fc.constantFrom<readonly [string, number]>(['10.1.1.1', 32], ['10.0.0.0', 8], ['fd00::a', 128], ['fd00::', 8], ['::ffff:10.1.1.1', 128]),
  {minLength: 1, maxLength: 3},
)

/** How a waypoint finds the service: by address, then by port; or by the authority. */
const tree = fc.oneof(
  fc.tuple(ranges, ports).map(([list, matcher]) => ({
    matcher_tree: {
      input: extension('ip', `${INPUTS}DestinationIPInput`),
      custom_match: extension('ip', 'xds.type.matcher.v3.IPMatcher', {
        range_matchers: list.map(([address_prefix, prefix_len]) => ({ranges: [{address_prefix, prefix_len}], on_match: {matcher}})),
      }),
    },
  })),
  fc.constantFrom('10.1.1.1', 'fd00::a').map((ip) => exactMap('DestinationIPInput', {map: {[ip]: chainAction('p80')}})),
  fc.constantFrom('10.9.9.9', '127.0.0.1', 'fd00::b').map((ip) => exactMap('SourceIPInput', {map: {[ip]: chainAction('p80')}})),
  fc
    .constantFrom('10.1.1.1:80', 'name.test:80', 'fd00::a:80', 'fd00:')
    .map((text) => exactMap('FilterStateInput', {fields: {key: 'gen.authority'}, map: {[text]: chainAction('p443')}})),
)

const main = fc
  .record({
    matcher: tree,
    rest: fc.boolean(),
    restores: fc.oneof({weight: 5, arbitrary: fc.constant(true)}, {weight: 1, arbitrary: fc.constant(false)}),
  })
  .map(({matcher, rest, restores}) => ({
    name: '@@main',
    internal_listener: {},
    listener_filters: restores ? [extension('original', 'envoy.extensions.filters.listener.original_dst.v3.OriginalDst')] : [],
    filter_chains: ['p80', 'p443', 'p0', 'rest'].map((name, index) => ({name, filters: [tcpProxy({cluster: sink(index)})]})),
    filter_chain_matcher: {...matcher, ...field('on_no_match', rest ? chainAction('rest') : undefined)},
  }))

const sent = fc
  .tuple(
    fc.constantFrom('h1' as const, 'h2' as const, 'h2' as const),
    fc.constantFrom(...AUTHORITIES),
    fc.constantFrom('10.1.1.1:80', 'fd00::a:80'),
  )
  .map(([version, authority, to]): Sent => ({kind: 'http', version, request: {method: 'CONNECT', authority, headers: [['x-gen-to', to]]}}))

/** A tunnel that ends here is dispatched by what its authority says, as waypoints do. */
const dispatch: fc.Arbitrary<Scenario> = fc
  .record({http: outer, inner: cluster, second: main, probes: fc.array(sent, {minLength: 2, maxLength: 8, size: 'max'})})
  .map(({http, inner, second, probes}) => ({
    listener: {filter_chains: [{name: 'outer', filters: [http]}]},
    clusters: [inner],
    behind: [second],
    probes: probes.map((sends): Probe => ({from: '127.0.0.1', sends, repeat: 1})),
  }))

export const DISPATCH: readonly Family[] = [{name: 'dispatch of tunnels', scenarios: dispatch, portion: 0.5}]
