import {describe, expect, test} from 'vitest'
import {memoryStore} from '../../../src/json/memory-store.js'
import type {ZtunnelConfig} from '../../../src/ztunnel/config/model.js'
import {readZtunnelConfig} from '../../../src/ztunnel/config/read-ztunnel-config.js'

function read(document: unknown): ZtunnelConfig {
  return readZtunnelConfig(memoryStore({name: 'ztunnel.json', document}))
}

const POD = {
  uid: 'c//Pod/shop/cart',
  name: 'cart',
  namespace: 'shop',
  serviceAccount: 'cart',
  trustDomain: 'cluster.local',
  workloadIps: ['10.0.0.1'],
  protocol: 'HBONE',
  node: 'n1',
  status: 'Healthy',
  waypoint: {destination: '/10.96.9.1', hboneMtlsPort: 15_008},
}
const SERVICE = {
  name: 'cart',
  namespace: 'shop',
  hostname: 'cart.shop.svc.cluster.local',
  vips: ['/10.96.0.1'],
  ports: {'80': 8080},
  subjectAltNames: [],
}
const KEYED = {
  'c//Pod/shop/cart:/10.0.0.1': {
    workloadUid: 'c//Pod/shop/cart',
    service: 'shop/cart.shop.svc.cluster.local',
    address: '/10.0.0.1',
    port: {'80': 8080},
  },
}
const OLD_SERVICE = {...SERVICE, endpoints: KEYED}
const NEW_SERVICE = {...SERVICE, endpoints: {'c//Pod/shop/cart': {workloadUid: 'c//Pod/shop/cart', port: {'80': 8080}, status: 'Healthy'}}}
const POLICY = {name: 'p', namespace: 'shop', scope: 'Namespace', action: 'Deny'}

/** The same small cluster as every generation prints it (ambient-ga K, oracle ztunnel-old). */
const GENERATIONS = [
  {
    name: '1.18',
    shape: 'vips',
    minor: 18,
    document: {
      workloads: {
        '10.0.0.1': {
          workloadIp: '10.0.0.1',
          waypointAddresses: ['10.96.9.1'],
          gatewayAddress: null,
          ...POD,
          workloadIps: undefined,
          uid: undefined,
          waypoint: undefined,
        },
      },
      vips: {'10.96.0.1:80': [['10.0.0.1', 8080]]},
      workload_to_vip: {'10.0.0.1': [['10.96.0.1:80', 8080]]},
      policies: {'shop/p': {...POLICY, groups: [[[{destination_ports: [80]}]]]}},
      policies_by_namespace: {shop: ['shop/p']},
      config: {local_node: 'n1'},
      version: {istio_version: 'unknown'},
    },
  },
  {
    name: '1.20',
    shape: 'flattened',
    minor: 20,
    document: {
      by_addr: {'/10.0.0.1': POD},
      by_uid: {'c//Pod/shop/cart': POD},
      by_hostname: {},
      by_vip: {'/10.96.0.1': OLD_SERVICE},
      by_host: {'cart.shop.svc.cluster.local': [OLD_SERVICE]},
      staged_services: {},
      workload_to_services: {},
      by_key: {'shop/p': {...POLICY, rules: [[[{destination_ports: [80]}]]]}},
      by_namespace: {},
      config: {local_node: 'n1', network: ''},
      version: {istio_version: 'unknown'},
    },
  },
  {
    name: '1.22',
    shape: 'maps',
    minor: 22,
    document: {
      workloads: {'/10.0.0.1': POD},
      services: {'/10.96.0.1': OLD_SERVICE},
      servicesByHostname: {'cart.shop.svc.cluster.local': [OLD_SERVICE]},
      policies: {'shop/p': {...POLICY, rules: [[[{destinationPorts: [80]}]]]}},
      stagedServices: {},
      config: {localNode: 'n1'},
      version: {istioVersion: 'unknown'},
    },
  },
  {
    name: '1.23',
    shape: 'lists',
    minor: 23,
    document: {
      workloads: [POD],
      services: [OLD_SERVICE],
      policies: [{...POLICY, rules: [[[{destinationPorts: [80]}]]]}],
      config: {localNode: 'n1'},
    },
  },
  {
    name: 'newest',
    shape: 'lists',
    minor: 31,
    document: {
      workloads: [{...POD, networkMode: 'Standard', capacity: 1}],
      services: [{...NEW_SERVICE, canonical: true, visibility: 'Public'}],
      policies: [{...POLICY, dryRun: false, rules: [[[{destinationPorts: [80]}]]]}],
      config: {localNode: 'n1'},
    },
  },
] as const

