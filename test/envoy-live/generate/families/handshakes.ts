import fc from 'fast-check'
import {extension, field, type Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import {CERTIFICATE, CERTIFICATE_KEY, sink, type Scenario} from '../../scenario.js'
import {tcpProxy, TLS_INSPECTOR} from '../chains.js'
import {manager} from '../manager.js'
import {protocols, serverName} from '../words.js'
import type {Family} from './family.js'

const CHAINS = 4
const INPUTS = 'envoy.extensions.matching.common_inputs.network.v3.'

const tls = fc.constantFrom([], ['h2', 'http/1.1'], ['http/1.1'], ['istio'])

function socketOf(alpn_protocols: readonly string[]): Message {
  return extension('tls', 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    common_tls_context: {
      alpn_protocols,
      tls_certificates: [{certificate_chain: {inline_string: CERTIFICATE}, private_key: {inline_string: CERTIFICATE_KEY}}],
    },
  })
}

const names = fc.uniqueArray(fc.constantFrom('a.example.com', '*.example.com', 'other.org', '*.a.example.com'), {
  minLength: 1,
  maxLength: 2,
})

const match = fc
  .record({
    server_names: fc.option(names, {nil: undefined}),
    application_protocols: fc.option(fc.uniqueArray(fc.constantFrom('h2', 'http/1.1', 'istio'), {minLength: 1, maxLength: 2}), {
      nil: undefined,
      freq: 1,
    }),
    transport_protocol: fc.option(fc.constantFrom('tls', 'raw_buffer'), {nil: undefined, freq: 1}),
  })
  .map(({server_names, application_protocols, transport_protocol}) => ({
    ...field('server_names', server_names),
    ...field('application_protocols', application_protocols),
    ...field('transport_protocol', transport_protocol),
  }))

/** What is behind a handshake: bytes to a sink, or routes that ask whether there was one. */
function terminal(index: number): fc.Arbitrary<Message> {
  const routes = [
    {name: 'certified', match: {prefix: '/', tls_context: {presented: true}}, route: {cluster: sink(5)}},
    {
      name: 'secure',
      match: {prefix: '/', headers: [{name: 'x-forwarded-proto', string_match: {exact: 'https'}}]},
      route: {cluster: sink(index)},
    },
    {name: 'plain', match: {prefix: '/'}, route: {cluster: sink(4)}},
  ]
  const table = {name: 'table', virtual_hosts: [{name: 'v', domains: ['*'], routes}]}
  return fc.constantFrom(tcpProxy({cluster: sink(index)}), manager({route_config: table}))
}

/** The clients of this family speak HTTP/1: a connection manager must not agree on more with them. */
function served(offered: readonly string[], filter: Message): Message {
  return socketOf(filter['name'] === 'hcm' ? offered.filter((one) => one !== 'h2') : offered)
}

const chains = fc.tuple(
  ...Array.from({length: CHAINS}, (_, index) =>
    fc
      .record({socket: fc.option(tls, {nil: undefined, freq: 3}), filter: terminal(index), asked: match})
      .map(({socket, filter, asked}) => ({
        chain: {
          name: `c${index}`,
          filters: [filter],
          ...field('transport_socket', socket === undefined ? undefined : served(socket, filter)),
        },
        asked,
      })),
  ),
)

const input = fc.constantFrom(
  {type: 'ServerNameInput', keys: ['a.example.com', 'b.example.com', 'other.org']},
  {type: 'ApplicationProtocolInput', keys: ["'h2'", "'h2','http/1.1'", "'istio'"]},
  {type: 'TransportProtocolInput', keys: ['tls', 'raw_buffer']},
)

const chainAction = fc
  .constantFrom('c0', 'c1', 'c2', 'c3')
  .map((value) => ({action: extension('chain', 'google.protobuf.StringValue', {value})}))

const tree = input.chain(({type, keys}) =>
  fc
    .tuple(fc.dictionary(fc.constantFrom(...keys), chainAction, {minKeys: 1, maxKeys: 3}), fc.option(chainAction, {nil: undefined}))
    .map(([map, rest]) => ({
      matcher_tree: {input: extension(type, `${INPUTS}${type}`), exact_match_map: {map}},
      ...field('on_no_match', rest),
    })),
)

const hello = fc.record({sni: fc.option(serverName, {nil: undefined}), alpn: protocols})

const sent: fc.Arbitrary<Sent> = fc.oneof(
  {weight: 4, arbitrary: hello.map(({sni, alpn}): Sent => ({kind: 'tls', sni, alpn}))},
  {
    weight: 4,
    arbitrary: hello.map(
      ({sni, alpn}): Sent => ({kind: 'tls', sni, alpn, request: {method: 'GET', authority: 'a.test', path: '/', headers: []}}),
    ),
  },
)

/** Real TLS clients: which chain their names and protocols lead to, and what is behind the handshake. */
const handshakes: fc.Arbitrary<Scenario> = fc
  .record({
    inspects: fc.oneof({weight: 4, arbitrary: fc.constant(true)}, {weight: 1, arbitrary: fc.constant(false)}),
    list: chains,
    matcher: fc.option(tree, {nil: undefined}),
    fallback: fc.boolean(),
    probes: fc.array(sent, {minLength: 1, maxLength: 8, size: 'max'}),
  })
  .map(({inspects, list, matcher, fallback, probes}) => ({
    listener: {
      listener_filters: inspects ? [TLS_INSPECTOR] : [],
      filter_chains: distinct(list, matcher === undefined),
      ...field('filter_chain_matcher', matcher),
      ...(fallback ? {default_filter_chain: {name: 'default', filters: [tcpProxy({cluster: sink(5)})]}} : {}),
    },
    clusters: [],
    behind: [],
    probes: probes.map((sends): Probe => ({from: '127.0.0.1', sends, repeat: 1})),
  }))

/** Envoy wants every match once; with a matcher the chains have none. */
function distinct(list: readonly {readonly chain: Message; readonly asked: Message}[], legacy: boolean): Message[] {
  if (!legacy) return list.map(({chain}) => chain)
  const seen = new Set<string>()
  return list.flatMap(({chain, asked}) => {
    const keys = keysOf(asked)
    if (keys.some((key) => seen.has(key))) return []
    for (const key of keys) seen.add(key)
    return [{...chain, filter_chain_match: asked}]
  })
}

/** A list asks for each of its entries. */
function keysOf(asked: Message): string[] {
  const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [''])
  return listOf(asked['server_names']).flatMap((name) =>
    listOf(asked['application_protocols']).map((protocol) => JSON.stringify([name, protocol, asked['transport_protocol'] ?? ''])),
  )
}

export const HANDSHAKES: readonly Family[] = [{name: 'TLS clients', scenarios: handshakes, portion: 0.5, certified: true}]
