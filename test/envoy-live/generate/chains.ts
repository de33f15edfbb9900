import fc from 'fast-check'
import {extension, field, type Message} from '../message.js'
import {sink} from '../scenario.js'

const NETWORK = 'envoy.extensions.filters.network.'
const LISTENER = 'envoy.extensions.filters.listener.'

export const PROXY_PROTOCOL = extension('proxy_protocol', `${LISTENER}proxy_protocol.v3.ProxyProtocol`)
export const TLS_INSPECTOR = extension('tls_inspector', `${LISTENER}tls_inspector.v3.TlsInspector`)
const HTTP_INSPECTOR = extension('http_inspector', `${LISTENER}http_inspector.v3.HttpInspector`)

const ports = fc
  .constantFrom([80, 81], [443, 9000], [8080, 9081], [1, 65_535])
  .map(([start, end]) => ({destination_port_range: {start, end}}))

/** A ListenerFilterChainMatchPredicate. */
const disabling: fc.Arbitrary<Message> = fc.oneof(
  ports,
  fc.constant({any_match: true}),
  ports.map((not_match) => ({not_match})),
  fc.tuple(ports, ports).map((rules) => ({or_match: {rules}})),
  fc.tuple(ports, ports).map(([one, other]) => ({and_match: {rules: [one, {not_match: other}]}})),
)

function maybe(inspector: Message): fc.Arbitrary<readonly Message[]> {
  return fc.oneof(
    {weight: 3, arbitrary: fc.constantFrom([], [inspector])},
    {weight: 1, arbitrary: disabling.map((filter_disabled) => [{...inspector, filter_disabled}])},
  )
}

/** PROXY protocol first, then the inspectors a listener may have, at times switched off for some ports. */
export const forgingFilters: fc.Arbitrary<readonly Message[]> = fc
  .tuple(maybe(TLS_INSPECTOR), maybe(HTTP_INSPECTOR))
  .map(([tls, http]) => [PROXY_PROTOCOL, ...tls, ...http])

export function tcpProxy(fields: Message): Message {
  return extension('tcp_proxy', `${NETWORK}tcp_proxy.v3.TcpProxy`, {stat_prefix: 'tcp', ...fields})
}

/** How a chain goes on: mostly to a sink, at times to weighted ones, to one that does not exist, or nowhere. */
function terminalFilter(index: number): fc.Arbitrary<readonly Message[]> {
  return fc.oneof(
    {weight: 12, arbitrary: fc.constant([tcpProxy({cluster: sink(index)})])},
    {weight: 1, arbitrary: fc.constant([tcpProxy({cluster: 'missing'})])},
    {weight: 1, arbitrary: weightedSinks.map((weighted_clusters) => [tcpProxy({weighted_clusters})])},
    {weight: 1, arbitrary: fc.constant([extension('echo', `${NETWORK}echo.v3.Echo`)])},
    {weight: 1, arbitrary: fc.constant([extension('direct', `${NETWORK}direct_response.v3.Config`, {response: {inline_string: 'hi\n'}})])},
  )
}

const weightedSinks = fc
  .array(fc.record({name: fc.constantFrom(sink(0), sink(1), sink(2), 'missing'), weight: fc.integer({min: 1, max: 3})}), {
    minLength: 1,
    maxLength: 3,
  })
  .map((clusters) => ({clusters}))

/** Chains `c0`, `c1`, … and, at times, a default chain. */
export function chains(count: number): fc.Arbitrary<{filter_chains: readonly Message[]; default_filter_chain?: Message}> {
  const named = fc.tuple(
    ...Array.from({length: count}, (_, index) => terminalFilter(index).map((filters) => ({name: `c${index}`, filters}))),
  )
  const fallback = terminalFilter(5).map((filters) => ({name: 'default', filters}))
  return fc
    .tuple(named, fc.option(fallback, {nil: undefined}))
    .map(([filter_chains, chain]) => ({filter_chains, ...field('default_filter_chain', chain)}))
}
