import {describe, expect, it} from 'vitest'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {Exit, Forwarding} from '../../../src/flow/forwarder.js'
import type {Payload} from '../../../src/flow/connection.js'
import type {Verdict} from '../../../src/flow/verdict.js'
import {memoryStore} from '../../../src/json/memory-store.js'
import {chain, cluster, listener, networkFilter, tcpProxy} from './dump.js'
import {forwarder} from './forwarding.js'

// envoy-2022 D8: a dump shows resources in other states than in force; each must be told apart from nothing at all.
const admin = (kind: string): string => `type.googleapis.com/envoy.admin.v3.${kind}ConfigDump`
const TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.'
const HCM = 'http_connection_manager.v3.HttpConnectionManager'

interface Parts {
  readonly listeners?: readonly object[]
  readonly clusters?: readonly object[]
  readonly warmingClusters?: readonly object[]
  readonly warmingSecrets?: readonly string[]
  readonly more?: readonly object[]
}

function dumpOf({
  listeners = [],
  clusters = [],
  warmingClusters = [],
  warmingSecrets = [],
  more = [],
}: Parts): Readonly<Record<string, unknown>> {
  return {
    configs: [
      {'@type': admin('Clusters'), dynamic_active_clusters: clusters, dynamic_warming_clusters: warmingClusters},
      {'@type': admin('Listeners'), dynamic_listeners: listeners},
      {'@type': admin('Secrets'), dynamic_warming_secrets: warmingSecrets.map((name) => ({name, secret: {name}}))},
      ...more,
    ],
  }
}

const web = listener({name: 'web', address: '0.0.0.0:80', filter_chains: [chain('up')]})
const up = {version_info: 'c1', cluster: cluster('up', '10.0.0.9:8080')}
const failed = {failed_configuration: web, details: 'no such filter: lua', version_info: 'v2', last_update_attempt: '2026-01-02T03:04:05Z'}

function forward(parts: Parts, {port = 80, payload = {kind: 'opaque'} as const}: {port?: number; payload?: Payload} = {}): Forwarding {
  return forwarder(dumpOf(parts)).forward({entry: {kind: 'socket', ip: '10.0.0.1', port}, source: {ip: '10.0.0.7', port: 1}, payload})
}

function end({exits: [exit]}: Forwarding): Verdict | 'departs' {
  return exit?.kind === 'stop' ? exit.verdict : 'departs'
}

function reason(forwarding: Forwarding): string {
  const verdict = end(forwarding)
  return verdict !== 'departs' && 'reason' in verdict ? verdict.reason : JSON.stringify(verdict)
}

function because({steps, exits}: Forwarding, kind: string): readonly string[] {
  return [...steps, ...exits.flatMap((exit: Exit) => exit.steps)].filter((step) => step.kind === kind).flatMap((step) => step.because)
}

