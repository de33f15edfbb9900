import {describe, expect, test} from 'vitest'
import {memoryStore} from '../../../src/json/memory-store.js'
import {readZtunnelConfig} from '../../../src/ztunnel/config/read-ztunnel-config.js'
import {formatSocket, parseSocket} from '../../../src/flow/address.js'
import {formatShare} from '../../../src/flow/share.js'
import {outbound} from '../../../src/ztunnel/outbound/outbound.js'
import {createState} from '../../../src/ztunnel/state/state.js'

// ambient-ga K.7: what releases up to 1.22 do differently, in their own dump shapes.

type Fields = Readonly<Record<string, unknown>>

const pod = (name: string, ip: string, fields: Fields = {}): Fields => ({
  uid: `c//Pod/ns/${name}`,
  name,
  namespace: 'ns',
  serviceAccount: 'default',
  trustDomain: 'cluster.local',
  workloadIps: [ip],
  protocol: 'HBONE',
  node: 'n2',
  status: 'Healthy',
  ...fields,
})

const svc = (name: string, vip: string, fields: Fields = {}): Fields => ({
  name,
  namespace: 'ns',
  hostname: `${name}.ns.svc.cluster.local`,
  vips: [`/${vip}`],
  ports: {'80': 8080},
  subjectAltNames: [],
  endpoints: {},
  ...fields,
})

const endpoint = (name: string, ip: string): Fields => ({
  [`c//Pod/ns/${name}:/${ip}`]: {workloadUid: `c//Pod/ns/${name}`, service: 's', address: `/${ip}`, port: {'80': 8080}},
})

function ask(document: Fields, target: string): string[] {
  const state = createState(readZtunnelConfig(memoryStore({name: 'd', document})))
  const source = {name: 'client', namespace: 'ns', serviceAccount: 'default', ip: '10.0.0.9'}
  const {histories} = outbound(state, {source, target: parseSocket(target) ?? {ip: target, port: 0}})
  return histories.flatMap(({value}) =>
    value.map(({value: outcome, share}) => {
      const text =
        outcome.kind === 'request'
          ? `${outcome.protocol} ${outcome.authority ?? '-'} via ${formatSocket(outcome.dial)}`
          : JSON.stringify(outcome)
      return `${formatShare(share)}: ${text}`
    }),
  )
}

const CLIENT = pod('client', '10.0.0.9')

describe('1.20', () => {
  const document = (workloads: readonly Fields[], services: readonly Fields[]): Fields => ({
    by_uid: Object.fromEntries([CLIENT, ...workloads].map((one) => [String(one['uid']), one])),
    by_addr: Object.fromEntries([CLIENT, ...workloads].map((one) => [`/${String(one['workloadIps'])}`, one])),
    by_vip: Object.fromEntries(services.map((one) => [String(one['vips']), one])),
    by_host: {},
    config: {network: '', local_node: 'n1'},
  })
  const services = [
    svc('svc', '10.96.0.1', {endpoints: endpoint('pod', '10.0.0.1'), waypoint: {destination: '/10.0.9.1', hboneMtlsPort: 15_008}}),
  ]

  test.each([
    {
      name: 'a service only spreads: its own waypoint does not exist yet',
      target: '10.96.0.1:80',
      expected: ['1: HBONE 10.0.0.1:8080 via 10.0.0.1:15008'],
    },
    {name: 'an undeclared port passes through', target: '10.96.0.1:81', expected: ['1: TCP 10.96.0.1:81 via 10.96.0.1:81']},
    {name: 'so does an unknown address', target: '192.0.2.1:443', expected: ['1: TCP 192.0.2.1:443 via 192.0.2.1:443']},
  ])('$name', ({target, expected}) => {
    expect(ask(document([pod('pod', '10.0.0.1')], services), target)).toEqual(expected)
  })

  test('no endpoint passes through', () => {
    expect(ask(document([], [svc('svc', '10.96.0.1')]), '10.96.0.1:80')).toEqual(['1: TCP 10.96.0.1:80 via 10.96.0.1:80'])
  })

  test('the waypoint of the endpoint is used, with the VIP as authority', () => {
    const waypointed = pod('pod', '10.0.0.1', {waypoint: {destination: '/10.0.9.1', hboneMtlsPort: 15_008}})
    const all = document([waypointed, pod('wp', '10.0.9.1', {protocol: 'TCP'})], services)
    expect(ask(all, '10.96.0.1:80')).toEqual(['1: HBONE 10.96.0.1:80 via 10.0.9.1:15008'])
    expect(ask(document([waypointed], services), '10.96.0.1:80')[0]).toContain(
      'unknown waypoint: failed to find waypoint for workload: pod',
    )
  })
})

