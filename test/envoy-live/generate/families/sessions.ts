import fc from 'fast-check'
import {extension, type Message} from '../../message.js'
import type {Probe, Sent} from '../../probe.js'
import {UPSTREAM_PORT, type GeneratedCluster, type Scenario} from '../../scenario.js'
import {hostAddress} from '../../upstream.js'
import {aggregateOf, balancing, localities} from '../hosts.js'
import {manager, ROUTER} from '../manager.js'
import type {Family} from './family.js'

const REPEAT = 6
const FILTERS = 'envoy.extensions.filters.http.'
const STATE = 'envoy.extensions.http.stateful_session.'
const POLICY = 'envoy.extensions.load_balancing_policies.'

const address = fc.integer({min: 0, max: 7}).map((host) => `${hostAddress(host)}:${UPSTREAM_PORT}`)

const state = fc.constantFrom(
  extension('envoy.http.stateful_session.header', `${STATE}header.v3.HeaderBasedSessionState`, {name: 'x-session'}),
  extension('envoy.http.stateful_session.cookie', `${STATE}cookie.v3.CookieBasedSessionState`, {
    cookie: {name: 'sticky', path: '/', ttl: '60s'},
  }),
  extension('envoy.http.stateful_session.cookie', `${STATE}cookie.v3.CookieBasedSessionState`, {cookie: {name: 'sticky', path: '/a'}}),
)

const session = fc
  .record({session_state: state, strict: fc.boolean()})
  .map((fields) => extension('session', `${FILTERS}stateful_session.v3.StatefulSession`, fields))

/** The cluster itself, or one that is made of it and another. */
const around = fc.oneof(
  {weight: 3, arbitrary: fc.constant<readonly GeneratedCluster[]>([])},
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(['@@c'], ['@@c', 'sink-5'], ['absent', 'sink-5', '@@c'])
      .map((clusters): readonly GeneratedCluster[] => [aggregateOf(clusters)]),
  },
)

const statuses = fc.constantFrom<Message>({}, {}, {override_host_status: {statuses: ['UNHEALTHY', 'HEALTHY']}})

/** The policy takes a host from a header, else it balances. */
const overriding: Message = {
  load_balancing_policy: {
    policies: [
      policy('override_host', 'OverrideHost', {
        override_host_sources: [{header: 'x-host'}],
        fallback_policy: {policies: [policy('round_robin', 'RoundRobin', {})]},
      }),
    ],
  },
}

function policy(name: string, message: string, fields: Message): Message {
  return {typed_extension_config: extension(name, `${POLICY}${name}.v3.${message}`, fields)}
}

const line = fc.oneof(
  address.map((text) => ['x-session', `$BASE64(${text})`] as const),
  address.map((text) => ['x-session', text] as const),
  address.map((text) => ['cookie', `other=1; sticky=$COOKIE(${text})`] as const),
  address.map((text) => ['cookie', `sticky=$BASE64(${text})`] as const),
  address.map((text) => ['x-host', text] as const),
  fc.tuple(address, address).map((texts) => ['x-host', texts.join(', ')] as const),
)

const request = fc
  .record({
    headers: fc.uniqueArray(line, {maxLength: 2, selector: ([name]) => name}),
    path: fc.constantFrom('/', '/a', '/ab', '/a/b'),
  })
  .map(({headers, path}): Sent => ({kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a.test', path, headers}}))

/** Requests that bring a host back: by a session, or by what override_host looks at. */
const sessions: fc.Arbitrary<Scenario> = fc
  .record({
    hosts: localities,
    filter: fc.option(session, {nil: undefined, freq: 4}),
    balanced: balancing,
    outer: around,
    allowed: statuses,
    typed: fc.boolean(),
    sent: fc.array(request, {minLength: 1, maxLength: 4}),
  })
  .map(({hosts, filter, balanced, outer, allowed, typed, sent}) => {
    const route = {name: 'r', match: {prefix: '/'}, route: {cluster: outer[0]?.name ?? '@@c'}}
    const table = {name: 'table', validate_clusters: false, virtual_hosts: [{name: 'v', domains: ['*'], routes: [route]}]}
    const http_filters = [...(filter === undefined ? [] : [filter]), ROUTER]
    // A typed policy brings its own word on localities.
    const common = typed ? allowed : {...balanced.common_lb_config, ...allowed}
    const fields = {common_lb_config: common, ...(typed ? overriding : {lb_policy: balanced.lb_policy})}
    return {
      listener: {filter_chains: [{name: 'only', filters: [manager({route_config: table, http_filters})]}]},
      clusters: [{name: '@@c', fields, localities: hosts}, ...outer],
      behind: [],
      probes: sent.map((sends): Probe => ({from: '127.0.0.1', sends, repeat: REPEAT})),
    }
  })

export const SESSIONS: readonly Family[] = [{name: 'hosts named by requests', scenarios: sessions, portion: 0.5, open: 0.05}]
