import {describe, expect, test} from 'vitest'
import {gateway, service, workload} from '../dump.js'
import {ask, askAll} from './ask.js'

// One test per rule and trap of ambient-ga B, G and I that decides an outbound connection.

const WAYPOINT = workload('wp', {workloadIps: ['10.0.9.1'], serviceAccount: 'wp'})
const WAYPOINT_SERVICE = service('wp', {vips: ['/10.96.9.1'], ports: {'15008': 16_008}, endpoints: {wp: {'15008': 16_008}}})
const BY_HOST = gateway('ns/wp.ns.svc.cluster.local')
const POD = workload('pod', {workloadIps: ['10.0.0.1'], protocol: 'HBONE'})
const SERVICE = service('svc', {vips: ['/10.96.0.1'], endpoints: {pod: {'80': 8080}}})

describe('workloads first, then services', () => {
  const both = service('both', {vips: ['/10.0.0.1'], waypoint: BY_HOST, endpoints: {other: {'80': 8080}}})
  const other = workload('other', {workloadIps: ['10.0.0.2'], protocol: 'HBONE', waypoint: BY_HOST})
  const parts = {workloads: [POD, other, WAYPOINT], services: [both, WAYPOINT_SERVICE]}

  test('G1: an address that is VIP and pod: no service waypoint, but load balancing, and the waypoint of the endpoint', () => {
    expect(ask(parts, '10.0.0.1:80')).toEqual(['HBONE 10.0.0.1:80 via 10.0.9.1:16008 wp'])
  })

  test('the same at a port the service does not declare: plaintext to the pod (I.3)', () => {
    expect(ask(parts, '10.0.0.1:81')).toEqual(['TCP via 10.0.0.1:81 (passthrough)'])
  })
})

describe('waypoints', () => {
  const waypointed = service('svc', {vips: ['/10.96.0.1'], waypoint: BY_HOST, endpoints: {pod: {'80': 8080}}})

  test('G4: the dial port is the target port of hboneMtlsPort, the authority stays what was dialled', () => {
    expect(ask({workloads: [POD, WAYPOINT], services: [waypointed, WAYPOINT_SERVICE]}, '10.96.0.1:80')).toEqual([
      'HBONE 10.96.0.1:80 via 10.0.9.1:16008 wp',
    ])
  })

  test('a service waypoint takes undeclared ports too (I.7)', () => {
    expect(ask({workloads: [POD, WAYPOINT], services: [waypointed, WAYPOINT_SERVICE]}, '10.96.0.1:7777')).toEqual([
      'HBONE 10.96.0.1:7777 via 10.0.9.1:16008 wp',
    ])
  })

  test('G2: a pod address skips the service waypoint', () => {
    expect(ask({workloads: [POD, WAYPOINT], services: [waypointed, WAYPOINT_SERVICE]}, '10.0.0.1:8080')).toEqual([
      'HBONE 10.0.0.1:8080 via 10.0.0.1:15008 pod',
    ])
  })

  test('G2: a service without waypoint skips the waypoint of its endpoint', () => {
    const pod = {...POD, waypoint: BY_HOST}
    expect(ask({workloads: [pod, WAYPOINT], services: [SERVICE, WAYPOINT_SERVICE]}, '10.96.0.1:80')).toEqual([
      'HBONE 10.0.0.1:8080 via 10.0.0.1:15008 pod',
    ])
  })

  test.each([
    {name: 'an unknown host', waypoint: gateway('ns/nowhere'), error: 'unknown waypoint: waypoint nowhere not found'},
    {
      name: 'an unknown address',
      waypoint: gateway('net/10.0.9.9'),
      error:
        'unknown waypoint: waypoint GatewayAddress { destination: Address(NetworkAddress { network: "net", address: 10.0.9.9 }), hbone_mtls_port: 15008 } not found',
    },
    {
      name: 'a service without endpoints',
      waypoint: gateway('ns/down'),
      error:
        'unknown waypoint: waypoint GatewayAddress { destination: Hostname(NamespacedHostname { namespace: "ns", hostname: "down" }), hbone_mtls_port: 15008 } not found',
    },
  ])('G33: $name is an error, never a bypass', ({waypoint, error}) => {
    const svc = service('svc', {vips: ['/10.96.0.1'], waypoint, endpoints: {pod: {'80': 8080}}})
    const down = service('down', {hostname: 'down', ports: {'15008': 15_008}})
    expect(ask({workloads: [POD], services: [svc, down]}, '10.96.0.1:80')).toEqual([error])
  })

  test('an application tunnel needs no port on its service', () => {
    const tunnelled = workload('wp', {workloadIps: ['10.0.9.1'], applicationTunnel: {protocol: 'PROXY', port: 15_088}})
    const wp = service('wp', {ports: {'80': 80}, endpoints: {wp: {}}})
    expect(ask({workloads: [POD, tunnelled], services: [waypointed, wp]}, '10.96.0.1:80')).toEqual([
      'HBONE 10.96.0.1:80 via 10.0.9.1:15008 wp',
    ])
  })

  test('a captured waypoint is not sent through itself', () => {
    const own = workload('wp-pod', {workloadIps: ['10.0.9.7'], serviceAccount: 'wp', protocol: 'HBONE'})
    const pod = {...POD, waypoint: gateway('/10.0.9.7')}
    const source = {name: 'wp-pod', namespace: 'ns', serviceAccount: 'wp', ip: '10.0.9.7'}
    expect(ask({workloads: [own, pod]}, {target: '10.0.0.1:80', source})).toEqual(['HBONE 10.0.0.1:80 via 10.0.0.1:15008 pod'])
  })
})

