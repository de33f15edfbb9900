import {describe, expect, test} from 'vitest'
import type {Arrival, Payload} from '../../src/flow/connection.js'
import type {Forwarding} from '../../src/flow/forwarder.js'
import {createZtunnelForwarder} from '../../src/ztunnel/forward.js'
import {configOf, gateway, service, workload, type DumpParts} from './dump.js'

// What a dump tells of its own state beside workloads and services decides too: certificates, modes, what did not arrive.

const CLIENT = workload('client', {workloadIps: ['10.0.0.9'], protocol: 'HBONE', serviceAccount: 'front'})
const POD = workload('pod', {workloadIps: ['10.0.0.1'], protocol: 'HBONE'})
const SERVICE = service('svc', {vips: ['/10.96.0.1'], endpoints: {pod: {'80': 8080}}})
const FRONT = 'spiffe://cluster.local/ns/ns/sa/front'
const SERVER = 'spiffe://cluster.local/ns/ns/sa/default'

function forward(parts: DumpParts, {arrival, standIn = false}: {readonly arrival: Arrival; readonly standIn?: boolean}): Forwarding {
  const config = configOf({services: [SERVICE], ...parts, workloads: [CLIENT, POD, ...(parts.workloads ?? [])]})
  return createZtunnelForwarder({config, place: {kind: 'ztunnel', name: 'ztunnel'}, standIn}).forward(arrival)
}

const leaving = (ip: string, port = 80, from = '10.0.0.9'): Arrival => ({
  entry: {kind: 'socket', ip: from, port: 15_001},
  source: {ip: from, port: 40_000},
  originalDestination: {ip, port},
  payload: {kind: 'opaque'},
})

const tunnel = (authority: string, identity = FRONT): Payload => ({
  kind: 'tls',
  alpn: ['h2'],
  peer: {uriSans: [identity], dnsSans: []},
  trusted: true,
  payload: {kind: 'http', version: 'h2', request: {method: 'CONNECT', authority, headers: []}, tunneled: {kind: 'opaque'}},
})

const arriving = (authority: string, ip = '10.0.0.1'): Arrival => ({
  entry: {kind: 'socket', ip, port: 15_008},
  source: {ip: '10.0.0.9', port: 40_000},
  payload: tunnel(authority),
})

describe('certificates (ambient-ga A.6)', () => {
  const failed = (identity: string) => ({certificates: [{identity, state: 'Unavailable: the CA said no', certChain: [], rootCerts: []}]})
  const waiting = (identity: string) => ({certificates: [{identity, state: 'Initializing', certChain: [], rootCerts: []}]})

  test('a client whose request for one failed opens no tunnel', () => {
    const {exits, steps} = forward(failed(FRONT), {arrival: leaving('10.96.0.1')})
    expect(exits).toMatchObject([
      {
        kind: 'stop',
        verdict: {kind: 'tls-failure', reason: `ztunnel has no certificate for ${FRONT}: Unavailable: the CA said no`},
        answer: {kind: 'closed'},
      },
    ])
    expect(steps.at(-1)).toMatchObject({kind: 'tls', side: 'upstream', evidence: [{pointer: '/certificates/0', basis: 'recorded'}]})
  })

  test('a destination whose request failed accepts none', () => {
    expect(forward(failed(SERVER), {arrival: arriving('10.0.0.1:8080')}).exits).toMatchObject([
      {kind: 'stop', verdict: {kind: 'tls-failure', reason: `ztunnel has no certificate for ${SERVER}: Unavailable: the CA said no`}},
    ])
  })

  test.each([
    {name: 'the client', parts: waiting(FRONT), arrival: leaving('10.96.0.1'), identity: FRONT},
    {name: 'the destination', parts: waiting(SERVER), arrival: arriving('10.0.0.1:8080'), identity: SERVER},
  ])('one that is on its way to $name leaves it open', ({parts, arrival, identity}) => {
    const what = `whether ztunnel gets a certificate for ${identity}: its dump says Initializing`
    expect(forward(parts, {arrival}).exits).toMatchObject([{kind: 'stop', verdict: {kind: 'undetermined', missing: [{what}]}}])
  })

  test.each([
    {name: 'plain TCP needs none', parts: failed(FRONT), arrival: leaving('192.0.2.1')},
    {
      name: 'nor does plaintext for the pod',
      parts: failed(SERVER),
      arrival: {...leaving('10.0.0.1'), entry: {kind: 'socket', ip: '10.0.0.1', port: 15_006}} as const,
    },
    {name: 'that of others is no matter', parts: failed('spiffe://cluster.local/ns/other/sa/x'), arrival: leaving('10.96.0.1')},
    {name: 'one that is not listed is fetched', parts: {}, arrival: leaving('10.96.0.1')},
  ])('$name', ({parts, arrival}) => {
    expect(forward(parts, {arrival}).exits).toMatchObject([{kind: 'depart'}])
  })

  test('those of another node say nothing about this one', () => {
    expect(forward(failed(FRONT), {arrival: leaving('10.96.0.1'), standIn: true}).exits).toMatchObject([{kind: 'depart'}])
  })
})