describe('1.18', () => {
  test('each port of a VIP has its own workloads', () => {
    const of = (name: string, ip: string): Fields => ({
      ...pod(name, ip),
      uid: undefined,
      workloadIps: undefined,
      workloadIp: ip,
      waypointAddresses: [],
    })
    const document = {
      workloads: {'10.0.0.9': of('client', '10.0.0.9'), '10.0.0.1': of('a', '10.0.0.1'), '10.0.0.2': of('b', '10.0.0.2')},
      vips: {
        '10.96.0.1:80': [['10.0.0.1', 8080]],
        '10.96.0.1:81': [
          ['10.0.0.1', 8081],
          ['10.0.0.2', 8082],
        ],
      },
      config: {},
    }
    expect(ask(document, '10.96.0.1:80')).toEqual(['1: HBONE 10.0.0.1:8080 via 10.0.0.1:15008'])
    expect(ask(document, '10.96.0.1:81')).toEqual([
      '1/2: HBONE 10.0.0.1:8081 via 10.0.0.1:15008',
      '1/2: HBONE 10.0.0.2:8082 via 10.0.0.2:15008',
    ])
  })
})

describe('1.22', () => {
  const document = (workloads: readonly Fields[], services: Readonly<Record<string, Fields>>): Fields => ({
    workloads: Object.fromEntries(
      [CLIENT, ...workloads].flatMap((one) =>
        String(one['workloadIps'])
          .split(',')
          .map((ip) => [`/${ip}`, one]),
      ),
    ),
    services,
    config: {network: '', localNode: 'n1'},
  })

  test('the map shows who holds a VIP: no second answer', () => {
    const shared = {...svc('kept', '10.96.0.1', {endpoints: endpoint('pod', '10.0.0.1')})}
    const lost = svc('lost', '10.96.0.2', {vips: ['/10.96.0.2', '/10.96.0.1'], endpoints: endpoint('pod', '10.0.0.1'), ports: {'80': 1}})
    const all = document([pod('pod', '10.0.0.1')], {'/10.96.0.1': shared, '/10.96.0.2': lost})
    expect(ask(all, '10.96.0.1:80')).toEqual(['1: HBONE 10.0.0.1:8080 via 10.0.0.1:15008'])
  })

  test('any address of a dual-stack workload, whatever the family of the target', () => {
    const dual = pod('pod', '10.0.0.1', {workloadIps: ['10.0.0.1', 'fd00::1']})
    const all = document([dual], {'/10.96.0.1': svc('svc', '10.96.0.1', {endpoints: endpoint('pod', '10.0.0.1')})})
    expect(ask(all, '10.96.0.1:80')).toEqual([
      '1/2: HBONE 10.0.0.1:8080 via 10.0.0.1:15008',
      '1/2: HBONE [fd00::1]:8080 via [fd00::1]:15008',
    ])
    expect(ask(all, '[fd00::1]:80')).toEqual(['1: HBONE [fd00::1]:80 via [fd00::1]:15008'])
  })

  test('waypoints by hostname are not supported', () => {
    const waypoint = {destination: 'ns/wp.ns.svc.cluster.local', hboneMtlsPort: 15_008}
    expect(ask(document([], {'/10.96.0.1': svc('svc', '10.96.0.1', {waypoint})}), '10.96.0.1:80')[0]).toContain(
      'hostname lookup not supported yet',
    )
  })

  const hidden = {
    'far/SplitHorizonWorkload/x:': {workloadUid: 'far/SplitHorizonWorkload/x', service: 's', address: null, port: {'80': 8080}},
  }
  const both = {...endpoint('pod', '10.0.0.1'), ...hidden}

  test('an endpoint whose workload is not printed leaves its share open', () => {
    const all = document([pod('pod', '10.0.0.1')], {'/10.96.0.1': svc('svc', '10.96.0.1', {endpoints: both})})
    expect(ask(all, '10.96.0.1:80')).toEqual([
      '1/2: HBONE 10.0.0.1:8080 via 10.0.0.1:15008',
      expect.stringContaining('far/SplitHorizonWorkload/x'),
    ])
  })

  test('unless its uid shows that a preference rules it out', () => {
    const loadBalancer = {mode: 'Failover', routingPreferences: ['Network']}
    const all = document([pod('pod', '10.0.0.1')], {'/10.96.0.1': svc('svc', '10.96.0.1', {endpoints: both, loadBalancer})})
    expect(ask(all, '10.96.0.1:80')).toEqual(['1: HBONE 10.0.0.1:8080 via 10.0.0.1:15008'])
  })
})