describe('G14: one cluster in every generation', () => {
  test.each(GENERATIONS)('$name', ({document, shape, minor}) => {
    const config = read(document)
    expect(config).toMatchObject({shape, version: {minor, from: 'markers'}, settings: {localNode: 'n1'}})
    expect(config.workloads).toMatchObject([
      {
        name: 'cart',
        namespace: 'shop',
        ips: ['10.0.0.1'],
        protocol: 'HBONE',
        healthy: true,
        waypoints: [{kind: 'address', ip: '10.96.9.1', port: 15_008}],
      },
    ])
    expect(config.services).toMatchObject([{vips: [{network: '', ip: '10.96.0.1'}], ports: new Map([[80, 8080]])}])
    expect(config.services[0]?.endpoints).toMatchObject([{workloadUid: config.workloads[0]?.uid, ports: new Map([[80, 8080]])}])
    const match = config.policies[0]?.rules[0]?.clauses[0]?.matches[0]
    expect(match?.fields).toEqual([{name: 'destinationPorts', negated: false, kind: 'destinationPorts', values: [80]}])
  })

  test('a workload with two addresses stands in a 1.22 map twice, and is one', () => {
    const dual = {...POD, workloadIps: ['10.0.0.1', 'fd00::1']}
    const config = read({workloads: {'/10.0.0.1': dual, '/fd00:0::1': dual}, services: {}, policies: {}, config: {}, version: {}})
    expect(config.workloads).toHaveLength(1)
    expect([...(config.addressOwners?.workloads ?? [])].map(([key]) => key)).toEqual(['/10.0.0.1', '/fd00::1'])
  })

  test('an endpoint of 1.22 may name a workload that is in no map', () => {
    const lonely = {
      ...OLD_SERVICE,
      endpoints: {'far/SplitHorizonWorkload/x:': {workloadUid: 'far/SplitHorizonWorkload/x', service: 's', address: null, port: {}}},
    }
    expect(read({workloads: {}, services: {'/10.96.0.1': lonely}, config: {}}).services[0]?.endpoints).toMatchObject([{addressless: true}])
  })
})

describe('versions', () => {
  test.each([
    {name: 'the release the dump names', document: {version: {istioVersion: '1.27.3'}}, expected: {minor: 27, from: 'version'}},
    {
      name: 'a tag of old dumps',
      document: {by_uid: {x: POD}, by_vip: {}, version: {git_tag: '1.20.8'}},
      expected: {minor: 20, from: 'version'},
    },
    {
      name: 'a marker beyond the named release',
      document: {services: [{...NEW_SERVICE, visibility: 'Public'}], version: {istioVersion: '1.27.3'}},
      expected: {minor: 31, from: 'markers'},
    },
    {name: 'cidrVips', document: {services: [{...NEW_SERVICE, cidrVips: []}], config: {}}, expected: {minor: 30, from: 'markers'}},
    {
      name: 'crlPath with the certificate watcher',
      document: {config: {crlPath: null, caCertWatcher: {}}},
      expected: {minor: 29, from: 'markers'},
    },
    {name: 'crlPath without it', document: {config: {crlPath: null}}, expected: {minor: 30, from: 'markers'}},
    {
      name: 'Passthrough',
      document: {services: [{...NEW_SERVICE, loadBalancer: {mode: 'Passthrough'}}]},
      expected: {minor: 28, from: 'markers'},
    },
    {name: 'cryptoProvider', document: {version: {cryptoProvider: 'tls-ring'}}, expected: {minor: 27, from: 'markers'}},
    {name: 'capacity', document: {workloads: [{...POD, capacity: 1}]}, expected: {minor: 26, from: 'markers'}},
    {
      name: 'matches by service account',
      document: {policies: [{...POLICY, rules: [[[{serviceAccounts: [{namespace: 'a', serviceAccount: 'b'}]}]]]}]},
      expected: {minor: 25, from: 'markers'},
    },
    {name: 'networkMode', document: {workloads: [{...POD, networkMode: 'Standard'}]}, expected: {minor: 24, from: 'markers'}},
  ])('$name', ({document, expected}) => {
    expect(read({workloads: [POD], config: {localNode: 'n1'}, ...document}).version).toMatchObject(expected)
  })

  test('can be told', () => {
    expect(readZtunnelConfig(memoryStore({name: 'd', document: {config: {}}}), {minor: 24}).version).toEqual({minor: 24, from: 'override'})
  })
})

