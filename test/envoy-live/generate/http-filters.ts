import fc from 'fast-check'
import {extension, field, merged, TYPE, type Message} from '../message.js'
import {sink} from '../scenario.js'
import {stringMatcher} from './string-matcher.js'

const HTTP = 'envoy.extensions.filters.http.'

/** A filter of a connection manager, and what a route, virtual host or table may say instead. */
export interface GeneratedFilter {
  readonly name: string
  readonly filter: Message
  /** A typed_per_filter_config entry. */
  readonly override: Message | undefined
}

interface FilterKind {
  readonly name: string
  readonly type: string
  readonly settings: fc.Arbitrary<Message>
  /** Envoy refuses overrides. */
  readonly whole?: true
  /** Type and fields of an override; the filter's own when absent. */
  readonly override?: {readonly type: string; readonly settings: fc.Arbitrary<Message>}
}

/** Headers these filters look for, with values that matter to them. */
export const FILTER_HEADERS: Readonly<Record<string, readonly string[]>> = {
  'x-t': ['1', '2'],
  origin: ['http://a.test', 'https://b.test:8080', 'null', 'nonsense'],
  referer: ['http://a.test/x', 'http://c.test'],
  'access-control-request-method': ['GET', 'PUT'],
  'x-envoy-fault-abort-request': ['418', '100', 'x'],
  'x-envoy-fault-abort-grpc-request': ['5'],
  'x-envoy-fault-abort-request-percentage': ['0', '100'],
  'x-envoy-downstream-service-node': ['n1', 'n2'],
  'x-envoy-downstream-service-cluster': ['c1'],
  'content-type': ['application/grpc', 'text/plain'],
}

const percents = fc.constantFrom(0, 50, 100, 100, 100)
const percentage = percents.map((numerator) => ({numerator, denominator: 'HUNDRED'}))
const runtimePercentage = percents.map((numerator) => ({default_value: {numerator, denominator: 'HUNDRED'}}))
const testHeader = fc.constantFrom<Message>(
  {name: 'x-t', string_match: {exact: '1'}},
  {name: 'x-t', present_match: true, invert_match: true},
)

const sometimes = (arbitrary: fc.Arbitrary<Message>, freq = 2): fc.Arbitrary<Message> => fc.option(arbitrary, {nil: {}, freq})

const abort = fc
  .tuple(fc.constantFrom<Message>({http_status: 418}, {http_status: 503}, {grpc_status: 5}, {header_abort: {}}), percentage)
  .map(([what, share]) => ({abort: {...what, percentage: share}}))

const fault = fc
  .tuple(
    sometimes(abort, 6),
    sometimes(percentage.map((share) => ({delay: {fixed_delay: '0.005s', percentage: share}}))),
    sometimes(
      testHeader.map((header) => ({headers: [header]})),
      1,
    ),
    fc.constantFrom<Message>({}, {}, {}, {upstream_cluster: sink(0)}, {upstream_cluster: sink(1)}),
    fc.constantFrom<Message>({}, {}, {}, {downstream_nodes: ['n1']}),
    fc.constantFrom<Message>({}, {}, {}, {max_active_faults: 0}),
  )
  // Envoy refuses a fault that does nothing.
  .map((parts) => merged(parts.some((part) => 'abort' in part || 'delay' in part) ? parts : [{abort: {http_status: 418}}, ...parts]))

const origins = fc.array(stringMatcher(fc.constantFrom('http://a.test', 'https://b.test:8080', 'nonsense')), {minLength: 0, maxLength: 2})
const hosts = fc.array(stringMatcher(fc.constantFrom('a.test', 'b.test:8080', 'c.test')), {minLength: 0, maxLength: 2})

const corsPolicy = fc
  .tuple(
    origins.map((allow_origin_string_match) => ({allow_origin_string_match})),
    sometimes(runtimePercentage.map((filter_enabled) => ({filter_enabled}))),
    sometimes(
      runtimePercentage.map((shadow_enabled) => ({shadow_enabled})),
      1,
    ),
    fc.constantFrom<Message>({}, {}, {forward_not_matching_preflights: false}, {forward_not_matching_preflights: true}),
  )
  .map(merged)

