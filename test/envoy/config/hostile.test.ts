import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {readEnvoyConfig} from '../../../src/envoy/config/read-envoy-config.js'
import {memoryStore} from '../../../src/json/memory-store.js'

const type = (name: string): string => `type.googleapis.com/envoy.admin.v3.${name}`

const key = fc.constantFrom(
  'name',
  'cluster',
  'listener',
  'active_state',
  'error_state',
  'endpoint_config',
  'cluster_name',
  'endpoints',
  '__proto__',
  'type',
)
const junk = fc.letrec((tie) => ({
  value: fc.oneof({depthSize: 'small'}, fc.constantFrom(null, 0, '', 'EDS', 'a', true), fc.array(tie('value')), tie('object')),
  object: fc.array(fc.tuple(key, tie('value'))).map((entries) => Object.fromEntries(entries)),
})).value

const SECTIONS = [
  ['ClustersConfigDump', 'dynamic_active_clusters'],
  ['ClustersConfigDump', 'static_clusters'],
  ['ListenersConfigDump', 'dynamic_listeners'],
  ['ListenersConfigDump', 'static_listeners'],
  ['EndpointsConfigDump', 'dynamic_endpoint_configs'],
  ['RoutesConfigDump', 'dynamic_route_configs'],
  ['ScopedRoutesConfigDump', 'dynamic_scoped_route_configs'],
  ['SecretsConfigDump', 'dynamic_active_secrets'],
  ['EcdsConfigDump', 'ecds_filters'],
  ['BootstrapConfigDump', 'bootstrap'],
] as const

const documents = fc.array(fc.tuple(fc.constantFrom(...SECTIONS), junk)).map((parts) => ({
  configs: parts.map(([[section, list], value]) => ({'@type': type(section), [list]: value})),
}))

describe('a dump full of nonsense', () => {
  it('is read without a crash, and names stay names', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const config = readEnvoyConfig(memoryStore({name: 'hostile.json', document}))
        const listeners = config.listeners().map(({name, view}) => ({name, pointer: view.pointer}))
        const found = config.clusterNames().map((name) => {
          const cluster = config.cluster(name)
          return cluster === undefined ? 'lost' : config.endpoints(cluster).kind
        })
        const looked = ['a', '', '__proto__'].map((name) => [
          config.listener(name),
          config.routeTable(name),
          config.secret(name),
          config.extension(name),
          config.scopedRoutes(name),
        ])
        expect(
          [...listeners.map(({name}) => typeof name), ...config.warnings.map((warning) => typeof warning)].every(
            (kind) => kind === 'string',
          ),
        ).toBe(true)
        expect(found).not.toContain('lost')
        expect(looked[1]?.[0]).toBeUndefined()
        expect(config.routeTables().every(({state}) => state === 'active' || state === 'static')).toBe(true)
      }),
      {numRuns: 300},
    )
  })
})
