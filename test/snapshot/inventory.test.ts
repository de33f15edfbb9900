import {describe, expect, it} from 'vitest'
import type {Inventory} from '../../src/flow/inventory.js'
import {memoryStore} from '../../src/json/memory-store.js'
import {readInventory, type InventoryResult} from '../../src/snapshot/read-inventory.js'

function read(files: Readonly<Record<string, object>>): Promise<InventoryResult> {
  return readInventory(Object.entries(files).map(([name, document]) => memoryStore({name: `inventory/${name}.json`, document})))
}

async function readOne(item: object): Promise<Inventory | undefined> {
  return (await read({all: {apiVersion: 'v1', kind: 'List', items: [item]}})).inventory
}

const META = {name: 'a', namespace: 'ns', labels: {app: 'x', n: 1}, annotations: {k: 'v'}}

describe('pods', () => {
  it('are read with their places and states', async () => {
    const inventory = await readOne({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...META,
        uid: 'u',
        ownerReferences: [
          {kind: 'X', name: 'no'},
          {kind: 'ReplicaSet', name: 'rs', controller: true},
        ],
      },
      spec: {
        nodeName: 'n',
        hostNetwork: true,
        serviceAccountName: 'sa',
        containers: [
          {ports: [{containerPort: 80}, {name: 'dns', containerPort: 53, protocol: 'UDP'}]},
          {},
          {ports: [{containerPort: 81}, {name: 'no number'}]},
        ],
        initContainers: [{ports: [{containerPort: 82}]}, {restartPolicy: 'Always', ports: [{name: 'side', containerPort: 83}]}],
      },
      status: {
        phase: 'Running',
        podIP: '10.0.0.1',
        podIPs: [{ip: '10.0.0.1'}, {ip: 'fd00::1'}],
        conditions: [
          {type: 'Other', status: 'False'},
          {type: 'Ready', status: 'True'},
        ],
      },
    })
    expect(inventory?.pods).toEqual([
      {
        name: 'a',
        namespace: 'ns',
        labels: new Map([['app', 'x']]),
        annotations: new Map([['k', 'v']]),
        uid: 'u',
        ips: ['10.0.0.1', 'fd00::1'],
        node: 'n',
        hostNetwork: true,
        serviceAccount: 'sa',
        phase: 'Running',
        ready: true,
        owner: {kind: 'ReplicaSet', name: 'rs'},
        recorded: {file: 'inventory/all.json', pointer: '/items/0'},
        containerPorts: [
          {port: 80, protocol: 'TCP'},
          {port: 53, protocol: 'UDP', name: 'dns'},
          {port: 81, protocol: 'TCP'},
          {port: 83, protocol: 'TCP', name: 'side'},
        ],
      },
    ])
  })

  const cases: {readonly name: string; readonly pod: object; readonly expected: object}[] = [
    {
      name: 'pending',
      pod: {status: {phase: 'Pending', podIP: ''}},
      expected: {ips: [], hostNetwork: false, serviceAccount: 'default', phase: 'Pending', containerPorts: []},
    },
    {name: 'with one address only', pod: {status: {podIP: '10.0.0.2'}}, expected: {ips: ['10.0.0.2']}},
    {name: 'not ready', pod: {status: {conditions: [{type: 'Ready', status: 'False'}]}}, expected: {ready: false}},
  ]
  it.each(cases)('$name', async ({pod, expected}) => {
    expect((await readOne({apiVersion: 'v1', kind: 'Pod', metadata: META, ...pod}))?.pods?.[0]).toMatchObject(expected)
  })

  it('whose readiness is not told leave it open', async () => {
    const inventory = await readOne({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: META,
      status: {conditions: [{type: 'Ready', status: 'Unknown'}]},
    })
    expect(inventory?.pods?.map((pod) => pod.ready)).toEqual([undefined])
  })
})

it('policies of network plugins are kept beside those of Kubernetes, also with the same name', async () => {
  const kinds = ['networking.k8s.io/v1 NetworkPolicy', 'cilium.io/v2 CiliumNetworkPolicy', 'projectcalico.org/v3 NetworkPolicy']
  const items = kinds.map((one) => ({apiVersion: one.split(' ')[0], kind: one.split(' ')[1], metadata: META}))
  const {inventory, warnings} = await read({policies: {apiVersion: 'v1', kind: 'List', items}})
  expect([inventory?.networkPolicies?.map(({recorded}) => recorded.pointer), warnings]).toEqual([['/items/0', '/items/1', '/items/2'], []])
})

