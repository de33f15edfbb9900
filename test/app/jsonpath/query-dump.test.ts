import {JSONPath} from 'jsonpath-plus'
import {describe, expect, it} from 'vitest'
import {parsePath} from '../../../src/app/jsonpath/parse-path.js'
import {queryDump} from '../../../src/app/jsonpath/query-dump.js'
import {memoryStore} from '../../../src/json/memory-store.js'

const type = (name: string): string => `type.googleapis.com/envoy.admin.v3.${name}`
const document = {
  configs: [
    {'@type': type('BootstrapConfigDump'), bootstrap: {node: {id: 'sidecar~1'}}},
    {
      '@type': type('ClustersConfigDump'),
      version_info: '7',
      dynamic_active_clusters: [
        {cluster: {'@type': 'Cluster', name: 'a', metadata: {'10.0.0.1': {'9080': {name: 'x'}}, 'a.b|c': 1}}},
        {cluster: {'@type': 'Cluster', name: 'b', alt: ['p', 'q', 'r']}},
      ],
      static_clusters: [{cluster: {name: 's'}}],
    },
    {'@type': type('ClustersConfigDump'), dynamic_active_clusters: [{cluster: {name: 'late'}}]},
  ],
}
const store = memoryStore({name: 'proxy.json', document})

function select(expression: string): {pointer: string; value: unknown}[] {
  return [...queryDump(store, parsePath(expression))].toSorted((a, b) => (a.pointer < b.pointer ? -1 : 1))
}

/** Two spellings that jsonpath-plus itself misreads. */
function respell(expression: string): string {
  return expression.replaceAll("'@type'", "'`@type'").replaceAll("','", ',')
}

/** What jsonpath-plus says of the whole document. */
function reference(expression: string): unknown[] {
  const found: unknown = JSONPath({path: respell(expression), json: document, eval: false, resultType: 'all'})
  const matches = (Array.isArray(found) ? found : []).map(({pointer, value}: {pointer: string; value: unknown}) => ({pointer, value}))
  return matches.toSorted((a, b) => (a.pointer < b.pointer ? -1 : 1))
}

const paths = [
  '$.configs[*].dynamic_active_clusters[*].cluster.name',
  '$.configs[1].dynamic_active_clusters[1]',
  '$.configs[1].version_info',
  "$.configs[*]['@type']",
  "$.configs[*].dynamic_active_clusters[*].cluster['@type']",
  '$..name',
  '$..cluster.name',
  '$..cluster..name',
  '$.configs..name',
  "$..metadata['10.0.0.1'][9080].name",
  "$..metadata['a.b|c']",
  '$..alt[0]',
  '$..alt[-1:]',
  '$..alt[0:2]',
  '$..alt[0,2]',
  '$.configs[0,1].version_info',
  "$.configs[*]['dynamic_active_clusters','static_clusters'][0].cluster.name",
  '$.configs[-1:].dynamic_active_clusters[*].cluster.name',
  '$.configs[1:2].version_info',
  '$.configs[1].dynamic_active_clusters',
  '$..dynamic_active_clusters',
  '$.configs[2]',
  '$.configs',
  '$..*',
  '$.nothing.here',
  '$.configs[9]',
]

describe('a path over the elements of a dump', () => {
  it.each(paths)('%s selects what it selects in the whole document', (expression) => {
    expect(select(expression)).toEqual(reference(expression))
  })

  it('selects the document itself', () => {
    expect(select('$')).toEqual([{pointer: '', value: document}])
  })

  it('takes [-1] for the last', () => {
    expect(select('$..alt[-1]').map(({value}) => value)).toEqual(['r'])
    expect(select('$..alt[-2]').map(({value}) => value)).toEqual(['q'])
  })

  it('reads @type after a dot', () => {
    expect(select('$.configs[0].@type').map(({value}) => value)).toEqual([type('BootstrapConfigDump')])
  })
})

const malformed = [
  'configs',
  '',
  '$.',
  '$..',
  '$.configs[',
  '$.configs[]',
  '$configs',
  '$.configs[*',
  '$...name',
  "$['a",
  '$.a b',
  '$.configs[?(@.name)]',
  '$.configs[(@.length-1)]',
  '$.a^',
  '$.a~',
  "$['it`s']",
  '$.configs[1 ]',
  '$[**]',
  '$.a.@string()',
]

describe('a malformed path', () => {
  it.each(malformed)('%j is refused', (expression) => {
    expect(() => parsePath(expression)).toThrow(expect.objectContaining({family: 'usage', exitCode: 64}))
  })
})
