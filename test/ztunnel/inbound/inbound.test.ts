import {describe, expect, test} from 'vitest'
import {formatSocket} from '../../../src/flow/address.js'
import {inboundLine} from '../../../src/ztunnel/access-log.js'
import {inbound} from '../../../src/ztunnel/inbound/inbound.js'
import type {InboundOutcome} from '../../../src/ztunnel/inbound/outcome.js'
import {gateway, service, stateOf, workload, type DumpParts} from '../dump.js'

interface Asked {
  readonly pod?: string
  readonly local: string
  readonly authority?: string
  readonly method?: string
  readonly identity?: string
  readonly plaintextPort?: number
}

const CLIENT = workload('client', {workloadIps: ['10.0.0.1']})
const SERVER = workload('server', {workloadIps: ['10.0.0.2'], protocol: 'HBONE'})
const WAYPOINT = workload('waypoint', {workloadIps: ['10.0.0.3'], protocol: 'HBONE'})
const SERVER_SERVICE = service('server', {vips: ['/10.10.0.1'], endpoints: {server: {}}})
const WAYPOINT_SERVICE = service('waypoint', {vips: ['/10.10.0.2'], endpoints: {waypoint: {}}})
const TUNNEL = {applicationTunnel: {protocol: 'PROXY', port: 15_088}}

function ask(
  parts: DumpParts,
  {pod = 'server', local, authority, method = 'CONNECT', identity = 'spiffe://cluster.local/ns/ns/sa/default', plaintextPort}: Asked,
): string[] {
  const answer = inbound(stateOf(parts), {
    pod: {name: pod, namespace: 'ns', serviceAccount: 'default'},
    source: {ip: '10.0.0.1', port: 1234},
    local: {ip: local, port: plaintextPort ?? 15_008},
    ...(plaintextPort === undefined ? {identity, connect: {method, authority: authority ?? ''}} : {}),
  })
  return answer.flatMap(({value}) => value.map(({outcome}) => describeOutcome(outcome)))
}

function describeOutcome(outcome: InboundOutcome): string {
  switch (outcome.kind) {
    case 'allowed': {
      const {tunnel, upstream, throughLoopback} = outcome.target
      const through =
        tunnel === undefined ? '' : ` ${tunnel.protocol} for ${formatSocket(tunnel.target)}${throughLoopback ? ' through loopback' : ''}`
      return `to ${formatSocket(upstream)}${through}`
    }
    case 'denied':
    case 'rejected':
      return `${outcome.status ?? 'closed'} ${outcome.error}`
    case 'unknown':
      return `unknown: ${outcome.missing.what}`
    default:
      return outcome satisfies never
  }
}

// ambient-ga F.1, the inbound table: the connection goes to X, its authority is Y:8080 (or the host at 80).
describe('the outcomes ztunnel publishes for one CONNECT', () => {
  const attached = (to: 'workload' | 'service', reference: string, tunnel = {}): DumpParts => ({
    workloads: [CLIENT, {...SERVER, ...(to === 'workload' ? {waypoint: gateway(reference)} : {})}, {...WAYPOINT, ...tunnel}],
    services: [{...SERVER_SERVICE, ...(to === 'service' ? {waypoint: gateway(reference)} : {})}, WAYPOINT_SERVICE],
  })
  const plain = {workloads: [CLIENT, SERVER, WAYPOINT], services: [SERVER_SERVICE, WAYPOINT_SERVICE]}

  test.each([
    {name: 'a workload without waypoint', parts: plain, at: 'server', authority: '10.0.0.2:8080', expected: 'to 10.0.0.2:8080'},
    {name: 'a service by its host', parts: plain, at: 'server', authority: 'server.ns.svc.cluster.local:80', expected: 'to 10.0.0.2:8080'},
    {
      name: 'workload waypoint by pod',
      parts: attached('workload', '/10.0.0.3'),
      at: 'waypoint',
      authority: '10.0.0.2:8080',
      expected: 'to 10.0.0.3:8080',
    },
    {
      name: 'workload waypoint by VIP',
      parts: attached('workload', '/10.10.0.2'),
      at: 'waypoint',
      authority: '10.0.0.2:8080',
      expected: 'to 10.0.0.3:8080',
    },
    {
      name: 'workload waypoint with a tunnel',
      parts: attached('workload', '/10.10.0.2', TUNNEL),
      at: 'waypoint',
      authority: '10.0.0.2:8080',
      expected: 'to 10.0.0.3:15088 PROXY for 10.0.0.2:8080',
    },
    {
      name: 'service waypoint by pod',
      parts: attached('service', '/10.0.0.3'),
      at: 'waypoint',
      authority: '10.10.0.1:8080',
      expected: 'to 10.0.0.3:8080',
    },
    {
      name: 'service waypoint by VIP',
      parts: attached('service', '/10.10.0.2'),
      at: 'waypoint',
      authority: '10.10.0.1:8080',
      expected: 'to 10.0.0.3:8080',
    },
    {
      name: 'service waypoint with a tunnel',
      parts: attached('service', '/10.10.0.2', TUNNEL),
      at: 'waypoint',
      authority: '10.10.0.1:8080',
      expected: 'to 10.0.0.3:15088 PROXY for 10.10.0.1:8080',
    },
    {
      name: 'service waypoint by host',
      parts: attached('service', 'ns/waypoint.ns.svc.cluster.local'),
      at: 'waypoint',
      authority: '10.10.0.1:8080',
      expected: 'to 10.0.0.3:8080',
    },
    {name: 'another pod', parts: plain, at: 'server', authority: '10.0.0.1:8080', expected: '400 ip mismatch: 10.0.0.2 != 10.0.0.1'},
    {
      name: 'a waypoint of nobody',
      parts: plain,
      at: 'waypoint',
      authority: '10.0.0.1:8080',
      expected: '400 ip mismatch: 10.0.0.3 != 10.0.0.1',
    },
    {
      name: 'a service waypoint asked for the workload',
      parts: attached('service', '/10.0.0.3'),
      at: 'waypoint',
      authority: '10.0.0.2:8080',
      expected: '400 ip mismatch: 10.0.0.3 != 10.0.0.2',
    },
    {
      name: 'a workload waypoint asked for the service',
      parts: attached('workload', '/10.0.0.3'),
      at: 'waypoint',
      authority: '10.10.0.1:8080',
      expected: '400 ip mismatch: 10.0.0.3 != 10.10.0.1',
    },
  ])('$name', ({parts, at, authority, expected}) => {
    expect(ask(parts, {pod: at, local: at === 'server' ? '10.0.0.2' : '10.0.0.3', authority})).toEqual([expected])
  })
})