describe('services', () => {
  const cases: {readonly name: string; readonly spec: object | undefined; readonly expected: object}[] = [
    {
      name: 'with a virtual address',
      spec: {
        type: 'ClusterIP',
        clusterIP: '10.8.0.1',
        clusterIPs: ['10.8.0.1', 'fd00::8'],
        selector: {app: 'x'},
        ports: [
          {name: 'http', port: 80, targetPort: 'web', appProtocol: 'http'},
          {port: 53, protocol: 'UDP'},
        ],
      },
      expected: {
        type: 'ClusterIP',
        clusterIPs: ['10.8.0.1', 'fd00::8'],
        headless: false,
        selector: new Map([['app', 'x']]),
        ports: [
          {name: 'http', port: 80, protocol: 'TCP', targetPort: 'web', appProtocol: 'http'},
          {port: 53, protocol: 'UDP', targetPort: 53},
        ],
      },
    },
    {name: 'headless', spec: {clusterIP: 'None', clusterIPs: ['None']}, expected: {headless: true, clusterIPs: []}},
    {name: 'of an old API server', spec: {clusterIP: '10.8.0.2'}, expected: {headless: false, clusterIPs: ['10.8.0.2']}},
    {
      name: 'outside',
      spec: {type: 'ExternalName', externalName: 'example.com'},
      expected: {type: 'ExternalName', externalName: 'example.com', clusterIPs: [], headless: false},
    },
    {name: 'without spec', spec: undefined, expected: {type: 'ClusterIP', ports: [], clusterIPs: []}},
  ]
  it.each(cases)('$name', async ({spec, expected}) => {
    expect((await readOne({apiVersion: 'v1', kind: 'Service', metadata: META, spec}))?.services?.[0]).toMatchObject(expected)
  })

  it('without selector say so by its absence', async () => {
    const inventory = await readOne({apiVersion: 'v1', kind: 'Service', metadata: META, spec: {selector: {}}})
    expect(inventory?.services?.map((service) => service.selector)).toEqual([undefined])
  })
})

describe('numbers that can be no port', () => {
  const NONE = [0, -1, 1.5, 65_536, 'http']

  it('are no ports of a service', async () => {
    const ports = [...NONE.map((port) => ({port})), {port: 65_535}, {port: 80, targetPort: 70_000}, {port: 81, targetPort: 1.5}]
    const inventory = await readOne({apiVersion: 'v1', kind: 'Service', metadata: META, spec: {ports}})
    expect(inventory?.services?.[0]?.ports.map(({port, targetPort}) => [port, targetPort])).toEqual([
      [65_535, 65_535],
      [80, 80],
      [81, 81],
    ])
  })

  it('are no ports of a container', async () => {
    const containers = [{ports: [...NONE.map((containerPort) => ({containerPort})), {containerPort: 8080}]}]
    const inventory = await readOne({apiVersion: 'v1', kind: 'Pod', metadata: META, spec: {containers}})
    expect(inventory?.pods?.[0]?.containerPorts.map(({port}) => port)).toEqual([8080])
  })

  it('are no ports of a slice', async () => {
    const ports = [...NONE.map((port) => ({port})), {port: 8080}]
    const inventory = await readOne({apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: META, ports, endpoints: []})
    expect(inventory?.endpointSlices?.[0]?.ports.map(({port}) => port)).toEqual([0, undefined, undefined, undefined, undefined, 8080])
  })
})

describe('other kinds', () => {
  it('are read', async () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      addressType: 'IPv4',
      metadata: {name: 's', namespace: 'ns', labels: {'kubernetes.io/service-name': 'svc'}},
      ports: [{name: 'http', port: 80, protocol: 'TCP'}, {}],
      endpoints: [
        {addresses: ['10.0.0.1'], conditions: {ready: true}, nodeName: 'n', targetRef: {kind: 'Pod', name: 'p', namespace: 'ns'}},
        {addresses: ['10.0.0.2'], targetRef: {kind: 'Node', name: 'n'}},
      ],
    }
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {name: 'n', labels: {zone: 'z'}},
      spec: {podCIDR: '10.0.0.0/24'},
      status: {
        addresses: [
          {type: 'InternalIP', address: '192.0.2.1'},
          {type: 'Hostname', address: 'n'},
        ],
      },
    }
    const {inventory, warnings} = await read({
      all: {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          slice,
          node,
          {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'ns'}},
          {apiVersion: 'v1', kind: 'ServiceAccount', metadata: {name: 'sa', namespace: 'ns'}},
        ],
      },
    })
    expect(warnings).toEqual([])
    expect(inventory?.endpointSlices).toMatchObject([
      {
        service: 'svc',
        addressType: 'IPv4',
        ports: [{name: 'http', port: 80}, {protocol: 'TCP'}],
        endpoints: [{addresses: ['10.0.0.1'], ready: true, node: 'n', pod: {namespace: 'ns', name: 'p'}}, {addresses: ['10.0.0.2']}],
      },
    ])
    expect(inventory?.nodes).toMatchObject([{name: 'n', ips: ['192.0.2.1'], podCIDRs: ['10.0.0.0/24'], labels: new Map([['zone', 'z']])}])
    expect(inventory?.namespaces?.map((namespace) => namespace.name)).toEqual(['ns'])
    expect(inventory?.serviceAccounts?.map((account) => `${account.namespace}/${account.name}`)).toEqual(['ns/sa'])
  })
})