describe('a listener in another state than active', () => {
  it('goes on in its older version when an update was rejected, and tells both', () => {
    const forwarding = forward({
      listeners: [{name: 'web', active_state: {version_info: 'v1', listener: web}, error_state: failed}],
      clusters: [up],
    })
    expect(end(forwarding)).toBe('departs')
    expect(because(forwarding, 'listener')).toEqual([
      'version v1 is in force',
      'a newer version was rejected: no such filter: lua (version v2, 2026-01-02T03:04:05Z)',
    ])
  })

  it('tells versions that are warming or draining beside the active one', () => {
    const states = {
      active_state: {version_info: 'v2', listener: web},
      warming_state: {version_info: 'v3', listener: web},
      draining_state: {version_info: 'v1', listener: web},
    }
    expect(because(forward({listeners: [{name: 'web', ...states}], clusters: [up]}), 'listener')).toEqual([
      'version v2 is in force',
      'version v3 is warming: it is not in force yet',
      'version v1 is draining: it keeps its old connections',
    ])
  })

  it.each([
    {state: {warming_state: {listener: web}}, says: 'listener web is only warming'},
    {state: {draining_state: {listener: web}}, says: 'listener web is draining: it takes no new connections'},
    {state: {error_state: failed}, says: 'the update that would add listener web was rejected: no such filter: lua'},
    {state: {active_state: {listener: {...web, bind_to_port: false}}}, says: 'listener web does not bind its port'},
    {
      state: {active_state: {listener: {...web, address: {socket_address: {protocol: 'UDP', address: '0.0.0.0', port_value: 80}}}}},
      says: 'listener web takes UDP, not TCP',
    },
    {
      state: {active_state: {listener: {...web, address: {socket_address: {address: '10.9.9.9', port_value: 80}}}}},
      says: 'listener web is on 10.9.9.9:80',
    },
  ])('does not take a connection: $says', ({state, says}) => {
    const forwarding = forward({listeners: [{name: 'web', ...state}], clusters: [up]})
    expect(end(forwarding)).toMatchObject({kind: 'no-listener'})
    expect(reason(forwarding)).toContain(says)
  })

  it('names the listeners there are, twelve of them shortly', () => {
    const many = Array.from({length: 12}, (_, index) =>
      listener({name: `l${index}`, address: `0.0.0.0:${8000 + index}`, filter_chains: []}),
    )
    const forwarding = forward({listeners: many.map((one) => ({name: one['name'], active_state: {listener: one}}))})
    const rejected = forwarding.exits
      .flatMap(({steps}) => steps)
      .concat(forwarding.steps)
      .flatMap((step) => step.rejected ?? [])
    expect(rejected).toHaveLength(11)
    expect(rejected[0]).toEqual({candidate: 'l0', because: 'is on 0.0.0.0:8000'})
    expect(rejected.at(-1)).toEqual({candidate: '+2 more', because: 'on other ports'})
  })

  it('is named when an internal address leads to what was rejected', () => {
    const proxy = forwarder(dumpOf({listeners: [{error_state: {details: 'bad', failed_configuration: {name: 'inner'}}}]}))
    expect(proxy.forward({entry: {kind: 'internal', listener: 'inner'}, payload: {kind: 'opaque'}}).exits[0]).toMatchObject({
      verdict: {kind: 'dangling-reference', reason: 'internal listener "inner" does not exist: its update was rejected: bad'},
    })
  })

  it('is listed with its name and what was tried', () => {
    const config = readEnvoyConfig(
      memoryStore({name: 'd.json', document: dumpOf({listeners: [{name: 'web', error_state: failed}, {error_state: {}}]})}),
    )
    expect(config.rejectedListeners().map(({name, details}) => [name, details])).toEqual([
      ['web', 'no such filter: lua (version v2, 2026-01-02T03:04:05Z)'],
      ['', 'no details given'],
    ])
  })
})

describe('what is not in force elsewhere', () => {
  const active = [{name: 'web', active_state: {listener: web}}]

  it('tells that a cluster has a newer version that is warming, or a double', () => {
    expect(because(forward({listeners: active, clusters: [up], warmingClusters: [up]}), 'cluster')).toContain(
      'a newer version is warming: it is not in force yet',
    )
    expect(because(forward({listeners: active, clusters: [up, up]}), 'cluster')).toContain(
      'the dump has another one of this name: the first is in force',
    )
  })

  it('keeps a section of unknown type out, and says so', () => {
    const document = dumpOf({more: [{'@type': 'type.googleapis.com/acme.v1.Extra', things: [{name: 'x'}]}]})
    expect(readEnvoyConfig(memoryStore({name: 'd.json', document})).warnings).toEqual([
      'section acme.v1.Extra is not understood: what it holds is left out',
    ])
  })
})

describe('a secret that was not delivered', () => {
  const tls = (kind: string, common: object): Readonly<Record<string, unknown>> => ({
    transport_socket: {name: 'tls', typed_config: {'@type': `${TLS}${kind}`, common_tls_context: common}},
  })
  const certificate = {tls_certificate_sds_secret_configs: [{name: 'cert'}]}
  const client: Payload = {kind: 'tls', alpn: [], trusted: true, payload: {kind: 'opaque'}}

  it.each([
    {what: 'certificate', common: certificate},
    {what: 'trust', common: {combined_validation_context: {validation_context_sds_secret_config: {name: 'cert'}}}},
  ])('cannot serve TLS: $what', ({common}) => {
    const served = listener({address: '0.0.0.0:80', filter_chains: [chain('up', tls('DownstreamTlsContext', common))]})
    const listeners = [{name: 'web', active_state: {listener: served}}]
    expect(reason(forward({listeners, clusters: [up], warmingSecrets: ['cert']}, {payload: client}))).toBe(
      'secret "cert" was not delivered: TLS cannot be served',
    )
    expect(end(forward({listeners, clusters: [up]}, {payload: client}))).toBe('departs')
  })

  it('cannot dial TLS, by TCP or by HTTP', () => {
    const dialled = [{cluster: {...cluster('up', '10.0.0.9:8080'), ...tls('UpstreamTlsContext', certificate)}}]
    const manager = networkFilter(HCM, {
      route_config: {virtual_hosts: [{name: 'h', domains: ['*'], routes: [{match: {prefix: '/'}, route: {cluster: 'up'}}]}]},
      http_filters: [{name: 'router', typed_config: {'@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'}}],
    })
    const http: Payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a', path: '/', headers: []}}
    for (const [filter, payload] of [
      [tcpProxy({cluster: 'up'}), {kind: 'opaque'}],
      [manager, http],
    ] as const) {
      const served = listener({address: '0.0.0.0:80', filter_chains: [{filters: [filter]}]})
      const forwarding = forward(
        {listeners: [{name: 'web', active_state: {listener: served}}], clusters: dialled, warmingSecrets: ['cert']},
        {payload},
      )
      expect(end(forwarding)).toEqual({kind: 'tls-failure', reason: 'secret "cert" was not delivered: TLS cannot be dialled'})
      expect(forwarding.exits[0]?.log?.flags).toBe('UF')
    }
  })
})