describe('G29: weighted waypoints', () => {
  const weighted = (weights: readonly (readonly [string, number])[], fields: object = {}): ReturnType<typeof service> =>
    service('svc', {
      vips: ['/10.96.0.1'],
      endpoints: {pod: {'80': 8080}},
      weightedWaypoints: weights.map(([destination, weight]) => ({destination: gateway(destination), weight})),
      ...fields,
    })
  const ask90 = (svc: ReturnType<typeof service>, minor = 31): string[] =>
    ask({workloads: [POD, WAYPOINT], services: [svc, WAYPOINT_SERVICE], minor}, '10.96.0.1:80')

  test('one share each, and an unusable one fails its share only (I.5)', () => {
    expect(
      ask90(
        weighted([
          ['ns/wp.ns.svc.cluster.local', 90],
          ['ns/nowhere', 10],
        ]),
      ),
    ).toEqual(['1/10: unknown waypoint: waypoint nowhere not found', '9/10: HBONE 10.96.0.1:80 via 10.0.9.1:16008 wp'])
  })

  test('weights that are all 0 fall back to the waypoint, or to none (I.5)', () => {
    expect(ask90(weighted([['ns/nowhere', 0]], {waypoint: BY_HOST}))).toEqual(['HBONE 10.96.0.1:80 via 10.0.9.1:16008 wp'])
    expect(ask90(weighted([['ns/nowhere', 0]]))).toEqual(['HBONE 10.0.0.1:8080 via 10.0.0.1:15008 pod'])
  })

  test('before 1.31 nobody reads them', () => {
    expect(ask90(weighted([['ns/nowhere', 1]]), 30)).toEqual(['HBONE 10.0.0.1:8080 via 10.0.0.1:15008 pod'])
  })
})

describe('G12: services that share a VIP (I.2)', () => {
  const shared = (name: string, fields: object = {}): ReturnType<typeof service> =>
    service(name, {vips: ['/10.96.0.1'], canonical: false, ports: {'80': 80}, endpoints: {[name]: {}}, ...fields})
  const pods = ['a', 'b'].map((name, index) => workload(name, {workloadIps: [`10.0.0.${index + 1}`]}))
  const answers = (services: readonly object[], minor = 31): string[] =>
    askAll({workloads: pods, services: services.map((one) => ({...one})), minor}, {target: '10.96.0.1:80'})
      .map((one) => one.join())
      .toSorted()

  test.each([
    {
      name: 'the own namespace first',
      services: [shared('a', {namespace: 'ns'}), shared('b', {namespace: 'x', canonical: true})],
      expected: ['TCP via 10.0.0.1:80 a'],
    },
    {
      name: 'then canonical',
      services: [shared('a', {namespace: 'x'}), shared('b', {namespace: 'y', canonical: true})],
      expected: ['TCP via 10.0.0.2:80 b'],
    },
    {
      name: 'else the order of arrival',
      services: [shared('a', {namespace: 'x'}), shared('b', {namespace: 'y'})],
      expected: ['TCP via 10.0.0.1:80 a', 'TCP via 10.0.0.2:80 b'],
    },
    {
      name: 'services of other namespaces may be hidden',
      services: [shared('a', {namespace: 'x', visibility: 'Namespace'}), shared('b', {namespace: 'y'})],
      expected: ['TCP via 10.0.0.2:80 b'],
    },
  ])('$name', ({services, expected}) => {
    expect(answers(services)).toEqual(expected)
  })

  test('before 1.30 the last that arrived is kept, whatever its namespace', () => {
    expect(answers([shared('a', {namespace: 'ns'}), shared('b', {namespace: 'x'})], 29)).toEqual([
      'TCP via 10.0.0.1:80 a',
      'TCP via 10.0.0.2:80 b',
    ])
  })
})