describe('what a CONNECT may ask for (ambient-ga C.1)', () => {
  const parts = {
    workloads: [CLIENT, SERVER],
    services: [service('server', {vips: ['/10.10.0.1'], ports: {'80': 8080, '81': 0, '82': 0}, endpoints: {server: {'81': 9000}}})],
  }

  test.each([
    {name: 'another method', asked: {method: 'GET', authority: '10.0.0.2:80'}, expected: '400 expected method CONNECT, got GET'},
    {name: 'no authority', asked: {authority: 'nonsense'}, expected: '400 no valid authority pseudo header: nonsense'},
    {name: 'a named port of the endpoint', asked: {authority: 'server.ns.svc.cluster.local:81'}, expected: 'to 10.0.0.2:9000'},
    {
      name: 'a named port it lacks',
      asked: {authority: 'server.ns.svc.cluster.local:82'},
      expected: '503 requested service server.ns.svc.cluster.local:82 found, but cannot resolve port',
    },
    {name: 'an unknown host', asked: {authority: 'nope:80'}, expected: '503 no service or workload for hostname: nope'},
    {name: 'G22: a port of ztunnel itself', asked: {authority: '10.0.0.2:15006'}, expected: '503 attempted recursive call to ourselves'},
  ])('$name', ({asked, expected}) => {
    expect(ask(parts, {local: '10.0.0.2', ...asked})).toEqual([expected])
  })

  test('hosts are read from 1.26 on; an illegal port was a bad request before (K.9)', () => {
    expect(ask({...parts, minor: 25}, {local: '10.0.0.2', authority: 'server.ns.svc.cluster.local:80'})).toEqual([
      '400 no valid authority pseudo header: server.ns.svc.cluster.local:80',
    ])
    expect(ask({...parts, minor: 24}, {local: '10.0.0.2', authority: '10.0.0.2:15006'})).toEqual([
      '400 attempted recursive call to ourselves',
    ])
  })

  test('a tunnel asked for a host names a VIP: of the own network, IPv4 first', () => {
    const waypoint = {...WAYPOINT, ...TUNNEL}
    const named = service('server', {vips: ['far/10.99.0.1', '/fd00::1', '/10.10.0.1']})
    const config = {localhostAppTunnel: true}
    expect(
      ask(
        {workloads: [waypoint], services: [named], config},
        {pod: 'waypoint', local: '10.0.0.3', authority: 'server.ns.svc.cluster.local:80'},
      ),
    ).toEqual(['to 10.0.0.3:15088 PROXY for 10.10.0.1:80 through loopback'])
    expect(
      ask(
        {workloads: [waypoint], services: [{...named, vips: []}]},
        {pod: 'waypoint', local: '10.0.0.3', authority: 'server.ns.svc.cluster.local:80'},
      ),
    ).toEqual(['503 requested service server.ns.svc.cluster.local found, but has no IP addresses'])
  })

  test('G13: a host in several namespaces: the own one, else the order of arrival', () => {
    const of = (namespace: string, port: number): ReturnType<typeof service> =>
      service(namespace, {namespace, hostname: 'shared.example.com', canonical: false, ports: {'80': port}})
    const asked = {local: '10.0.0.2', authority: 'shared.example.com:80'}
    expect(ask({workloads: [SERVER], services: [of('x', 1), of('ns', 2)]}, asked)).toEqual(['to 10.0.0.2:2'])
    expect(ask({workloads: [SERVER], services: [of('x', 1), of('y', 2)]}, asked)).toEqual(['to 10.0.0.2:1', 'to 10.0.0.2:2'])
  })
})

