import {describe, expect, it} from 'vitest'
import type {Arrival, Ingress} from '../../src/flow/connection.js'
import type {Forwarding} from '../../src/flow/forwarder.js'
import type {Directory} from '../../src/mesh/directory.js'
import {createInPodCapture} from '../../src/mesh/in-pod-capture.js'
import {directory, service, tcpPort, uncaptured, workload} from './builders.js'

const CLIENT = workload({name: 'client', ips: ['10.0.0.1']})
const PLAIN = uncaptured({name: 'plain', ips: ['10.0.0.2']})
const SERVER = workload({name: 'server', ips: ['10.0.0.3']})
const NO_DNS = workload({name: 'no-dns', ips: ['10.0.0.6'], enrolment: {captured: 'yes', because: 'test', capturesDns: false}})
const BYPASS = workload({name: 'bypass', ips: ['10.0.0.4'], enrolment: {captured: 'yes', because: 'test', outboundOnly: true}})
const UNSURE = workload({name: 'unsure', ips: ['10.0.0.5'], enrolment: {captured: 'undetermined', because: 'no dump'}})
const FAR = workload({name: 'far', ips: ['10.0.1.3'], node: 'node-b'})
const SERVICE = service({
  name: 'svc',
  vips: ['10.96.0.1'],
  ports: [tcpPort(80)],
  endpoints: [
    {ip: '10.0.0.2', port: 8080, servicePort: 80},
    {ip: '10.0.0.3', port: 8080, servicePort: 80},
  ],
})

const ALL: Directory = directory({workloads: [CLIENT, PLAIN, SERVER, BYPASS, NO_DNS, UNSURE, FAR], services: [SERVICE]})

interface Packet {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly ingress: Ingress
}

function forward({from, to, port, ingress}: Packet): Forwarding {
  const arrival: Arrival = {
    entry: {kind: 'socket', ip: to, port},
    source: {ip: from, port: 40_000},
    ingress,
    payload: {kind: 'opaque'},
  }
  return createInPodCapture({node: 'node-a', directory: ALL, enrolmentOf: ({enrolment}) => enrolment}).forward(arrival)
}

/** Where the packets end: the socket, and the original destination where one is told. */
function ends(packet: Packet): readonly string[] {
  return forward(packet).exits.map((exit) => {
    if (exit.kind !== 'depart') return exit.kind === 'stop' ? exit.verdict.kind : exit.kind
    const {to, originalDestination: original, source} = exit.departure
    const socket = to.kind === 'socket' ? `${to.ip}:${to.port}` : to.kind
    const kept = source.kind === 'kept' ? ` from ${source.address.ip}` : ''
    return `${socket}${original === undefined ? '' : ` for ${original.ip}:${original.port}`}${kept}`
  })
}