describe('CIDR VIPs (I.1)', () => {
  const block = (name: string, cidr: string, fields: object = {}): ReturnType<typeof service> =>
    service(name, {cidrVips: [{network: '', cidr}], ports: {'80': 8080}, endpoints: {[name]: {}}, ...fields})
  const pods = ['wide', 'narrow'].map((name, index) => workload(name, {workloadIps: [`10.0.0.${index + 1}`]}))
  const histories = (services: readonly ReturnType<typeof service>[], target: string): string[] =>
    askAll({workloads: pods, services}, {target}).map((one) => one.join())

  test('the longest block wins, in its old copy or in the one that is shown', () => {
    expect(histories([block('wide', '203.0.113.0/24'), block('narrow', '203.0.113.64/26')], '203.0.113.70:80')).toEqual([
      'no healthy upstream: 203.0.113.70:80',
      'TCP via 10.0.0.2:8080 narrow',
    ])
  })

  test('the own namespace wins over a longer block', () => {
    const services = [block('wide', '203.0.113.0/24'), block('narrow', '203.0.113.64/26', {namespace: 'x'})]
    expect(histories(services, '203.0.113.70:80')).toContain('TCP via 10.0.0.1:8080 wide')
  })

  test('an exact VIP wins over every block', () => {
    const exact = service('exact', {vips: ['/203.0.113.70'], ports: {'80': 80}, endpoints: {wide: {}}})
    expect(histories([block('narrow', '203.0.113.64/26'), exact], '203.0.113.70:80')).toEqual(['TCP via 10.0.0.1:80 wide'])
  })

  test('a pod inside a block becomes passthrough as long as the old copy answers', () => {
    const inside = workload('inside', {workloadIps: ['203.0.113.70'], protocol: 'HBONE'})
    const answers = askAll({workloads: [...pods, inside], services: [block('narrow', '203.0.113.64/26')]}, {target: '203.0.113.70:80'})
    expect(answers.map((one) => one.join())).toEqual(['TCP via 203.0.113.70:80 (passthrough)', 'TCP via 10.0.0.2:8080 narrow'])
  })
})

describe('several workloads at one address (B.1)', () => {
  const entry = workload('entry', {uid: 'c/networking.istio.io/WorkloadEntry/ns/entry', workloadIps: ['10.0.0.1'], protocol: 'HBONE'})
  const pod = workload('pod', {workloadIps: ['10.0.0.1']})

  test('pods before others, HBONE before TCP', () => {
    expect(ask({workloads: [entry, pod]}, '10.0.0.1:80')).toEqual(['TCP via 10.0.0.1:80 pod'])
    expect(ask({workloads: [pod, {...pod, uid: 'c//Pod/ns/second', name: 'second', protocol: 'HBONE'}]}, '10.0.0.1:80')).toEqual([
      'HBONE 10.0.0.1:80 via 10.0.0.1:15008 second',
    ])
  })

  test('of equals the last that arrived: both are possible', () => {
    const twin = {...pod, uid: 'c//Pod/ns/twin', name: 'twin'}
    expect(askAll({workloads: [pod, twin]}, {target: '10.0.0.1:80'})).toHaveLength(2)
  })
})