describe('details of the newest generation', () => {
  test('fields this tool does not know stay reachable, with their place', () => {
    const [workload] = read({workloads: [{...POD, future: {deep: 1}}], config: {}}).workloads
    expect(workload?.view.path('future')?.num('deep')).toBe(1)
    expect(workload?.view.pointer).toBe('/workloads/0')
  })

  test.each([
    {destination: '/10.0.0.1', expected: {kind: 'address', network: '', ip: '10.0.0.1', port: 15_008}},
    {destination: 'net/fd00:0::1', expected: {kind: 'address', network: 'net', ip: 'fd00::1', port: 15_008}},
    {destination: 'ns/wp.example.com', expected: {kind: 'hostname', namespace: 'ns', hostname: 'wp.example.com', port: 15_008}},
  ])('the waypoint $destination', ({destination, expected}) => {
    expect(read({workloads: [{...POD, waypoint: {destination, hboneMtlsPort: 15_008}}], config: {}}).workloads[0]?.waypoints).toEqual([
      expected,
    ])
  })

  test.each([
    {port: 70_000, expected: 15_008},
    {port: 1.5, expected: 15_008},
    {port: -1, expected: 15_008},
    {port: '16008', expected: 16_008},
  ])('a waypoint at port $port: what can be no port counts as left out', ({port, expected}) => {
    const config = read({workloads: [{...POD, waypoint: {destination: '/10.0.0.1', hboneMtlsPort: port}}], config: {}})
    expect(config.workloads[0]?.waypoints[0]?.port).toBe(expected)
    expect(config.warnings.some((warning) => warning.includes('no port in the dump'))).toBe(expected === 15_008)
  })

  test('ports that can be none are left out of services and endpoints', () => {
    const ports = {'80': 8080, '81': 0, '82': 70_000, '83': 1.5, '84': -1, '70000': 80, '1.5': 80, '': 80}
    const endpoints = {e: {workloadUid: 'c//Pod/shop/cart', port: ports}}
    const [service] = read({services: [{...NEW_SERVICE, ports, endpoints}], config: {}}).services
    const kept = new Map([
      [80, 8080],
      [81, 0],
    ])
    expect(service?.ports).toEqual(kept)
    expect(service?.endpoints[0]?.ports).toEqual(kept)
  })

  test('the port of very old dumps has another name', () => {
    expect(
      read({workloads: [{...POD, waypoint: {destination: '/10.0.0.1', port: 15_006}}], config: {}}).workloads[0]?.waypoints[0]?.port,
    ).toBe(15_006)
  })

  test('string matches', () => {
    const values = [{Exact: 'a'}, {Prefix: 'b'}, {Suffix: 'c'}, {Presence: []}, {Glob: 'd'}]
    const config = read({policies: [{...POLICY, rules: [[[{notPrincipals: values}]]]}], config: {}})
    expect(config.policies[0]?.rules[0]?.clauses[0]?.matches[0]?.fields).toEqual([
      {
        name: 'notPrincipals',
        negated: true,
        kind: 'principals',
        values: [
          {kind: 'Exact', value: 'a'},
          {kind: 'Prefix', value: 'b'},
          {kind: 'Suffix', value: 'c'},
          {kind: 'Presence'},
          {kind: 'unknown'},
        ],
      },
    ])
  })

  test('captured pods, staged services, settings', () => {
    const config = read({
      config: {
        network: 'net',
        illegalPorts: [15_001],
        proxyMode: 'Dedicated',
        proxyWorkloadInformation: {name: 'p', namespace: 'n', serviceAccount: 's'},
        outboundAddr: '[::]:16001',
      },
      workloadState: {'uid-1': {state: 'Up', info: {name: 'a', namespace: 'b', serviceAccount: 'c'}}, 'uid-2': {state: 'Pending'}},
      stagedServices: {'ns/later.example.com': {'c//Pod/x/y': {}}},
    })
    expect(config.capturedPods).toMatchObject([
      {uid: 'uid-1', up: true, name: 'a'},
      {uid: 'uid-2', up: false},
    ])
    expect(config.stagedServices).toEqual(['ns/later.example.com'])
    expect(config.settings).toMatchObject({
      network: 'net',
      illegalPorts: [15_001],
      dedicated: true,
      dedicatedWorkload: {name: 'p', namespace: 'n', serviceAccount: 's'},
      ports: {outbound: 16_001, hbone: 15_008, plaintext: 15_006},
    })
  })

  test('G23: an extract without config and version says that it lacks fields', () => {
    expect(read({workloads: [POD]}).warnings).toEqual([expect.stringContaining('istioctl prints such extracts')])
    expect(read({workloads: [POD], version: {}, config: {network: ''}}).warnings).toEqual([])
  })

  test('hostile values are read as absent', () => {
    const config = read(
      JSON.parse(
        '{"workloads":[{"__proto__":{"name":"x"},"workloadIps":7,"waypoint":[],"locality":null},5],"services":[{"ports":{"a":1,"80":"x"},"vips":[3]}],"config":{"__proto__":1}}',
      ),
    )
    expect(config.workloads).toMatchObject([{name: '', ips: [], waypoints: []}, {name: ''}])
    expect(config.services[0]).toMatchObject({vips: [], ports: new Map()})
  })
})