describe('a filter whose configuration comes by ECDS', () => {
  const OFF = {'@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', disabled: true}
  const RBAC = 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC'
  const denies = {'@type': RBAC, rules: {action: 'ALLOW', policies: {}}}
  const discovered = (fields: object): object => ({name: 'guard', config_discovery: {type_urls: [RBAC], ...fields}})
  const served = (filter: object): readonly object[] => [
    {
      name: 'web',
      active_state: {listener: listener({address: '0.0.0.0:80', filter_chains: [{filters: [filter, tcpProxy({cluster: 'up'})]}]})},
    },
  ]

  it('is never taken for an empty one', () => {
    const [exit] = forward({listeners: served(discovered({})), clusters: [up]}).exits
    expect(exit?.requires.map(({what}) => what)).toEqual([
      'network filter guard (envoy.extensions.filters.network.rbac.v3.RBAC, which ECDS has not delivered) must let the connection pass unchanged',
    ])
  })

  it('is no empty one for requests either', () => {
    const HTTP_RBAC = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC'
    const manager = networkFilter(HCM, {
      route_config: {virtual_hosts: [{name: 'h', domains: ['*'], routes: [{match: {prefix: '/'}, route: {cluster: 'up'}}]}]},
      http_filters: [{name: 'guard', config_discovery: {type_urls: [HTTP_RBAC]}}],
    })
    const payload: Payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a', path: '/', headers: []}}
    const http = listener({address: '0.0.0.0:80', filter_chains: [{filters: [manager]}]})
    const [exit] = forward({listeners: [{name: 'web', active_state: {listener: http}}], clusters: [up]}, {payload}).exits
    expect(exit?.requires[0]?.what).toContain('RBAC, which ECDS has not delivered')
  })

  /** Each tried on Envoy 1.40.0, whose listener served after it had waited for the first update. */
  describe('that was not delivered, in a dump that lists what was', () => {
    const ecds = {'@type': admin('Ecds')}

    it('closes connections to the chain of a network filter before they get anywhere', () => {
      const [exit] = forward({listeners: served(discovered({})), clusters: [up], more: [ecds]}).exits
      const missing = 'ECDS has not delivered the configuration of filter "guard" (envoy.extensions.filters.network.rbac.v3.RBAC)'
      expect(exit).toMatchObject({
        kind: 'stop',
        verdict: {kind: 'dangling-reference', reason: missing},
        answer: {kind: 'closed'},
        requires: [],
      })
    })

    it('closes connections to the listener of a listener filter', () => {
      const filter = {
        name: 'look',
        config_discovery: {type_urls: ['type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector']},
      }
      const behind = listener({address: '0.0.0.0:80', listener_filters: [filter], filter_chains: [{filters: [tcpProxy({cluster: 'up'})]}]})
      const listeners = [{name: 'web', active_state: {listener: behind}}]
      const [exit] = forward({listeners, clusters: [up], more: [ecds]}).exits
      expect(exit).toMatchObject({kind: 'stop', verdict: {kind: 'dangling-reference'}, log: {listener: 'web'}, requires: []})
      expect(exit?.log?.filterChain).toBeUndefined()
      const [open] = forward({listeners, clusters: [up]}).exits
      expect(open?.requires[0]?.what).toContain('TlsInspector, which ECDS has not delivered')
    })

    // envoy-2022 A.9: it only adds metadata for reports, and a dump need not list what ECDS sent.
    it('needs no condition for a listener filter that lets everything pass, whatever its configuration', () => {
      const type = 'type.googleapis.com/istio.telemetry.workloadmetadata.v1.WorkloadMetadataResources'
      const filter = {name: 'workload_metadata', config_discovery: {type_urls: [type]}}
      const behind = listener({address: '0.0.0.0:80', listener_filters: [filter], filter_chains: [chain('up')]})
      const {exits} = forward({listeners: [{name: 'web', active_state: {listener: behind}}], clusters: [up]})
      expect(exits).toMatchObject([{kind: 'depart', requires: []}])
    })

    it.each([
      {where: 'its place among the filters', route: {}, disabled: {}, code: 500},
      {where: 'a route that switches it off', route: {typed_per_filter_config: {guard: OFF}}, disabled: {}, code: undefined},
      {where: 'a filter that is off', route: {}, disabled: {disabled: true}, code: undefined},
    ])('fails requests at $where with $code', ({route, disabled, code}) => {
      const manager = networkFilter(HCM, {
        route_config: {virtual_hosts: [{name: 'h', domains: ['*'], routes: [{match: {prefix: '/'}, route: {cluster: 'up'}, ...route}]}]},
        http_filters: [
          {name: 'guard', config_discovery: {type_urls: ['type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC']}, ...disabled},
        ],
      })
      const payload: Payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a', path: '/', headers: []}}
      const http = listener({address: '0.0.0.0:80', filter_chains: [{filters: [manager]}]})
      const listeners = [{name: 'web', active_state: {listener: http}}]
      const [exit] = forward({listeners, clusters: [up], more: [ecds]}, {payload}).exits
      expect(exit?.log?.code).toBe(code)
      expect(exit?.log?.flags).toBe(code === undefined ? undefined : 'NFCF')
    })
  })

  it('decides by what was delivered, else by its default', () => {
    const ecds = {'@type': admin('Ecds'), ecds_filters: [{ecds_filter: {name: 'guard', typed_config: denies}}]}
    expect(end(forward({listeners: served(discovered({})), clusters: [up], more: [ecds]}))).toMatchObject({kind: 'denied'})
    expect(end(forward({listeners: served(discovered({default_config: denies})), clusters: [up]}))).toMatchObject({kind: 'denied'})
  })
})