describe('policies at the destination', () => {
  const policy = {name: 'only-8080', namespace: 'ns', scope: 'Namespace', action: 'Allow', rules: [[[{destinationPorts: [8080]}]]]}
  const parts = {workloads: [SERVER], services: [SERVER_SERVICE], policies: [policy]}

  test('G5: see the target port, not the service port', () => {
    expect(ask(parts, {local: '10.0.0.2', authority: 'server.ns.svc.cluster.local:80'})).toEqual(['to 10.0.0.2:8080'])
    expect(ask(parts, {local: '10.0.0.2', authority: '10.0.0.2:80'})).toEqual([
      '401 connection closed due to policy rejection: allow policies exist, but none allowed',
    ])
  })

  test('gave no reason before 1.24', () => {
    expect(ask({...parts, minor: 23}, {local: '10.0.0.2', authority: '10.0.0.2:80'})).toEqual([
      '401 connection closed due to policy rejection',
    ])
  })

  test('G5: after a waypoint the identity is the waypoint: a policy for clients denies everything', () => {
    const clients = {...policy, rules: [[[{principals: [{Exact: 'cluster.local/ns/web/sa/front'}]}]]]}
    const asked = {local: '10.0.0.2', authority: '10.0.0.2:8080'}
    expect(ask({...parts, policies: [clients]}, {...asked, identity: 'spiffe://cluster.local/ns/web/sa/front'})).toEqual([
      'to 10.0.0.2:8080',
    ])
    expect(ask({...parts, policies: [clients]}, {...asked, identity: 'spiffe://cluster.local/ns/ns/sa/waypoint'})[0]).toContain('401')
  })
})

describe('plaintext (ambient-ga C.2)', () => {
  test('G6: goes where it was sent, with or without a waypoint', () => {
    const waypointed = {...SERVER, waypoint: gateway('/10.0.0.3')}
    expect(ask({workloads: [waypointed, WAYPOINT]}, {local: '10.0.0.2', plaintextPort: 8080})).toEqual(['to 10.0.0.2:8080'])
  })

  test('to a port of ztunnel is dropped', () => {
    expect(ask({workloads: [SERVER]}, {local: '10.0.0.2', plaintextPort: 15_001})).toEqual(['closed attempted recursive call to ourselves'])
  })

  test('a denial gives no status', () => {
    const strict = {
      name: 'istio_converted_static_strict',
      namespace: 'istio-system',
      scope: 'WorkloadSelector',
      action: 'Deny',
      rules: [[[{notPrincipals: [{Presence: []}]}]]],
    }
    const pod = {...SERVER, authorizationPolicies: ['istio-system/istio_converted_static_strict']}
    expect(ask({workloads: [pod], policies: [strict]}, {local: '10.0.0.2', plaintextPort: 8080})).toEqual([
      'closed connection closed due to policy rejection: explicitly denied by: istio-system/istio_converted_static_strict',
    ])
  })
})

test('a proxy that runs as another pod than the address says: a denial without a policy, or nobody (K.7)', () => {
  const asked = {pod: 'impostor', local: '10.0.0.2', authority: '10.0.0.2:80'}
  expect(ask({workloads: [SERVER], minor: 22}, asked)).toEqual(['401 connection closed due to policy rejection'])
  expect(ask({workloads: [SERVER]}, asked)).toEqual(['503 failed to fetch information about local workload: default.ns (impostor)'])
})

test('in the access log a peer behind a gateway is who it says it is, or nobody (J.10)', () => {
  const gatewayPod = workload('gw', {workloadIps: ['10.0.0.9'], serviceAccount: 'gw'})
  const state = stateOf({workloads: [SERVER, gatewayPod]})
  const logged = (identity: string, baggage?: {readonly workloadName: string; readonly namespace: string}): unknown => {
    const connect = {method: 'CONNECT', authority: '10.0.0.2:80', ...(baggage === undefined ? {} : {baggage})}
    const pod = {name: 'server', namespace: 'ns', serviceAccount: 'default'}
    const connection = {pod, source: {ip: '10.0.0.9', port: 1}, identity, local: {ip: '10.0.0.2', port: 15_008}, connect}
    const outcome = inbound(state, connection)[0]?.value[0]?.outcome
    return outcome === undefined ? undefined : inboundLine({state, connection, outcome})?.['src.workload']
  }
  expect(logged('spiffe://cluster.local/ns/ns/sa/gw')).toBe('gw')
  expect(logged('spiffe://cluster.local/ns/far/sa/client')).toBeUndefined()
  expect(logged('spiffe://cluster.local/ns/far/sa/client', {workloadName: 'client', namespace: 'far'})).toBe('client')
})

test('before 1.22 other rules held, which nobody recorded', () => {
  expect(ask({workloads: [SERVER], minor: 20}, {local: '10.0.0.2', authority: '10.0.0.2:80'})).toEqual([
    'unknown: the inbound rules of ztunnel before 1.22',
  ])
})
