import fc from 'fast-check'
import {extension, type Message} from '../message.js'
import {headerMatcher} from './header-matcher.js'
import {PATHS} from './http-request.js'
import {stringMatcher} from './string-matcher.js'
import {port, range, serverName} from './words.js'

/** Network filters know no headers: Envoy refuses such rules there. */
export type RbacLayer = 'network' | 'http'

interface Grammar {
  readonly leaf: fc.Arbitrary<Message>
  readonly all: string
  readonly any: string
  readonly not: string
  readonly members: string
}

const urlPath = stringMatcher(fc.constantFrom(...PATHS.filter((path) => !path.includes('?')))).map((path) => ({url_path: {path}}))

function permissions(layer: RbacLayer): Grammar {
  const network = [
    {weight: 1, arbitrary: fc.constant<Message>({any: true})},
    {weight: 3, arbitrary: range.map((destination_ip) => ({destination_ip}))},
    {weight: 3, arbitrary: port.map((destination_port) => ({destination_port}))},
    {weight: 2, arbitrary: fc.tuple(port, fc.nat(9000)).map(([start, size]) => ({destination_port_range: {start, end: start + size + 1}}))},
    {weight: 2, arbitrary: stringMatcher(serverName).map((requested_server_name) => ({requested_server_name}))},
  ]
  const http = [
    {weight: 5, arbitrary: headerMatcher.map((header) => ({header}))},
    {weight: 4, arbitrary: urlPath},
  ]
  return {
    leaf: fc.oneof(...network, ...(layer === 'http' ? http : [])),
    all: 'and_rules',
    any: 'or_rules',
    not: 'not_rule',
    members: 'rules',
  }
}

function principals(layer: RbacLayer): Grammar {
  const network = [
    {weight: 1, arbitrary: fc.constant<Message>({any: true})},
    {weight: 3, arbitrary: range.map((source_ip) => ({source_ip}))},
    {weight: 3, arbitrary: range.map((direct_remote_ip) => ({direct_remote_ip}))},
    {weight: 3, arbitrary: range.map((remote_ip) => ({remote_ip}))},
    {weight: 1, arbitrary: fc.constant<Message>({authenticated: {}})},
    {weight: 1, arbitrary: fc.constant<Message>({authenticated: {principal_name: {exact: 'spiffe://cluster.local/ns/a/sa/b'}}})},
  ]
  const http = [
    {weight: 3, arbitrary: headerMatcher.map((header) => ({header}))},
    {weight: 2, arbitrary: urlPath},
  ]
  return {leaf: fc.oneof(...network, ...(layer === 'http' ? http : [])), all: 'and_ids', any: 'or_ids', not: 'not_id', members: 'ids'}
}

function rule(grammar: Grammar, depth: number): fc.Arbitrary<Message> {
  if (depth === 0) return grammar.leaf
  const deeper = rule(grammar, depth - 1)
  const group = fc.array(deeper, {minLength: 1, maxLength: 3}).map((members) => ({[grammar.members]: members}))
  return fc.oneof(
    {weight: 5, arbitrary: grammar.leaf},
    {weight: 1, arbitrary: group.map((members) => ({[grammar.all]: members}))},
    {weight: 1, arbitrary: group.map((members) => ({[grammar.any]: members}))},
    {weight: 1, arbitrary: deeper.map((negated) => ({[grammar.not]: negated}))},
  )
}

/** An envoy.config.rbac.v3.RBAC: no action is ALLOW, no policies match nothing. */
function rbacRules(layer: RbacLayer): fc.Arbitrary<Message> {
  const policy = fc.record({
    permissions: fc.array(rule(permissions(layer), 2), {minLength: 1, maxLength: 2}),
    principals: fc.array(rule(principals(layer), 2), {minLength: 1, maxLength: 2}),
  })
  const policies = fc.dictionary(fc.constantFrom('p', 'ns[a]-policy[b]-rule[0]', 'q', 'P2', 'p10'), policy, {minKeys: 0, maxKeys: 3})
  return fc
    .tuple(fc.constantFrom<Message>({}, {action: 'ALLOW'}, {action: 'DENY'}, {action: 'DENY'}, {action: 'LOG'}), policies)
    .map(([action, map]) => ({...action, ...(Object.keys(map).length === 0 ? {} : {policies: map})}))
}

/** The settings of an RBAC filter; shadow rules decide nothing. */
export function rbacSettings(layer: RbacLayer): fc.Arbitrary<Message> {
  const rules = rbacRules(layer)
  return fc.tuple(fc.option(rules, {nil: undefined, freq: 9}), fc.option(rules, {nil: undefined, freq: 1})).map(([enforced, shadow]) => ({
    ...(enforced === undefined ? {} : {rules: enforced}),
    ...(shadow === undefined ? {} : {shadow_rules: shadow}),
  }))
}

export function networkRbac(settings: Message): Message {
  return extension('rbac', 'envoy.extensions.filters.network.rbac.v3.RBAC', {stat_prefix: 'rbac', ...settings})
}

export function httpRbac(settings: Message): Message {
  return extension('rbac', 'envoy.extensions.filters.http.rbac.v3.RBAC', settings)
}

const overrides: fc.Arbitrary<unknown> = fc.oneof(
  {weight: 4, arbitrary: rbacSettings('http').map((rbac) => perRoute({rbac}))},
  {weight: 1, arbitrary: fc.constant(perRoute({}))},
  {weight: 1, arbitrary: fc.constant(filterConfig({disabled: true}))},
  {weight: 1, arbitrary: rbacSettings('http').map((rbac) => filterConfig({config: perRoute({rbac})}))},
)

/** typed_per_filter_config of a route, a virtual host or a table: other rules, or none. */
export const rbacOverride: fc.Arbitrary<Message> = fc.oneof(
  {weight: 4, arbitrary: fc.constant({})},
  {weight: 1, arbitrary: overrides.map((rbac) => ({typed_per_filter_config: {rbac}}))},
)

function perRoute(fields: Message): unknown {
  return extension('rbac', 'envoy.extensions.filters.http.rbac.v3.RBACPerRoute', fields)['typed_config']
}

function filterConfig(fields: Message): unknown {
  return extension('rbac', 'envoy.config.route.v3.FilterConfig', fields)['typed_config']
}
