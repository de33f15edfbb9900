import {describe, expect, test} from 'vitest'
import {formatShare} from '../../../src/flow/share.js'
import {ANY} from '../authorization/judge.js'
import {chain, cluster, dump, listener, networkFilter} from '../engine/dump.js'
import {exitsOfDump} from '../network/exits.js'
import {typed, type Message} from './filter-request.js'

const OPEN_RULE = {path_that_no_release_knows: true}
const policy = (permission: Message): Message => ({permissions: [permission], principals: [ANY]})
const shadow = (permission: Message, prefix = 'istio_ext_authz_'): Message =>
  typed('rbac.v3.RBAC', {
    shadow_rules: {action: 'DENY', policies: {'istio-ext-authz-team-ns[a]-policy[b]-rule[0]': policy(permission)}},
    shadow_rules_stat_prefix: prefix,
  })
const onPath = (path: string): Message => ({url_path: {path: {exact: path}}})

interface Switch {
  readonly filter?: string
  readonly key?: string
}

const authz = ({filter = 'envoy.filters.http.rbac', key = 'istio_ext_authz_shadow_effective_policy_id'}: Switch = {}): Message =>
  typed('ext_authz.v3.ExtAuthz', {
    http_service: {server_uri: {uri: 'http://x', cluster: 'web'}},
    filter_enabled_metadata: {filter, path: [{key}], value: {string_match: {prefix: 'istio-ext-authz-team'}}},
  })

/** What a request for /checkout gets: the statuses of answers, or `forwarded`, with shares. */
function ends(...filters: readonly Message[]): string[] {
  const manager = networkFilter('http_connection_manager.v3.HttpConnectionManager', {
    route_config: {virtual_hosts: [{name: 'all', domains: ['*'], routes: [{match: {prefix: '/'}, route: {cluster: 'web'}}]}]},
    http_filters: [...filters, typed('router.v3.Router')].map((config, index) => ({name: `filter ${index}`, typed_config: config})),
  })
  const document = dump({
    listeners: [listener({filter_chains: [chain('http', {filters: [manager]})]})],
    clusters: [cluster('web', '10.0.0.1:80')],
    version: {major: 1, minor: 40},
  })
  const request = {method: 'GET', authority: 'a.test', path: '/checkout', headers: []}
  return exitsOfDump(document, {kind: 'http', version: 'h1', request}).map((exit) => {
    const end = exit.kind === 'stop' && exit.answer.kind === 'http' ? String(exit.answer.status) : 'forwarded'
    return `${formatShare(exit.share)} ${end}`
  })
}

const ASKED = ['one of 2 forwarded', 'one of 2 403']
const NOT_ASKED = ['1 forwarded']
const OPEN = ['one of 4 forwarded', 'one of 4 403', 'one of 2 forwarded']

// Istio's CUSTOM action: shadow rules mark the requests that the ext_authz behind them is asked about.
describe('ext_authz behind shadow rules', () => {
  test.each([
    {what: 'is asked about a request that they match', filters: [shadow(onPath('/checkout')), authz()], expected: ASKED},
    {what: 'is not asked about others', filters: [shadow(onPath('/other')), authz()], expected: NOT_ASKED},
    {
      what: 'belongs to the rules with its prefix',
      filters: [shadow(onPath('/checkout'), 'other_'), authz({key: 'other_shadow_effective_policy_id'})],
      expected: ASKED,
    },
    {
      what: 'sees rules before it, also those of two filters',
      filters: [shadow(onPath('/checkout')), shadow(onPath('/other'), 'other_'), authz()],
      expected: ASKED,
    },
  ])('$what', ({filters, expected}) => {
    expect(ends(...filters)).toEqual(expected)
  })

  test.each([
    {what: 'cannot be decided', filters: [shadow(OPEN_RULE), authz()]},
    {what: 'are not there', filters: [authz()]},
    {what: 'write under another prefix', filters: [shadow(onPath('/checkout'), 'other_'), authz()]},
    {what: 'are not what the switch reads', filters: [shadow(onPath('/checkout')), authz({filter: 'envoy.lua'})]},
  ])('stays open where they $what', ({filters}) => {
    expect(ends(...filters)).toEqual(OPEN)
  })
})