describe('other networks', () => {
  test('a VIP of another network is unknown here (I.12)', () => {
    const far = service('far', {vips: ['other/10.96.0.1'], endpoints: {pod: {'80': 8080}}})
    expect(ask({workloads: [POD], services: [far]}, '10.96.0.1:80')).toEqual(['TCP via 10.96.0.1:80 (passthrough)'])
  })

  const remote = workload('remote', {network: 'far', protocol: 'HBONE', networkGateway: gateway('far/9.9.9.9')})
  const gate = workload('gate', {workloadIps: ['9.9.9.9'], network: 'far'})
  const svc = service('svc', {vips: ['/10.96.0.1'], endpoints: {remote: {'80': 8080}}})

  test.each([
    {minor: 24, expected: 'no valid routing destination for workload: Workload{remote with uid cluster1//Pod/ns/remote (HBONE)}'},
    {minor: 26, expected: 'DOUBLEHBONE svc.ns.svc.cluster.local:8080 via 9.9.9.9:15008 gate'},
    {minor: 27, expected: 'DOUBLEHBONE svc.ns.svc.cluster.local:80 via 9.9.9.9:15008 gate'},
  ])('G32: double HBONE by release: 1.$minor', ({minor, expected}) => {
    expect(ask({workloads: [remote, gate], services: [svc], minor}, '10.96.0.1:80')).toEqual([expected])
  })

  test('a gateway that nobody knows', () => {
    expect(ask({workloads: [remote], services: [svc]}, '10.96.0.1:80')).toEqual([
      'unknown network gateway: network gateway GatewayAddress { destination: Address(NetworkAddress { network: "far", address: 9.9.9.9 }), hbone_mtls_port: 15008 } not found',
    ])
  })
})

describe('what the dump does not hold', () => {
  const external = workload('ext', {hostname: 'db.example.com'})
  const svc = service('svc', {vips: ['/10.96.0.1'], ports: {'80': 80}, endpoints: {ext: {}}})

  test('G30: a workload resolved by DNS stays open without answers', () => {
    expect(ask({workloads: [external], services: [svc]}, '10.96.0.1:80')).toEqual([
      'unknown: the address ztunnel gets from DNS for "db.example.com" when it connects',
    ])
  })

  test('with answers: one of those that fit the family of the target', () => {
    const resolve = (): readonly string[] => ['192.0.2.1', '192.0.2.2', '2001:db8::1']
    expect(ask({workloads: [external], services: [svc]}, {target: '10.96.0.1:80', resolve})).toEqual([
      '1/2: TCP via 192.0.2.1:80 ext',
      '1/2: TCP via 192.0.2.2:80 ext',
    ])
    expect(ask({workloads: [external], services: [svc]}, {target: '10.96.0.1:80', resolve: () => []})).toEqual([
      'no ip addresses were resolved for workload: cluster1//Pod/ns/ext',
    ])
  })

  test('G26: with xdsOnDemand an absent address proves nothing', () => {
    expect(ask({config: {xdsOnDemand: true}}, '10.0.0.9:80')[0]).toContain('unknown: whether 10.0.0.9 is known to the control plane')
  })
})

describe('the source', () => {
  const asked = {name: 'stranger', namespace: 'ns', serviceAccount: 'sa', ip: '10.0.0.1'}

  test.each([
    {minor: 31, expected: 'failed to fetch information about local workload: sa.ns (stranger)'},
    {
      minor: 23,
      expected: 'invalid source: 10.0.0.1, should match WorkloadInfo { name: "stranger", namespace: "ns", service_account: "sa" }',
    },
  ])('1.$minor', ({minor, expected}) => {
    expect(ask({workloads: [POD], minor}, {target: '10.0.0.2:80', source: asked})).toEqual([expected])
  })

  test('a pod of another node is nobody this ztunnel serves, from 1.24', () => {
    const far = {...POD, node: 'n2'}
    const source = {name: 'pod', namespace: 'ns', serviceAccount: 'default', ip: '10.0.0.1'}
    expect(ask({workloads: [far]}, {target: '10.0.0.1:80', source})).toEqual([
      'failed to fetch information about local workload: default.ns (pod)',
    ])
    expect(ask({workloads: [far], minor: 23}, {target: '10.0.0.1:80', source})).toEqual(['HBONE 10.0.0.1:80 via 10.0.0.1:15008 pod'])
  })

  test('G22: a pod that dials ztunnel on the loopback device', () => {
    expect(ask({}, '127.0.0.1:15001')).toEqual(['attempted recursive call to ourselves'])
    expect(ask({}, '127.0.0.1:15002')).not.toEqual(['attempted recursive call to ourselves'])
  })
})
