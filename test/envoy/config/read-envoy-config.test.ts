import {describe, expect, it} from 'vitest'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import type {EnvoyConfig} from '../../../src/envoy/config/model.js'
import {memoryStore} from '../../../src/json/memory-store.js'

function read(...configs: readonly unknown[]): EnvoyConfig {
  return readEnvoyConfig(memoryStore({name: 'proxy.json', document: {configs}}))
}

const type = (name: string): string => `type.googleapis.com/envoy.admin.v3.${name}`
const active = (listener: object): object => ({active_state: {version_info: 'v1', listener}})

describe('listeners of a config dump', () => {
  it('prefers the active state and tells each other state that stands alone', () => {
    const config = read({
      '@type': type('ListenersConfigDump'),
      dynamic_listeners: [
        {
          name: 'serving',
          ...active({name: 'serving', stat_prefix: 'old'}),
          warming_state: {listener: {name: 'serving', stat_prefix: 'new'}},
        },
        {name: 'starting', warming_state: {listener: {name: 'starting'}}},
        {name: 'leaving', draining_state: {listener: {name: 'leaving'}}},
      ],
      static_listeners: [{listener: {name: 'fixed'}}, {listener: {stat_prefix: 'a'}}, {listener: {stat_prefix: 'b'}}],
    })
    expect(config.listeners().map(({name, state}) => [name, state])).toEqual([
      ['fixed', 'static'],
      ['', 'static'],
      ['', 'static'],
      ['serving', 'active'],
      ['starting', 'warming'],
      ['leaving', 'draining'],
    ])
    expect(config.listener('serving')?.view.str('stat_prefix')).toBe('old')
    expect(config.listener('serving')?.version).toBe('v1')
    expect(config.listener('serving')?.view.pointer).toBe('/configs/0/dynamic_listeners/0/active_state/listener')
  })

  it('keeps the active listener when an update was rejected', () => {
    const config = read({
      '@type': type('ListenersConfigDump'),
      dynamic_listeners: [{name: 'a', ...active({name: 'a'}), error_state: {failed_configuration: {name: 'a'}, details: 'bad filter'}}],
    })
    expect(config.listener('a')).toMatchObject({state: 'active', rejectedUpdate: 'bad filter'})
  })

  it('does not serve a listener that was never accepted', () => {
    const config = read({
      '@type': type('ListenersConfigDump'),
      dynamic_listeners: [{error_state: {failed_configuration: {name: 'a'}, details: 'bad filter'}}],
    })
    expect(config.listeners()).toEqual([])
    expect(config.listener('a')).toBeUndefined()
    expect(config.warnings).toEqual(['listener a: an update was rejected: bad filter'])
  })

  it('takes the first of two listeners with one name, and says so', () => {
    const config = read({
      '@type': type('ListenersConfigDump'),
      dynamic_listeners: [
        {name: 'tunnel', ...active({name: 'tunnel', stat_prefix: '1'})},
        {name: 'tunnel', ...active({name: 'tunnel', stat_prefix: '2'})},
      ],
    })
    expect(config.listeners()).toHaveLength(1)
    expect(config.listener('tunnel')?.view.str('stat_prefix')).toBe('1')
    expect(config.warnings).toEqual(['several listeners are named tunnel: the first one is in force'])
  })

  it('joins the rejection of a nameless duplicate to the listener in force', () => {
    const config = read({
      '@type': type('ListenersConfigDump'),
      dynamic_listeners: [
        {name: 'tunnel', ...active({name: 'tunnel'})},
        {error_state: {failed_configuration: {name: 'tunnel'}, details: 'duplicate listener tunnel found'}},
      ],
    })
    expect(config.listener('tunnel')?.rejectedUpdate).toBe('duplicate listener tunnel found')
  })
})

describe('sections of a config dump', () => {
  it('finds sections at any position, several of one type, and in lowerCamel', () => {
    const config = read(
      {'@type': type('RoutesConfigDump'), dynamicRouteConfigs: [{versionInfo: '7', routeConfig: {name: '9080'}}]},
      {'@type': type('ClustersConfigDump'), dynamic_active_clusters: [{cluster: {name: 'a'}}]},
      {'@type': type('ClustersConfigDump'), dynamic_warming_clusters: [{cluster: {name: 'a', type: 'EDS'}}, {cluster: {name: 'b'}}]},
    )
    expect(config.clusterNames()).toEqual(['a', 'b'])
    expect(config.cluster('a')?.state).toBe('active')
    expect(config.cluster('b')?.state).toBe('warming')
    expect(config.routeTable('9080')?.version).toBe('7')
  })

  it('reads entry messages of ?resource= and tolerates what ?mask= leaves', () => {
    const config = read(
      {'@type': type('ClustersConfigDump.DynamicCluster'), cluster: {name: 'a'}},
      {'@type': type('ListenersConfigDump.DynamicListener'), name: 'l', active_state: {}},
      {'@type': type('RoutesConfigDump.StaticRouteConfig')},
    )
    expect(config.cluster('a')?.view.value).toEqual({name: 'a'})
    expect(config.listener('l')?.view.value).toEqual({})
    expect(config.routeTables().map(({name}) => name)).toEqual([''])
  })

  it('looks route tables up among those of RDS only', () => {
    const config = read({
      '@type': type('RoutesConfigDump'),
      static_route_configs: [{route_config: {name: 'same'}}, {route_config: {virtual_hosts: []}}, {route_config: {name: 'inline'}}],
      dynamic_route_configs: [{version_info: '2', route_config: {name: 'same'}}],
    })
    expect(config.routeTable('same')).toMatchObject({state: 'active', version: '2'})
    expect(config.routeTable('inline')).toBeUndefined()
    expect(config.routeTables()).toHaveLength(4)
  })

  it('finds scoped routes, secrets and ECDS filters by name', () => {
    const config = read(
      {
        '@type': type('ScopedRoutesConfigDump'),
        dynamic_scoped_route_configs: [{name: 's', version_info: '3', scoped_route_configs: [{name: 'x'}, {name: 'y'}]}],
      },
      {
        '@type': type('SecretsConfigDump'),
        dynamic_active_secrets: [{name: 'default', secret: {name: 'default'}}],
        dynamic_warming_secrets: [{name: 'ROOTCA'}],
      },
      {'@type': type('EcdsConfigDump'), ecds_filters: [{version_info: '1', ecds_filter: {name: 'wasm', typed_config: {}}}]},
    )
    expect(config.scopedRoutes('s').map(({name, version}) => [name, version])).toEqual([
      ['x', '3'],
      ['y', '3'],
    ])
    expect(config.secret('ROOTCA')?.state).toBe('warming')
    expect(config.extension('wasm')?.view.get('typed_config')).toBeDefined()
    expect(config.secret('constructor')).toBeUndefined()
  })

  it('shows static resources of the bootstrap when the dump has no section of its own for them', () => {
    const bootstrap = {
      '@type': type('BootstrapConfigDump'),
      bootstrap: {static_resources: {clusters: [{name: 'prometheus_stats'}], listeners: [{name: 'l'}]}},
    }
    const alone = read(bootstrap)
    expect(alone.cluster('prometheus_stats')).toMatchObject({state: 'static'})
    expect(alone.cluster('prometheus_stats')?.view.pointer).toBe('/configs/0/bootstrap/static_resources/clusters/0')
    expect(alone.listeners().map(({view}) => view.str('name'))).toEqual(['l'])
    expect(read(bootstrap, {'@type': type('ClustersConfigDump')}).cluster('prometheus_stats')).toBeUndefined()
  })
})