describe('the rules inside captured pods (ambient-ga E)', () => {
  it.each([
    {
      name: 'what a captured pod sends is redirected to 15001 of the pod, VIPs untranslated',
      packet: {from: '10.0.0.1', to: '10.96.0.1', port: 80, ingress: 'workload'},
      ends: ['10.0.0.1:15001 for 10.96.0.1:80 from 10.0.0.1'],
    },
    {
      name: 'an address outside is redirected too',
      packet: {from: '10.0.0.1', to: '192.0.2.1', port: 443, ingress: 'workload'},
      ends: ['10.0.0.1:15001 for 192.0.2.1:443 from 10.0.0.1'],
    },
    {
      name: "what carries ztunnel's mark is not redirected again",
      packet: {from: '10.0.0.1', to: '192.0.2.1', port: 443, ingress: 'ztunnel'},
      ends: ['192.0.2.1:443 from 10.0.0.1'],
    },
    {
      name: "HBONE reaches ztunnel's socket in the target pod as it is",
      packet: {from: '10.0.0.1', to: '10.0.0.3', port: 15_008, ingress: 'ztunnel'},
      ends: ['10.0.0.3:15008 for 10.0.0.3:15008 from 10.0.0.1'],
    },
    {
      name: 'any other port of a captured pod is redirected to 15006',
      packet: {from: '10.0.0.1', to: '10.0.0.3', port: 8080, ingress: 'ztunnel'},
      ends: ['10.0.0.3:15006 for 10.0.0.3:8080 from 10.0.0.1'],
    },
    {
      name: 'the other ports of ztunnel are redirected like any port',
      packet: {from: '10.0.0.2', to: '10.0.0.3', port: 15_001, ingress: 'workload'},
      ends: ['10.0.0.3:15006 for 10.0.0.3:15001 from 10.0.0.2'],
    },
    {
      name: 'plaintext from other machines is redirected to 15006',
      packet: {from: '192.0.2.7', to: '10.0.0.3', port: 8080, ingress: 'network'},
      ends: ['10.0.0.3:15006 for 10.0.0.3:8080 from 192.0.2.7'],
    },
    {
      name: 'a process of the node reaches its pods as a probe does',
      packet: {from: '10.9.9.9', to: '10.0.0.3', port: 8080, ingress: 'host'},
      ends: ['10.0.0.3:8080 from 169.254.7.127'],
    },
    {
      name: 'a pod with bypass-inbound-capture gets plaintext itself',
      packet: {from: '192.0.2.7', to: '10.0.0.4', port: 8080, ingress: 'network'},
      ends: ['10.0.0.4:8080 from 192.0.2.7'],
    },
    {
      name: 'a pod with bypass-inbound-capture still has the HBONE socket',
      packet: {from: '192.0.2.7', to: '10.0.0.4', port: 15_008, ingress: 'network'},
      ends: ['10.0.0.4:15008 for 10.0.0.4:15008 from 192.0.2.7'],
    },
    {
      name: 'a pod that is not captured is reached at its own ports, 15008 among them',
      packet: {from: '10.0.0.1', to: '10.0.0.2', port: 15_008, ingress: 'ztunnel'},
      ends: ['10.0.0.2:15008 from 10.0.0.1'],
    },
    {
      name: 'kube-proxy resolves what a pod outside the mesh dials, endpoint by endpoint',
      packet: {from: '10.0.0.2', to: '10.96.0.1', port: 80, ingress: 'workload'},
      ends: ['10.0.0.2:8080 from 10.0.0.2', '10.0.0.3:15006 for 10.0.0.3:8080 from 10.0.0.2'],
    },
    {
      name: 'a pod of another node is left to that node',
      packet: {from: '10.0.0.2', to: '10.0.1.3', port: 8080, ingress: 'workload'},
      ends: ['10.0.1.3:8080 from 10.0.0.2'],
    },
    {
      name: 'DNS over TCP is left open: dnsCapture is a setting of the node agent',
      packet: {from: '10.0.0.1', to: '10.96.0.10', port: 53, ingress: 'workload'},
      ends: ['undetermined'],
    },
    {
      name: 'DNS over TCP of a pod whose annotation leaves it out goes the way of all else',
      packet: {from: '10.0.0.6', to: '10.96.0.10', port: 53, ingress: 'workload'},
      ends: ['10.0.0.6:15001 for 10.96.0.10:53 from 10.0.0.6'],
    },
    {
      name: 'a source whose capture is not known is left open',
      packet: {from: '10.0.0.5', to: '10.96.0.1', port: 80, ingress: 'workload'},
      ends: ['undetermined'],
    },
    {
      name: 'a target whose capture is not known is left open',
      packet: {from: '10.0.0.2', to: '10.0.0.5', port: 80, ingress: 'workload'},
      ends: ['undetermined'],
    },
  ] as const)('$name', ({packet, ends: expected}) => {
    expect(ends(packet)).toEqual(expected)
  })

  it('says why, with what recorded it', () => {
    const evidence = [{dump: 'proxies/z.json', pointer: '/workloadState/uid', basis: 'recorded'}] as const
    const {steps} = createInPodCapture({
      node: 'node-a',
      directory: ALL,
      enrolmentOf: () => ({captured: 'yes', because: 'workloadState lists it', basis: 'recorded', evidence}),
    }).forward({
      entry: {kind: 'socket', ip: '10.96.0.1', port: 80},
      source: {ip: '10.0.0.1', port: 1},
      ingress: 'workload',
      payload: {kind: 'opaque'},
    })
    expect(steps).toMatchObject([
      {
        kind: 'capture',
        to: {ip: '10.0.0.1', port: 15_001},
        because: ['source captured: workloadState lists it', 'to 10.96.0.1:80'],
        evidence,
      },
    ])
  })

  it('routes IP packets only', () => {
    const forwarding = createInPodCapture({node: 'node-a', directory: ALL, enrolmentOf: ({enrolment}) => enrolment}).forward({
      entry: {kind: 'internal', listener: 'main_internal'},
      payload: {kind: 'opaque'},
    })
    expect(forwarding.exits).toMatchObject([{kind: 'stop', verdict: {kind: 'undetermined'}}])
  })
})
