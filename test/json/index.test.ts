import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {IndexBuilder, type DumpIndex} from '../../src/json/index-builder.js'
import {memoryStore} from '../../src/json/memory-store.js'
import type {ResourceRef} from '../../src/json/store.js'
import {document, printing, printVariant} from './documents.js'
import {cutInto, elementsOf} from './splitting.js'

const ADMIN = 'type.googleapis.com/envoy.admin.v3'

function indexOf(text: string, chunkSize = 7): DumpIndex {
  const builder = new IndexBuilder()
  for (const chunk of cutInto(Buffer.from(text), chunkSize)) builder.push(chunk)
  return builder.finish()
}

function refsOf(dump: unknown, section: string): readonly ResourceRef[] {
  return [...memoryStore({name: 'dump', document: dump}).refs(section)]
}

describe('names of resources', () => {
  const cases: {readonly name: string; readonly section: string; readonly entry: unknown; readonly expected: string | undefined}[] = [
    {name: 'a cluster', section: 'dynamic_active_clusters', entry: {version_info: '1', cluster: {'@type': 't', name: 'c'}}, expected: 'c'},
    {
      name: 'a cluster after its other fields',
      section: 'static_clusters',
      entry: {last_updated: 'x', cluster: {load_assignment: {cluster_name: 'wrong'}, name: 'c'}},
      expected: 'c',
    },
    {
      name: 'a dynamic listener',
      section: 'dynamic_listeners',
      entry: {name: 'l', active_state: {listener: {name: 'inner'}}},
      expected: 'l',
    },
    {
      name: 'a dynamic listener of a masked answer',
      section: 'dynamic_listeners',
      entry: {active_state: {version_info: '1', listener: {name: 'l'}}},
      expected: 'l',
    },
    {
      name: 'a rejected listener',
      section: 'dynamic_listeners',
      entry: {name: 'l', error_state: {failed_configuration: {name: 'no'}}},
      expected: 'l',
    },
    {
      name: 'a static listener without name',
      section: 'static_listeners',
      entry: {listener: {filter_chains: [{name: 'chain'}]}},
      expected: undefined,
    },
    {
      name: 'a route table',
      section: 'dynamic_route_configs',
      entry: {route_config: {virtual_hosts: [{name: 'v'}], name: 'r'}},
      expected: 'r',
    },
    {name: 'a secret', section: 'dynamic_active_secrets', entry: {name: 's', secret: {name: 'inner'}}, expected: 's'},
    {name: 'endpoints', section: 'dynamic_endpoint_configs', entry: {endpoint_config: {cluster_name: 'e', policy: {}}}, expected: 'e'},
    {
      name: 'nameless endpoints',
      section: 'dynamic_endpoint_configs',
      entry: {endpoint_config: {endpoints: [{name: 'no'}]}},
      expected: undefined,
    },
    {
      name: 'scoped routes',
      section: 'dynamic_scoped_route_configs',
      entry: {scoped_route_configs: [{name: 'one'}], name: 's'},
      expected: 's',
    },
    {name: 'an extension config', section: 'ecds_filters', entry: {ecds_filter: {'@type': 't', name: 'x'}}, expected: 'x'},
    {name: 'lowerCamel', section: 'dynamicEndpointConfigs', entry: {endpointConfig: {clusterName: 'e'}}, expected: 'e'},
    {name: 'escapes', section: 'static_clusters', entry: {cluster: {name: 'a"é\\\n😀'}}, expected: 'a"é\\\n😀'},
    {name: 'a name that is no string', section: 'static_clusters', entry: {cluster: {name: 5}}, expected: undefined},
  ]
  it.each(cases)('$name', ({section, entry, expected}) => {
    const [ref] = refsOf(
      {configs: [{[section]: [entry]}]},
      section.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
    expect(ref?.name).toBe(expected)
    expect(ref?.pointer).toBe(`/configs/0/${section}/0`)
  })

  it('of equal keys the last one counts', () => {
    const text = '{"configs":[{"x":[{"cluster":{"name":"a"},"cluster":{"name":"b","name":"c"}},{"cluster":{"name":"a"},"cluster":null}]}]}'
    const {resources} = indexOf(text)
    expect([resources.ref(0).name, resources.ref(1).name]).toEqual(['c', undefined])
  })

  it('a key spelled with escapes is the same key', () => {
    expect(indexOf('{"configs":[{"x":[{"clu\\u0073ter":{"\\u006eame":"c"}}]}]}').resources.ref(0).name).toBe('c')
  })
})

describe('a store', () => {
  const dump = {
    configs: [
      {
        dynamic_active_clusters: [{cluster: {name: 'a'}}, {cluster: {name: 'b', n: 1}}],
        '@type': `${ADMIN}.ClustersConfigDump`,
        version_info: 'v1',
      },
      {'@type': `${ADMIN}.EndpointsConfigDump`},
      {'@type': `${ADMIN}.ClustersConfigDump`, dynamicActiveClusters: [{cluster: {name: 'b', n: 2}}]},
    ],
  }
  const store = memoryStore({name: 'dump', document: dump})

  it('lists config types, also of objects without sections and of several objects of one type', () => {
    const types = ['envoy.admin.v3.ClustersConfigDump', 'envoy.admin.v3.EndpointsConfigDump', 'envoy.admin.v3.ClustersConfigDump']
    expect(store.configTypes()).toEqual(types)
  })

  it('lists sections in order of first occurrence', () => {
    expect(store.sections()).toEqual(['dynamic_active_clusters', '@type', 'version_info'])
  })

  it('joins a section over config objects and spellings', () => {
    expect([...store.refs('dynamic_active_clusters')].map((ref) => [ref.name, ref.pointer, ref.configType])).toEqual([
      ['a', '/configs/0/dynamic_active_clusters/0', 'envoy.admin.v3.ClustersConfigDump'],
      ['b', '/configs/0/dynamic_active_clusters/1', 'envoy.admin.v3.ClustersConfigDump'],
      ['b', '/configs/2/dynamicActiveClusters/0', 'envoy.admin.v3.ClustersConfigDump'],
    ])
  })

  it('finds by name and reads what it found', () => {
    const found = store.find('dynamic_active_clusters', 'b')
    expect(found.map((ref) => store.read(ref).value)).toEqual([{cluster: {name: 'b', n: 1}}, {cluster: {name: 'b', n: 2}}])
    expect(found.map((ref) => Buffer.from(store.raw(ref)).toString())).toEqual([
      '{"cluster":{"name":"b","n":1}}',
      '{"cluster":{"name":"b","n":2}}',
    ])
    expect(store.find('dynamic_active_clusters', 'c')).toEqual([])
    expect(store.find('static_clusters', 'b')).toEqual([])
  })

  it('can be iterated again', () => {
    const refs = store.refs('@type')
    expect([...refs]).toEqual([...refs])
    expect([...refs]).toHaveLength(3)
  })
})

describe('a ?resource= answer', () => {
  it('shows its entries in the section they came from', () => {
    const store = memoryStore({
      name: 'dump',
      document: {
        configs: [
          {version_info: '1', cluster: {name: 'a'}, '@type': `${ADMIN}.ClustersConfigDump.DynamicCluster`},
          {'@type': `${ADMIN}.ListenersConfigDump.DynamicListener`, active_state: {listener: {name: 'inner'}}, name: 'l'},
          {'@type': `${ADMIN}.EndpointsConfigDump.DynamicEndpointConfig`, endpoint_config: {cluster_name: 'a'}},
          {'@type': `${ADMIN}.ListenersConfigDump.DynamicListener`, active_state: {listener: {name: 'm'}}},
          {'@type': `${ADMIN}.ClustersConfigDump`, static_clusters: [{cluster: {name: 's'}}]},
        ],
      },
    })
    const summary = store.sections().map((section) => [section, ...[...store.refs(section)].map((ref) => `${ref.name} ${ref.pointer}`)])
    expect(summary).toEqual([
      ['dynamic_active_clusters', 'a /configs/0'],
      ['dynamic_listeners', 'l /configs/1', 'm /configs/3'],
      ['dynamic_endpoint_configs', 'a /configs/2'],
      ['@type', 'undefined /configs/4/@type'],
      ['static_clusters', 's /configs/4/static_clusters/0'],
    ])
    expect(store.find('dynamic_active_clusters', 'a').map((ref) => store.read(ref).path('cluster', 'name')?.pointer)).toEqual([
      '/configs/0/cluster/name',
    ])
    expect(store.warnings).toEqual([expect.stringContaining('1 entries')])
  })
})

describe('a document without configs', () => {
  it('has the members of its maps and the items of its lists', () => {
    const store = memoryStore({
      name: 'ztunnel',
      document: {workloads: {'//10.0.0.1': {name: 'w'}}, services: [{name: 's'}], version: {gitTag: '1'}, stagedServices: {}},
    })
    expect(store.sections()).toEqual(['workloads', 'services', 'version'])
    expect(store.find('workloads', 'w').map((ref) => ref.pointer)).toEqual(['/workloads/~1~110.0.0.1'])
    expect([...store.refs('version')].map((ref) => store.read(ref).value)).toEqual(['1'])
    expect(store.configTypes()).toEqual([])
  })

  it('lets the last of equal keys count, with a warning', () => {
    const {resources, warnings} = indexOf('{"m":[{"name":"a"},{"name":"b"}],"n":[1],"e":[2],"m":[{"name":"c"}],"e":{}}')
    expect([...resources.ids('m')].map((id) => resources.ref(id).name)).toEqual(['c'])
    expect(resources.sections).toEqual(['n', 'm'])
    const neighbours = indexOf('{"m":[{"name":"a"}],"m":[{"name":"b"}]}').resources
    expect([...neighbours.ids('m')].map((id) => neighbours.ref(id).name)).toEqual(['b'])
    expect(warnings).toEqual([
      'the document holds "m" more than once: the last one counts',
      'the document holds "e" more than once: the last one counts',
    ])
  })

  it('is refused by memoryStore when it is no object', () => {
    expect(() => memoryStore({name: 'x', document: []})).toThrow('expected a JSON object')
  })
})

/** A loaded machine must not fail a property. */
const SLOW = 120_000

describe('the index', {timeout: SLOW}, () => {
  it('points at every element of any document, cut anywhere', () => {
    fc.assert(
      fc.property(document, printing, fc.integer({min: 1, max: 9}), (value, choices, size) => {
        const text = printVariant(value, choices)
        const bytes = Buffer.from(text)
        const {resources} = indexOf(text, size)
        const found = Array.from({length: resources.length}, (_, id) => {
          const {start, end} = resources.span(id)
          const read: unknown = JSON.parse(bytes.toString('utf8', start, end))
          return [resources.ref(id).pointer, read]
        })
        expect(found).toEqual(elementsOf(JSON.parse(text)))
      }),
    )
  })

  it('finds by name what a search through all elements finds', () => {
    fc.assert(
      fc.property(document, (value) => {
        const {resources} = indexOf(JSON.stringify(value), 50)
        for (const section of resources.sections) {
          const refs = [...resources.ids(section)].map((id) => resources.ref(id))
          for (const {name} of refs) {
            if (name !== undefined) expect(resources.find(section, name)).toEqual(refs.filter((ref) => ref.name === name))
          }
        }
      }),
    )
  })

  it('keeps what came before a problem', () => {
    const index = indexOf('{"configs":[{"a":[{"name":"x"},{"na')
    expect(index.resources.length).toBe(1)
    expect(index.problem).toMatchObject({code: 'truncated', pointer: '/configs/0/a/1'})
  })

  it('does not keep long strings that are no names', () => {
    const text = `{"configs":[{"a":[{"name":"n","cluster":{"x":"${'y'.repeat(3_000_000)}"}},{"name":"${'z'.repeat(2_000_000)}"}]}]}`
    const {resources, problem} = indexOf(text, 65_536)
    expect([problem, resources.ref(0).name, resources.ref(1).name]).toEqual([undefined, 'n', undefined])
  })

  it('grows past its first columns and text slabs', () => {
    const names = Array.from({length: 5000}, (_, index) => `${index}-${'n'.repeat(400)}`)
    const {resources} = indexOf(JSON.stringify({list: names.map((name) => ({name}))}), 4096)
    expect(resources.ref(4999).name).toBe(names[4999])
    expect(resources.find('list', names[3456] ?? '').map((ref) => ref.pointer)).toEqual(['/list/3456'])
    expect(() => resources.ref(5000)).toThrow(RangeError)
  })
})
