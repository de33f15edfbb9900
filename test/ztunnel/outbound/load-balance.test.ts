import {describe, expect, test} from 'vitest'
import {parseSocket} from '../../../src/flow/address.js'
import {outbound} from '../../../src/ztunnel/outbound/outbound.js'
import {gateway, service, stateOf, workload} from '../dump.js'
import {ask} from './ask.js'

// ambient-ga F.1, test_load_balance: who may be picked, by the place of the client.

const at = (region: string, zone: string): object => ({locality: {region, zone, subzone: ''}})
const POOL = [
  workload('match', {workloadIps: ['10.0.0.1'], network: 'network', ...at('reg', 'zone')}),
  workload('almost', {workloadIps: ['10.0.0.2'], network: 'network', ...at('reg', 'not-zone')}),
  workload('no_locality', {workloadIps: ['10.0.0.3'], network: 'network'}),
  workload('other', {workloadIps: ['10.0.0.4'], network: 'other', networkGateway: gateway('other/9.9.9.9'), ...at('reg', 'zone')}),
  workload('empty_ip', {network: 'network', ...at('reg', 'zone')}),
  workload('gate', {workloadIps: ['9.9.9.9'], network: 'other'}),
]
const ENDPOINTS = {match: {}, almost: {}, no_locality: {}, other: {}, empty_ip: {}, 'cluster1//Pod/ns/never-seen': {}}

function picked(client: object, mode: string, minor = 31): string[] {
  const balanced = service('svc', {
    vips: ['network/1.1.1.1', 'no-match/1.1.1.1', '/1.1.1.1'],
    loadBalancer: {mode, routingPreferences: ['Network', 'Region', 'Zone'], healthPolicy: 'OnlyHealthy'},
    endpoints: ENDPOINTS,
  })
  const source = workload('source', {workloadIps: ['10.9.9.9'], protocol: 'HBONE', ...client})
  const network = 'network' in client ? client.network : ''
  const state = stateOf({workloads: [source, ...POOL], services: [balanced], config: {network}, minor})
  const asked = {name: 'source', namespace: 'ns', serviceAccount: 'default', ip: '10.9.9.9'}
  const {histories} = outbound(state, {source: asked, target: parseSocket('1.1.1.1:80') ?? {ip: '', port: 0}})
  const names = (histories[0]?.value ?? []).flatMap(({steps}) =>
    steps.flatMap((step) => (step.kind === 'load-balance' ? [step.effect] : [])),
  )
  return [...new Set(names)].map((effect) => effect.replace('endpoint cluster1//Pod/ns/', '')).toSorted()
}

describe('routing preferences Network, Region, Zone', () => {
  test.each([
    {name: 'all match', client: {network: 'network', ...at('reg', 'zone')}, strict: ['match'], failover: ['match']},
    {name: 'no zone', client: {network: 'network', ...at('reg', '')}, strict: ['no endpoint'], failover: ['almost', 'match']},
    {
      name: 'other region',
      client: {network: 'network', ...at('no-match', '')},
      strict: ['no endpoint'],
      failover: ['almost', 'match', 'no_locality'],
    },
    {
      name: 'nothing matches',
      client: {network: 'no-match', ...at('no-match', '')},
      strict: ['no endpoint'],
      failover: ['almost', 'match', 'no_locality', 'other'],
    },
    {
      name: 'other network, same zone',
      client: {network: 'no-match', ...at('reg', 'zone')},
      strict: ['no endpoint'],
      failover: ['match', 'other'],
    },
  ])('$name', ({client, strict, failover}) => {
    // Workloads of other networks without a gateway cannot be reached, but they are ranked.
    expect(picked(client, 'Strict')).toEqual(strict)
    expect(picked(client, 'Failover').filter((name) => name !== 'empty_ip')).toEqual(failover)
  })

  test('before 1.31 a network that does not match ends the count', () => {
    const client = {network: 'no-match', ...at('reg', 'zone')}
    expect(picked(client, 'Failover', 30)).toEqual(['almost', 'match', 'no_locality', 'other'])
  })

  test('without network and locality: nothing is strictly near', () => {
    expect(picked({}, 'Strict')).toEqual(['no endpoint'])
  })

  test('an address-less endpoint of the own network is never picked', () => {
    expect(picked({}, 'Failover')).not.toContain('empty_ip')
  })
})

describe('load balancing', () => {
  const pods = ['a', 'b', 'c'].map((name, index) => workload(name, {workloadIps: [`10.0.0.${index + 1}`], capacity: index}))
  const svc = (fields: object = {}): ReturnType<typeof service> =>
    service('svc', {vips: ['/1.1.1.1'], endpoints: {a: {}, b: {}, c: {}}, ...fields})

  test('capacities are weights, and 0 is never drawn', () => {
    expect(ask({workloads: pods, services: [svc()]}, '1.1.1.1:80')).toEqual([
      '1/3: TCP via 10.0.0.2:8080 b',
      '2/3: TCP via 10.0.0.3:8080 c',
    ])
  })

  test('before 1.26 there were no capacities', () => {
    expect(ask({workloads: pods, services: [svc()], minor: 25}, '1.1.1.1:80')).toHaveLength(3)
  })

  test('no capacity at all is no upstream', () => {
    const idle = pods.map((pod) => ({...pod, capacity: 0}))
    expect(ask({workloads: idle, services: [svc()]}, '1.1.1.1:80')).toEqual(['no healthy upstream: 1.1.1.1:80'])
  })

  test.each(['Strict', 'Failover'])('%s without preferences takes all', (mode) => {
    const even = pods.map((pod) => ({...pod, capacity: 1}))
    expect(ask({workloads: even, services: [svc({loadBalancer: {mode, routingPreferences: []}})]}, '1.1.1.1:80')).toHaveLength(3)
  })

  test('G9: the step names who was left out, and why', () => {
    const sick = workload('sick', {workloadIps: ['10.0.0.7'], status: 'Unhealthy', services: ['ns/svc.ns.svc.cluster.local']})
    const named = svc({ports: {'80': 0}, endpoints: {a: {'80': 1}, b: {'81': 1}, 'cluster1//Pod/ns/ghost': {'80': 1}}})
    const state = stateOf({
      workloads: [workload('client', {workloadIps: ['127.0.0.1']}), ...pods.map((pod) => ({...pod, capacity: 1})), sick],
      services: [named],
    })
    const {histories} = outbound(state, {
      source: {name: 'client', namespace: 'ns', serviceAccount: 'default', ip: '127.0.0.1'},
      target: {ip: '1.1.1.1', port: 80},
    })
    const steps = histories[0]?.value[0]?.steps ?? []
    expect(steps.find(({kind}) => kind === 'load-balance')?.rejected).toEqual([
      {candidate: 'cluster1//Pod/ns/b', because: 'it has no port for service port 80'},
      {candidate: 'cluster1//Pod/ns/ghost', because: 'its workload is not known'},
      {candidate: 'cluster1//Pod/ns/sick', because: 'it is unhealthy'},
    ])
  })
})