describe('a cluster that is fetched on demand', () => {
  const onDemand = {'@type': 'type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand', odcds: {source: {}}}
  const filter = (name: string, config: object): object => ({name, typed_config: config})
  const manager = (config: object, route: object = {}): Readonly<Record<string, unknown>> =>
    networkFilter(HCM, {
      route_config: {virtual_hosts: [{name: 'h', domains: ['*'], routes: [{match: {prefix: '/'}, route: {cluster: 'later'}, ...route}]}]},
      http_filters: [
        filter('on_demand', config),
        filter('router', {'@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'}),
      ],
    })
  const payload: Payload = {kind: 'http', version: 'h1', request: {method: 'GET', authority: 'a', path: '/', headers: []}}
  const ask = (http: Readonly<Record<string, unknown>>, clusters: readonly object[] = []): Verdict | 'departs' =>
    end(
      forward(
        {
          listeners: [{name: 'web', active_state: {listener: listener({address: '0.0.0.0:80', filter_chains: [{filters: [http]}]})}}],
          clusters,
        },
        {payload},
      ),
    )

  it('is not known before; without ODCDS it is missing; once it is there it is taken', () => {
    expect(ask(manager(onDemand))).toEqual({
      kind: 'undetermined',
      missing: [{what: 'cluster "later" is fetched on demand', collect: 'take the dump again after such a request'}],
    })
    expect(ask(manager({'@type': onDemand['@type']}))).toMatchObject({kind: 'dangling-reference'})
    expect(ask(manager(onDemand), [{cluster: cluster('later', '10.0.0.9:80')}])).toBe('departs')
  })

  it('may be switched on for one route', () => {
    const PER_ROUTE = 'type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.PerRouteConfig'
    const override = {typed_per_filter_config: {on_demand: {'@type': PER_ROUTE, odcds: {source: {}}}}}
    expect(ask(manager({'@type': onDemand['@type']}, override))).toMatchObject({kind: 'undetermined'})
  })
})