const csrf = fc
  .tuple(runtimePercentage, hosts, sometimes(runtimePercentage.map((shadow_enabled) => ({shadow_enabled}))))
  .map(([filter_enabled, additional_origins, shadow]) => ({filter_enabled, additional_origins, ...shadow}))

const APPENDS = ['APPEND_IF_EXISTS_OR_ADD', 'ADD_IF_ABSENT', 'OVERWRITE_IF_EXISTS_OR_ADD', 'OVERWRITE_IF_EXISTS'] as const
const requestMutation = fc.oneof(
  {weight: 1, arbitrary: fc.constantFrom('x-t', 'x-gen-a', 'origin').map((remove) => ({remove}))},
  {
    weight: 4,
    arbitrary: fc
      .record({
        key: fc.constantFrom('x-t', 'x-gen-a', 'x-gen-b', 'x-envoy-fault-abort-request'),
        value: fc.constantFrom('1', '2', '%REQ(x-t)%', '%REQ(x-absent)%', '418', 'a%%b'),
        append_action: fc.constantFrom(...APPENDS),
      })
      .map(({key, value, append_action}) => ({append: {header: {key, value}, append_action}})),
  },
)
const mutations = fc.array(requestMutation, {minLength: 1, maxLength: 3}).map((request_mutations) => ({mutations: {request_mutations}}))
const winner = fc.constantFrom<Message>({}, {}, {most_specific_header_mutations_wins: true})

const localLimit = fc
  .tuple(
    fc.constantFrom(1, 1000),
    sometimes(
      runtimePercentage.map((filter_enabled) => ({filter_enabled})),
      4,
    ),
    sometimes(
      runtimePercentage.map((filter_enforced) => ({filter_enforced})),
      4,
    ),
    fc.constantFrom<Message>({}, {}, {status: {code: 'Conflict'}}),
  )
  .map(([max_tokens, ...rest]) => ({
    stat_prefix: 'limit',
    token_bucket: {max_tokens, tokens_per_fill: max_tokens, fill_interval: '3600s'},
    ...merged(rest),
  }))

const healthCheck = fc
  .tuple(
    fc.boolean(),
    fc.constantFrom<Message[]>([{name: ':path', string_match: {exact: '/a'}}], [{name: 'x-t', string_match: {exact: '1'}}]),
    fc.constantFrom<Message>(
      {},
      {},
      {cluster_min_healthy_percentages: {'sink-0': {value: 50}}},
      {cluster_min_healthy_percentages: {missing: {value: 50}}},
    ),
  )
  .map(([pass, headers, percent]) => ({pass_through_mode: pass, headers, ...(pass ? {} : percent)}))

const authorization = fc
  .tuple(
    fc.boolean(),
    fc.constantFrom('dead', 'empty'),
    fc.constantFrom<Message>({}, {}, {status_on_error: {code: 'ServiceUnavailable'}}),
    sometimes(runtimePercentage.map((filter_enabled) => ({filter_enabled}))),
    sometimes(
      fc.boolean().map((on) => ({deny_at_disable: {default_value: on, runtime_key: 'none'}})),
      1,
    ),
  )
  .map(([failure_mode_allow, cluster, ...rest]) => ({
    failure_mode_allow,
    http_service: {server_uri: {uri: 'http://authz.test', cluster: `@@${cluster}`, timeout: '0.2s'}},
    ...merged(rest),
  }))

const stateValue = fc.record({
  object_key: fc.constantFrom('gen.a', 'gen.b'),
  factory_key: fc.constant('envoy.string'),
  format_string: fc
    .constantFrom('1', '%REQ(x-t)%', '%REQ(:path)%', '%FILTER_STATE(gen.a:PLAIN)%')
    .map((inline_string) => ({text_format_source: {inline_string}})),
  skip_if_empty: fc.boolean(),
})

const filterState = fc.array(stateValue, {minLength: 1, maxLength: 2}).map((on_request_headers) => ({on_request_headers}))

const rbacPolicy = fc
  .constantFrom<Message>(
    {header: {name: 'x-t', string_match: {exact: '1'}}},
    {header: {name: 'x-gen-a', present_match: true}},
    {filter_state: {key: 'gen.a', string_match: {exact: '1'}}},
    {filter_state: {key: 'gen.b', string_match: {prefix: '/a'}}},
    {any: true},
  )
  .chain((principal) =>
    fc.constantFrom('ALLOW', 'DENY').map((action) => ({action, policies: {p: {permissions: [{any: true}], principals: [principal]}}})),
  )
