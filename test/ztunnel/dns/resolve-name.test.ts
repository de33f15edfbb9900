import {describe, expect, test} from 'vitest'
import {resolveName} from '../../../src/ztunnel/dns/resolve-name.js'
import {service, stateOf, workload} from '../dump.js'

const CLIENT = workload('client', {workloadIps: ['10.0.0.9'], network: ''})
const POD = workload('pod', {workloadIps: ['10.0.0.1', 'fd00::1']})
const SERVICES = [
  service('web', {vips: ['/10.96.0.1', '/fd00:96::1', 'far/10.99.0.1']}),
  service('headless', {endpoints: {pod: {}}}),
  service('headless4', {endpoints: {pod: {}}, ipFamilies: 'IPv4'}),
  service('far', {vips: ['far/10.99.0.2']}),
  service('ext', {hostname: 'api.example.com', vips: ['/240.240.0.1']}),
  service('block', {hostname: 'block.example.com', cidrVips: [{network: '', cidr: '192.0.2.0/24'}]}),
  service('wild', {hostname: '*.wild.example.com', vips: ['/240.240.0.2']}),
  service('bare-wild', {hostname: '*.bare.example.com'}),
  service('private', {hostname: 'private.example.com', namespace: 'other', visibility: 'Namespace', vips: ['/240.240.0.3']}),
]

function lookup(name: string, type: 'A' | 'AAAA' = 'A', config = {}): string {
  const state = stateOf({workloads: [CLIENT, POD], services: SERVICES, config})
  const client = state.workloadsByUid.get('cluster1//Pod/ns/client')
  if (client === undefined) throw new Error('the client is missing')
  const answer = resolveName(state, {client, name, type})[0]?.value
  if (answer === undefined || answer.kind === 'forwarded') return 'forwarded'
  return answer.records.map((record) => `${record.type} ${record.data}`).join(', ')
}

describe('names (ambient-ga B.8, I.8)', () => {
  test.each([
    {name: 'web.ns.svc.cluster.local', answer: 'A 10.96.0.1'},
    {name: 'web.ns.svc.cluster.local.', answer: 'A 10.96.0.1'},
    {name: 'WEB.ns.SVC.cluster.local', answer: 'A 10.96.0.1'},
    {name: 'web.ns.svc', answer: 'A 10.96.0.1'},
    {name: 'web.ns', answer: 'A 10.96.0.1'},
    {name: 'web', answer: 'A 10.96.0.1'},
    {name: 'web.other', answer: 'forwarded'},
    {name: 'headless', answer: 'A 10.0.0.1'},
    {name: 'far', answer: ''},
    {name: 'api.example.com', answer: 'A 240.240.0.1'},
    {name: 'api.example.com.ns.svc.cluster.local', answer: 'CNAME api.example.com., A 240.240.0.1'},
    {name: 'api.example.com.cluster.local', answer: 'CNAME api.example.com., A 240.240.0.1'},
    {name: 'api.example.com.istio-system.svc.cluster.local', answer: 'forwarded'},
    {name: 'block.example.com', answer: 'forwarded'},
    {name: 'one.wild.example.com', answer: 'A 240.240.0.2'},
    {name: 'one.two.wild.example.com', answer: 'A 240.240.0.2'},
    {name: 'one.wild.example.com.ns.svc.cluster.local', answer: 'A 240.240.0.2'},
    {name: 'wild.example.com', answer: 'forwarded'},
    {name: 'one.bare.example.com', answer: 'forwarded'},
    {name: 'private.example.com', answer: 'forwarded'},
    {name: 'unknown.example.com', answer: 'forwarded'},
  ])('$name', ({name, answer}) => {
    expect(lookup(name)).toBe(answer)
  })

  test.each([
    {name: 'web', answer: 'AAAA fd00:96::1'},
    {name: 'headless', answer: 'AAAA fd00::1'},
    {name: 'headless4', answer: ''},
    {name: 'api.example.com', answer: ''},
  ])('AAAA of $name', ({name, answer}) => {
    expect(lookup(name, 'AAAA')).toBe(answer)
  })

  test('IPv6 may be switched off, and so may the proxy', () => {
    expect(lookup('web', 'AAAA', {ipv6Enabled: false})).toBe('')
    expect(lookup('web', 'A', {dnsProxy: false})).toBe('forwarded')
  })
})