describe('G24: a dedicated ztunnel has no list of pods: it serves the one it was told', () => {
  const dedicated = {
    config: {proxyMode: 'Dedicated', proxyWorkloadInformation: {name: 'client', namespace: 'ns', serviceAccount: 'front'}},
  }

  test('whatever address it connects from', () => {
    const {exits} = forward(dedicated, {arrival: leaving('10.96.0.1', 80, '10.7.7.7')})
    expect(exits).toMatchObject([{kind: 'depart', departure: {payload: {kind: 'tls', peer: {uriSans: [FRONT]}}}}])
  })

  test('and no other at that address', () => {
    const {exits} = forward(dedicated, {arrival: leaving('10.96.0.1', 80, '10.0.0.1')})
    expect(exits).toMatchObject([{departure: {payload: {peer: {uriSans: [FRONT]}}}}])
  })

  test('unless it only stands in for the ztunnel of a node', () => {
    const {exits} = forward(dedicated, {arrival: leaving('10.0.0.9', 8080, '10.0.0.1'), standIn: true})
    expect(exits).toMatchObject([{departure: {payload: {peer: {uriSans: [SERVER]}}}}])
  })

  test('a workload it does not know leaves the answer open', () => {
    const unknown = {config: {proxyMode: 'Dedicated', proxyWorkloadInformation: {name: 'client', namespace: 'ns', serviceAccount: 'other'}}}
    expect(forward(unknown, {arrival: leaving('10.96.0.1')}).exits).toMatchObject([{kind: 'stop', verdict: {kind: 'undetermined'}}])
  })
})

describe('G26: with xdsOnDemand what is absent proves nothing', () => {
  const config = {xdsOnDemand: true}
  const waypointed = (destination: string): DumpParts => ({services: [{...SERVICE, waypoint: gateway(destination)}]})
  const from = (parts: DumpParts, arrival: Arrival): unknown => forward({...parts, config}, {arrival}).exits[0]

  test.each([
    {name: 'a destination', parts: {}, arrival: leaving('192.0.2.1'), what: '192.0.2.1'},
    {name: 'a waypoint by host', parts: waypointed('ns/nowhere'), arrival: leaving('10.96.0.1'), what: 'nowhere'},
    {name: 'a waypoint by address', parts: waypointed('/10.9.9.9'), arrival: leaving('10.96.0.1'), what: '10.9.9.9'},
    {name: 'whom an authority means', parts: {}, arrival: arriving('10.8.8.8:80'), what: '10.8.8.8'},
    {name: 'the host of an authority', parts: {}, arrival: arriving('nowhere.example:80'), what: 'nowhere.example'},
  ])('$name', ({parts, arrival, what}) => {
    const missing = [{what: `whether ${what} is known to the control plane: this ztunnel fetches addresses only on demand`}]
    expect(from(parts, arrival)).toMatchObject({kind: 'stop', verdict: {kind: 'undetermined', missing}})
  })

  test('what is there stays decided', () => {
    const down = service('down', {vips: ['/10.96.0.9'], ports: {'15008': 15_008}})
    expect(from({services: [down, {...SERVICE, waypoint: gateway('/10.96.0.9')}]}, leaving('10.96.0.1'))).toMatchObject({
      verdict: {kind: 'unknown-waypoint'},
    })
    expect(from({}, arriving('10.0.0.9:80'))).toMatchObject({verdict: {kind: 'ip-mismatch', expected: '10.0.0.1', presented: '10.0.0.9'}})
    expect(from({services: [service('svc', {vips: ['/10.96.0.1']})]}, leaving('10.96.0.1'))).toMatchObject({
      verdict: {kind: 'no-healthy-upstream'},
    })
  })
})

describe('staged services (ambient-ga A.2)', () => {
  const stagedServices = {'ns/late.ns.svc.cluster.local': {'cluster1//Pod/ns/pod': {workloadUid: 'cluster1//Pod/ns/pod'}}}

  test('pass through like any address nobody knows, and the step says why', () => {
    const {exits, steps} = forward({stagedServices}, {arrival: leaving('10.96.0.5')})
    expect(exits).toMatchObject([{kind: 'depart', departure: {to: {ip: '10.96.0.5', port: 80}, payload: {kind: 'opaque'}}}])
    expect(steps).toMatchObject([
      {
        kind: 'original-destination',
        because: [
          'no service and no workload decides otherwise',
          'ztunnel does not have these services yet, only endpoints of them: ns/late.ns.svc.cluster.local',
        ],
        evidence: [{pointer: '/stagedServices'}],
      },
    ])
  })

  test('are no matter to what is known', () => {
    expect(
      forward({stagedServices}, {arrival: leaving('10.96.0.1')})
        .steps.flatMap(({because}) => because)
        .join(),
    ).not.toContain('late')
  })
})

describe('who presents what', () => {
  test('a client of another trust domain: both are named', () => {
    const stranger = {...arriving('10.0.0.1:8080'), payload: tunnel('10.0.0.1:8080', 'spiffe://old.example/ns/ns/sa/front')}
    expect(forward({}, {arrival: stranger}).exits).toMatchObject([
      {verdict: {kind: 'tls-failure', expected: ['spiffe://cluster.local/…'], presented: ['spiffe://old.example/ns/ns/sa/front']}},
    ])
  })
})