const rbac = fc.oneof(
  {weight: 4, arbitrary: rbacPolicy.map((rules): Message => ({rules}))},
  {weight: 1, arbitrary: rbacPolicy.map((shadow_rules): Message => ({shadow_rules}))},
)

const KINDS: readonly FilterKind[] = [
  {name: 'fault', type: `${HTTP}fault.v3.HTTPFault`, settings: fault},
  {
    name: 'cors',
    type: `${HTTP}cors.v3.Cors`,
    settings: fc.constant({}),
    override: {type: `${HTTP}cors.v3.CorsPolicy`, settings: corsPolicy},
  },
  {name: 'csrf', type: `${HTTP}csrf.v3.CsrfPolicy`, settings: csrf},
  {
    name: 'mutation',
    type: `${HTTP}header_mutation.v3.HeaderMutation`,
    settings: fc.tuple(mutations, winner).map(merged),
    override: {type: `${HTTP}header_mutation.v3.HeaderMutationPerRoute`, settings: mutations},
  },
  {name: 'limit', type: `${HTTP}local_ratelimit.v3.LocalRateLimit`, settings: localLimit},
  {
    name: 'buffer',
    type: `${HTTP}buffer.v3.Buffer`,
    settings: fc.constant({max_request_bytes: 100}),
    override: {
      type: `${HTTP}buffer.v3.BufferPerRoute`,
      settings: fc.constantFrom<Message>({disabled: true}, {buffer: {max_request_bytes: 5}}),
    },
  },
  {name: 'health', whole: true, type: `${HTTP}health_check.v3.HealthCheck`, settings: healthCheck},
  {
    name: 'authz',
    type: `${HTTP}ext_authz.v3.ExtAuthz`,
    settings: authorization,
    override: {type: `${HTTP}ext_authz.v3.ExtAuthzPerRoute`, settings: fc.constantFrom<Message>({disabled: true}, {check_settings: {}})},
  },
  {name: 'state', type: `${HTTP}set_filter_state.v3.Config`, settings: filterState},
  {
    name: 'rbac',
    type: `${HTTP}rbac.v3.RBAC`,
    settings: rbac,
    override: {type: `${HTTP}rbac.v3.RBACPerRoute`, settings: rbac.map((settings) => ({rbac: settings}))},
  },
]

/** Clusters whose service does not answer: nobody listens, and no host at all. */
export const ABSENT_SERVICES = [
  {name: '@@dead', fields: {connect_timeout: '0.1s'}, localities: [{fields: {}, hosts: [{host: 90, fields: {}}]}]},
  {name: '@@empty', fields: {}, localities: []},
] as const

/** One filter of any of these kinds. */
export function httpFilter(only?: string): fc.Arbitrary<GeneratedFilter> {
  const kinds = KINDS.filter(({name}) => only === undefined || name === only)
  return fc.oneof(...kinds.map((kind) => filterOf(kind)))
}

function filterOf(kind: FilterKind): fc.Arbitrary<GeneratedFilter> {
  const {name, type, settings} = kind
  const own = kind.override ?? {type, settings}
  const any = own.settings.map((fields): Message => ({'@type': `${TYPE}${own.type}`, ...fields}))
  const generic = (fields: Message): Message => ({'@type': `${TYPE}envoy.config.route.v3.FilterConfig`, ...fields})
  const override = fc.oneof(
    {weight: 4, arbitrary: any},
    {weight: 1, arbitrary: fc.constant(generic({disabled: true}))},
    {weight: 1, arbitrary: any.map((config) => generic({config}))},
    {weight: 1, arbitrary: any.map((config) => generic({config, disabled: true}))},
    {weight: 1, arbitrary: any.map((config) => generic({config, disabled: false}))},
  )
  const off = fc.oneof({weight: 5, arbitrary: fc.constant(undefined)}, {weight: 1, arbitrary: fc.constant(true)})
  return fc.tuple(settings, override, off).map(([fields, entry, disabled]) => ({
    name,
    filter: {...extension(name, type, fields), ...field('disabled', disabled)},
    override: kind.whole === true ? undefined : entry,
  }))
}