describe('what was recorded', () => {
  it('is absent when there is no file, and empty when its List is empty', async () => {
    expect((await read({})).inventory).toBeUndefined()
    expect((await read({httproutes: {apiVersion: 'v1', kind: 'List', items: []}})).inventory).toBeUndefined()
    expect((await read({pods: {apiVersion: 'v1', kind: 'List', items: []}})).inventory).toEqual({pods: []})
  })

  it('includes lists of one kind, whose items have no kind of their own', async () => {
    expect((await read({x: {kind: 'PodList', apiVersion: 'v1', items: [{metadata: META}]}})).inventory?.pods).toHaveLength(1)
  })

  it('leaves out kinds of other groups', async () => {
    expect(await readOne({apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: META})).toBeUndefined()
  })

  it('is sorted by namespace and name, whatever the order in the files', async () => {
    const items = ['b/a', 'a/b', 'a/a'].map((key) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {namespace: key.slice(0, 1), name: key.slice(2)},
    }))
    for (const order of [items, items.toReversed()]) {
      const {inventory} = await read({pods: {apiVersion: 'v1', kind: 'List', items: order}})
      expect(inventory?.pods?.map((pod) => `${pod.namespace}/${pod.name}`)).toEqual(['a/a', 'a/b', 'b/a'])
    }
  })

  it('warns of objects without a name and of repeated ones', async () => {
    const pod = {apiVersion: 'v1', kind: 'Pod', metadata: META}
    const {inventory, warnings} = await read({pods: {apiVersion: 'v1', kind: 'List', items: [pod, {...pod, metadata: {}}, pod, 5]}})
    expect(inventory?.pods).toHaveLength(1)
    expect(warnings).toEqual([
      'inventory/pods.json#/items/1 has no name and is left out',
      'inventory/pods.json#/items/2 repeats pods ns/a and is left out',
    ])
  })
})

describe('the trust domain', () => {
  const meshConfig = (name: string, mesh: string): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name, namespace: 'istio-system'},
    data: {mesh},
  })
  const cases: {readonly name: string; readonly items: readonly object[]; readonly expected: object}[] = [
    {
      name: 'is that of the mesh config',
      items: [meshConfig('istio', 'trustDomain: example.org\n')],
      expected: {inventory: {trustDomain: 'example.org'}, warnings: []},
    },
    {
      name: 'has a default',
      items: [meshConfig('istio-canary', 'rootNamespace: x')],
      expected: {inventory: {trustDomain: 'cluster.local'}, warnings: []},
    },
    {
      name: 'is unknown without a mesh config',
      items: [{...meshConfig('istio', ''), data: {}}, meshConfig('other', 'trustDomain: x')],
      expected: {warnings: []},
    },
    {
      name: 'is unknown when revisions disagree',
      items: [meshConfig('istio', 'trustDomain: b'), meshConfig('istio-1', 'trustDomain: a')],
      expected: {warnings: ['mesh configs disagree on the trust domain: a, b']},
    },
    {
      name: 'is read past a directive that YAML does not know',
      items: [meshConfig('istio', '%FOO\n---\ntrustDomain: x')],
      expected: {inventory: {trustDomain: 'x'}, warnings: []},
    },
    {
      name: 'is unknown when the mesh config is no YAML',
      items: [meshConfig('istio', 'a: [')],
      expected: {warnings: ['the mesh config in inventory/configmaps.json#/items/0 is no YAML']},
    },
  ]
  it.each(cases)('$name', async ({items, expected}) => {
    expect(await read({configmaps: {apiVersion: 'v1', kind: 'List', items}})).toEqual(expected)
  })
})
