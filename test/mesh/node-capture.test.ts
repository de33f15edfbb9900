import {describe, expect, it} from 'vitest'
import {formatSocket, parseSocket, type SocketAddress} from '../../src/flow/address.js'
import type {Arrival, Ingress} from '../../src/flow/connection.js'
import type {Exit, Forwarding} from '../../src/flow/forwarder.js'
import {formatShare} from '../../src/flow/share.js'
import {createNodeCapture} from '../../src/mesh/node-capture.js'
import {directory, service, tcpPort, uncaptured, workload} from './builders.js'

/** The node of the kernel recordings `node2022-kind-healthy`, with its addresses. */
const WORLD = directory({
  workloads: [
    workload({name: 'sleep', ips: ['10.244.2.3']}),
    workload({name: 'helloworld', ips: ['10.244.2.4']}),
    uncaptured({name: 'plain', ips: ['10.244.2.5']}),
    workload({name: 'unclear', ips: ['10.244.2.9'], enrolment: {captured: 'undetermined', because: 'no namespaces'}}),
    uncaptured({name: 'ztunnel-8v5nq', namespace: 'istio-system', role: 'ztunnel', ips: ['10.244.2.2']}),
    workload({name: 'remote', node: 'node-b', ips: ['10.244.0.7']}),
  ],
  services: [
    service({
      name: 'helloworld',
      vips: ['10.96.44.10'],
      ports: [tcpPort(5000)],
      endpoints: [
        {ip: '10.244.2.4', port: 5001, servicePort: 5000},
        {ip: '10.244.0.7', port: 5001, servicePort: 5000},
      ],
    }),
    service({name: 'hollow', vips: ['10.96.99.99']}),
    service({name: 'outlet', host: 'example.com', kubernetes: false, vips: ['198.18.0.1']}),
  ],
  nodes: [
    {name: 'node-a', ips: ['172.18.0.3'], podCIDRs: ['10.244.2.0/24']},
    {name: 'node-b', ips: ['172.18.0.2'], podCIDRs: ['10.244.0.0/24']},
  ],
})

const NODE = createNodeCapture({node: 'node-a', directory: WORLD, enrolmentOf: ({enrolment}) => enrolment})

