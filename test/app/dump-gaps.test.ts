import {describe, expect, it} from 'vitest'
import {summarizeDump} from '../../src/app/dump-summary.js'
import {memoryStore} from '../../src/json/memory-store.js'

// envoy-2022 D8: what a dump shows and does not hold is named, not counted as nothing.
const admin = (kind: string): string => `type.googleapis.com/envoy.admin.v3.${kind}ConfigDump`
const TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'
const WASM = 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'
const HCM = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const ERROR = {details: 'bad', version_info: 'v2'}
const EMPTY = [{'@type': admin('Routes')}, {'@type': admin('Secrets')}]

function gaps(...configs: readonly object[]): readonly string[] {
  const endpoints = {'@type': admin('Endpoints')}
  return summarizeDump(memoryStore({name: 'a.json', document: {configs: [...configs, endpoints]}}), 'envoy').warnings
}

function listeners(listener: object, state = 'active_state'): object {
  return {'@type': admin('Listeners'), dynamic_listeners: [{name: 'web', [state]: {listener: {name: 'web', ...listener}}}]}
}

function manager(parts: object): object {
  return listeners({filter_chains: [{filters: [{name: 'http', typed_config: {'@type': HCM, ...parts}}]}]})
}

function served(common: object): object {
  return listeners({filter_chains: [{transport_socket: {typed_config: {'@type': TLS, common_tls_context: common}}}]})
}

const certificate = (name: string): object => ({tls_certificate_sds_secret_configs: [{name}]})

describe('updates that were rejected', () => {
  it.each([
    {kind: 'Clusters', section: 'dynamic_active_clusters', entry: {cluster: {name: 'up'}}, says: 'cluster up'},
    {kind: 'Clusters', section: 'dynamic_warming_clusters', entry: {cluster: {name: 'up'}}, says: 'cluster up'},
    {kind: 'Routes', section: 'dynamic_route_configs', entry: {route_config: {name: 'table'}}, says: 'route table table'},
    {
      kind: 'Endpoints',
      section: 'dynamic_endpoint_configs',
      entry: {endpoint_config: {cluster_name: 'up'}},
      says: 'endpoints of cluster up',
    },
    {kind: 'Ecds', section: 'ecds_filters', entry: {ecds_filter: {name: 'guard'}}, says: 'ECDS filter guard'},
  ])('are named: $section', ({kind, section, entry, says}) => {
    const list = {'@type': admin(kind), [section]: [{...entry, error_state: ERROR}, entry]}
    expect(gaps(list).filter((gap) => gap.includes('rejected'))).toEqual([`${says}: an update was rejected: bad (version v2)`])
  })

  it('are not read out of a name', () => {
    const list = {'@type': admin('Clusters'), dynamic_active_clusters: [{cluster: {name: 'error_state'}}]}
    expect(gaps(list)).toEqual([])
  })
})

describe('what a listener refers to', () => {
  it('is named where RDS has not delivered it', () => {
    const table = manager({rds: {route_config_name: 'table'}})
    expect(gaps(table, ...EMPTY)).toEqual(['route table table is not in the dump, and listener web refers to it: requests get 404'])
    const delivered = {'@type': admin('Routes'), dynamic_route_configs: [{route_config: {name: 'table'}}]}
    expect(gaps(table, delivered)).toEqual([])
  })

  it('is named where ECDS has not delivered it, unless there is a default', () => {
    const discovery = {type_urls: [WASM]}
    const guard = {name: 'guard', config_discovery: discovery}
    const says =
      'filter guard of listener web: its configuration (envoy.extensions.filters.http.wasm.v3.Wasm) comes by ECDS and is not in the dump'
    expect(gaps(manager({http_filters: [guard]}), ...EMPTY)).toEqual([says])
    expect(gaps(listeners({listener_filters: [guard]}), ...EMPTY)).toEqual([says])
    expect(gaps(manager({http_filters: [{...guard, config_discovery: {...discovery, default_config: {'@type': WASM}}}]}))).toEqual([])
    const ecds = {'@type': admin('Ecds'), ecds_filters: [{ecds_filter: {name: 'guard', typed_config: {'@type': WASM}}}]}
    expect(gaps(manager({http_filters: [guard]}), ecds)).toEqual([])
  })

  it('is named where a secret is absent, or has not arrived', () => {
    const secrets = {
      '@type': admin('Secrets'),
      dynamic_active_secrets: [{name: 'here', secret: {name: 'here'}}],
      dynamic_warming_secrets: [{name: 'late', secret: {name: 'late'}}],
    }
    expect(gaps(served(certificate('here')), secrets)).toEqual([])
    expect(gaps(served(certificate('late')), secrets)).toEqual([
      'secret late has not arrived, and listener web waits for it: TLS cannot be served',
    ])
    const trust = {combined_validation_context: {validation_context_sds_secret_config: {name: 'root'}}}
    expect(gaps(served(trust), secrets)).toEqual(['secret root is not in the dump, and listener web refers to it'])
  })

  it('counts only from a listener that serves', () => {
    const filters = [{name: 'http', typed_config: {'@type': HCM, rds: {route_config_name: 'table'}}}]
    expect(gaps(listeners({filter_chains: [{filters}]}, 'warming_state'), ...EMPTY)).toEqual([])
    expect(gaps(listeners({default_filter_chain: {filters}}), ...EMPTY)).toHaveLength(1)
  })

  it('is only counted in a dump that lacks the whole section', () => {
    expect(gaps(manager({rds: {route_config_name: 'table'}}))).toEqual([
      'the dump lacks its section of routes, and refers to 1 of them: collect it again whole',
    ])
    expect(gaps(served(certificate('here')))).toEqual([
      'the dump lacks its section of secrets, and refers to 1 of them: collect it again whole',
    ])
  })
})

describe('what a cluster refers to', () => {
  const cluster = {
    name: 'up',
    transport_socket_matches: [{transport_socket: {typed_config: {'@type': TLS, common_tls_context: certificate('mine')}}}],
  }

  it('is named like that of a listener', () => {
    const clusters = {'@type': admin('Clusters'), dynamic_active_clusters: [{cluster}, {cluster: {name: 'plain'}}]}
    expect(gaps(clusters, ...EMPTY)).toEqual(['secret mine is not in the dump, and cluster up refers to it'])
  })

  it('does not run away with what nests without end', () => {
    let nested: object = certificate('deep')
    for (let depth = 0; depth < 400; depth += 1) nested = {inner: nested}
    expect(gaps({'@type': admin('Clusters'), static_clusters: [{cluster: {name: 'up', nested}}]}, ...EMPTY)).toEqual([])
  })
})