describe('node capture', () => {
  it.each<{what: string; from: Ingress; source: string; to: string; gives: string}>([
    // Names as in the recordings of the real kernel.
    {
      what: 'captured-pod-to-vip',
      from: 'workload',
      source: '10.244.2.3',
      to: '10.96.44.10:5000',
      gives: '10.244.2.2:15001 for 10.96.44.10:5000',
    },
    {
      what: 'captured-pod-to-captured-pod',
      from: 'workload',
      source: '10.244.2.3',
      to: '10.244.2.4:5000',
      gives: '10.244.2.2:15001 for 10.244.2.4:5000',
    },
    {
      what: 'captured-pod-to-captured-pod-15008',
      from: 'workload',
      source: '10.244.2.3',
      to: '10.244.2.4:15008',
      gives: '10.244.2.2:15001 for 10.244.2.4:15008',
    },
    {
      what: 'captured-pod-to-uncaptured-pod',
      from: 'workload',
      source: '10.244.2.3',
      to: '10.244.2.5:5000',
      gives: '10.244.2.2:15001 for 10.244.2.5:5000',
    },
    {
      what: 'captured-pod-to-remote-pod',
      from: 'workload',
      source: '10.244.2.3',
      to: '10.244.0.7:5000',
      gives: '10.244.2.2:15001 for 10.244.0.7:5000',
    },
    {
      what: 'captured-pod-to-external',
      from: 'workload',
      source: '10.244.2.3',
      to: '203.0.113.80:443',
      gives: '10.244.2.2:15001 for 203.0.113.80:443',
    },
    {
      what: 'captured-pod-to-other-node',
      from: 'workload',
      source: '10.244.2.3',
      to: '172.18.0.2:5000',
      gives: '10.244.2.2:15001 for 172.18.0.2:5000',
    },
    {what: 'captured-pod-to-ztunnel-15021', from: 'workload', source: '10.244.2.3', to: '10.244.2.2:15021', gives: '10.244.2.2:15021'},
    {what: 'captured-pod-to-node-eth-kubelet', from: 'workload', source: '10.244.2.3', to: '172.18.0.3:10250', gives: 'undetermined'},
    {what: 'captured-pod-to-hostip-kubelet', from: 'workload', source: '10.244.2.3', to: '10.244.2.1:10250', gives: 'undetermined'},
    {
      what: 'uncaptured-pod-to-captured-pod',
      from: 'workload',
      source: '10.244.2.5',
      to: '10.244.2.4:5000',
      gives: '10.244.2.2:15006 for 10.244.2.4:5000',
    },
    {
      what: 'uncaptured-pod-to-captured-pod-15008',
      from: 'workload',
      source: '10.244.2.5',
      to: '10.244.2.4:15008',
      gives: '10.244.2.2:15008 for 10.244.2.4:15008',
    },
    {
      what: 'uncaptured-pod-to-vip',
      from: 'workload',
      source: '10.244.2.5',
      to: '10.96.44.10:5000',
      gives: 'one of 2 10.244.2.2:15006 for 10.244.2.4:5001, one of 2 10.244.0.7:5001',
    },
    {
      what: 'uncaptured-pod-to-vip-without-endpoints',
      from: 'workload',
      source: '10.244.2.5',
      to: '10.96.99.99:80',
      gives: 'no-healthy-upstream',
    },
    {what: 'uncaptured-pod-to-external', from: 'workload', source: '10.244.2.5', to: '203.0.113.80:443', gives: '203.0.113.80:443'},
    {what: 'uncaptured-pod-to-ztunnel-15008', from: 'workload', source: '10.244.2.5', to: '10.244.2.2:15008', gives: '10.244.2.2:15008'},
    {
      what: 'remote-pod-to-captured-pod',
      from: 'network',
      source: '10.244.0.7',
      to: '10.244.2.4:5000',
      gives: '10.244.2.2:15006 for 10.244.2.4:5000',
    },
    {
      what: 'remote-pod-to-captured-pod-15001',
      from: 'network',
      source: '172.18.0.2',
      to: '10.244.2.4:15001',
      gives: '10.244.2.2:15006 for 10.244.2.4:15001',
    },
    {
      what: 'remote-pod-to-captured-pod-15008',
      from: 'network',
      source: '172.18.0.2',
      to: '10.244.2.4:15008',
      gives: '10.244.2.2:15008 for 10.244.2.4:15008',
    },
    {what: 'remote-pod-to-uncaptured-pod', from: 'network', source: '10.244.0.7', to: '10.244.2.5:5000', gives: '10.244.2.5:5000'},
    {what: 'node-hostip-to-captured-pod', from: 'host', source: '172.18.0.3', to: '10.244.2.4:5000', gives: '10.244.2.4:5000'},
    {
      what: 'node-to-vip',
      from: 'host',
      source: '172.18.0.3',
      to: '10.96.44.10:5000',
      gives: 'one of 2 undetermined, one of 2 10.244.0.7:5001',
    },
    {what: 'ztunnel-own-ip-to-local-pod', from: 'ztunnel', source: '10.244.2.2', to: '10.244.2.4:5000', gives: '10.244.2.4:5000'},
    {
      what: 'ztunnel-own-ip-to-local-pod-15088',
      from: 'ztunnel',
      source: '10.244.2.2',
      to: '10.244.2.4:15088',
      gives: '127.0.0.1:15008 for 10.244.2.4:15088',
    },
    {what: 'ztunnel-own-ip-to-remote-node-15008', from: 'ztunnel', source: '10.244.2.2', to: '10.244.0.7:15008', gives: '10.244.0.7:15008'},
    {
      what: 'ztunnel-own-ip-to-vip',
      from: 'ztunnel',
      source: '10.244.2.2',
      to: '10.96.44.10:5000',
      gives: 'one of 2 10.244.2.4:5001, one of 2 10.244.0.7:5001',
    },
    {what: 'ztunnel-origsrc-to-local-pod', from: 'ztunnel', source: '10.244.2.3', to: '10.244.2.4:5000', gives: '10.244.2.4:5000'},
    {what: 'ztunnel-origsrc-to-local-pod-15088', from: 'ztunnel', source: '10.244.2.3', to: '10.244.2.4:15088', gives: 'dropped'},
    {
      what: 'ztunnel-origsrc-to-vip',
      from: 'ztunnel',
      source: '10.244.2.3',
      to: '10.96.44.10:5000',
      gives: 'one of 2 10.244.2.4:5001, one of 2 10.244.0.7:5001',
    },
    // Beyond the recordings.
    {
      what: 'a pod whose capture is not known connects',
      from: 'workload',
      source: '10.244.2.9',
      to: '10.244.2.4:5000',
      gives: 'undetermined',
    },
    {
      what: 'a pod whose capture is not known is reached',
      from: 'network',
      source: '10.244.0.7',
      to: '10.244.2.9:5000',
      gives: 'undetermined',
    },
    {what: 'a port that the service does not have', from: 'ztunnel', source: '10.244.2.2', to: '10.96.44.10:5999', gives: 'dropped'},
    {what: 'an address that only the mesh knows', from: 'ztunnel', source: '10.244.2.2', to: '198.18.0.1:80', gives: '198.18.0.1:80'},
  ])('$what', ({from, source, to, gives}) => {
    expect(ends(NODE.forward(arrival({from, source, to})))).toBe(gives)
  })

  it('keeps both ways open for a virtual address without endpoints', () => {
    const {exits} = NODE.forward(arrival({from: 'workload', source: '10.244.2.3', to: '10.96.99.99:80'}))
    expect(exits.map((exit) => [endOf(exit), formatShare(exit.share), exit.requires.map(({what}) => what)])).toEqual([
      ['10.244.2.2:15001 for 10.96.99.99:80', 'one of 2', ['an earlier FORWARD rule of the node accepts the packets']],
      ['no-healthy-upstream', 'one of 2', ['no earlier FORWARD rule of the node accepts the packets']],
    ])
    expect(new Set(exits.flatMap(({requires}) => requires.map(({group}) => group))).size).toBe(1)
  })

  it('says that it is assumed, and from which pods', () => {
    const {steps} = NODE.forward(arrival({from: 'workload', source: '10.244.2.3', to: '10.244.2.4:5000'}))
    expect(steps.flatMap(({evidence}) => evidence.map(({basis}) => basis))).toEqual(['assumed', 'assumed'])
  })

  it('keeps the source address', () => {
    const {exits} = NODE.forward(arrival({from: 'network', source: '10.244.0.7', to: '10.244.2.4:5000'}))
    expect(exits).toMatchObject([{departure: {source: {kind: 'kept', address: {ip: '10.244.0.7', port: 40000}}}}])
  })
})

function arrival({from, source, to}: {readonly from: Ingress; readonly source: string; readonly to: string}): Arrival {
  return {entry: {kind: 'socket', ...socket(to)}, source: {ip: source, port: 40000}, ingress: from, payload: {kind: 'opaque'}}
}

function socket(text: string): SocketAddress {
  return parseSocket(text) ?? {ip: text, port: 0}
}

function ends({exits}: Forwarding): string {
  const [only] = exits
  return exits.length === 1 && only !== undefined
    ? endOf(only)
    : exits.map((exit) => `${formatShare(exit.share)} ${endOf(exit)}`).join(', ')
}

function endOf(exit: Exit): string {
  if (exit.kind === 'stop') return exit.verdict.kind
  if (exit.kind === 'deliver' || exit.departure.to.kind !== 'socket') return exit.kind
  const {to, originalDestination} = exit.departure
  return originalDestination === undefined ? formatSocket(to) : `${formatSocket(to)} for ${formatSocket(originalDestination)}`
}
