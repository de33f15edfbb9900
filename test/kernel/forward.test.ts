import {describe, expect, test} from 'vitest'
import {formatAddress, formatSocket, parseSocket, type SocketAddress} from '../../src/flow/address.js'
import type {Ingress} from '../../src/flow/connection.js'
import type {Exit, Forwarding} from '../../src/flow/forwarder.js'
import {addShares, formatShare, isWhole, NOTHING} from '../../src/flow/share.js'
import {networkWithOutside, outsideName} from '../../src/kernel/config/outside.js'
import {createKernelForwarder} from '../../src/kernel/forward.js'
import {recordedNamespaces} from './capture-states.js'

const ZTUNNEL = 'istio-system/ztunnel-8v5nq'

const node2022 = createKernelForwarder({
  place: {kind: 'node', name: 'node'},
  network: networkWithOutside(recordedNamespaces('node-2022')),
  sides: {ztunnel: ZTUNNEL, host: 'node', network: outsideName({namespace: 'node', device: 'eth0'})},
})

const inPod = createKernelForwarder({
  place: {kind: 'node', name: 'node'},
  network: networkWithOutside(recordedNamespaces('in-pod')),
  sides: {host: 'node', network: outsideName({namespace: 'node', device: 'eth0'})},
})

interface Case {
  readonly walk: string
  readonly from: string
  readonly ingress: Ingress
  readonly to: string
  readonly exits: readonly string[]
}

// The ends are those the kernel showed for the same packets (envoy-2022 C.3, H.3).
const WALKS: readonly Case[] = [
  {
    walk: '1: enrolled pod to VIP',
    from: '10.244.2.3',
    ingress: 'workload',
    to: '10.96.44.10:5000',
    exits: ['1 10.244.2.2:15001 dialled 10.96.44.10:5000'],
  },
  {walk: '2: ztunnel with its own address', from: '10.244.2.2', ingress: 'ztunnel', to: '10.244.2.5:5000', exits: ['1 10.244.2.5:5000']},
  {
    walk: '3: ztunnel with the address of its client',
    from: '10.244.2.3',
    ingress: 'ztunnel',
    to: '10.244.2.4:5000',
    exits: ['1 10.244.2.4:5000'],
  },
  {
    walk: '4: another node to an enrolled pod, 15008',
    from: '172.18.0.2',
    ingress: 'network',
    to: '10.244.2.4:15008',
    exits: ['1 10.244.2.2:15008 dialled 10.244.2.4:15008'],
  },
  {
    walk: '4: another node to an enrolled pod',
    from: '172.18.0.2',
    ingress: 'network',
    to: '10.244.2.4:5000',
    exits: ['1 10.244.2.2:15006 dialled 10.244.2.4:5000'],
  },
  {
    walk: '5: enrolled pod to enrolled pod',
    from: '10.244.2.3',
    ingress: 'workload',
    to: '10.244.2.4:5000',
    exits: ['1 10.244.2.2:15001 dialled 10.244.2.4:5000'],
  },
  {
    walk: '6: ztunnel to 15008 of its own pod',
    from: '10.244.2.2',
    ingress: 'ztunnel',
    to: '10.244.2.4:15008',
    exits: ['1 dropped ECONNREFUSED'],
  },
  {
    walk: '6: ztunnel to 15088 of its own pod',
    from: '10.244.2.2',
    ingress: 'ztunnel',
    to: '10.244.2.4:15088',
    exits: ['1 10.244.2.2:15008 dialled 10.244.2.4:15088'],
  },
  {
    walk: '6: the same with the address of its client',
    from: '10.244.2.3',
    ingress: 'ztunnel',
    to: '10.244.2.4:15088',
    exits: ['1 dropped timeout'],
  },
  {walk: '7: kubelet with HostIP', from: '10.244.2.1', ingress: 'host', to: '10.244.2.4:5000', exits: ['1 10.244.2.4:5000']},
  {
    walk: '7: node with another address',
    from: '172.18.0.3',
    ingress: 'host',
    to: '10.244.2.4:5000',
    exits: ['1 10.244.2.2:15006 dialled 10.244.2.4:5000'],
  },
  {
    walk: '8: node to VIP',
    from: '0.0.0.0',
    ingress: 'host',
    to: '10.96.44.10:5000',
    exits: ['1/2 10.244.2.2:15006 dialled 10.244.2.4:5000', '1/2 10.244.0.7:5000'],
  },
  {walk: '8: enrolled pod to HostIP', from: '10.244.2.3', ingress: 'workload', to: '10.244.2.1:10250', exits: ['1 10.244.2.1:10250']},
  {
    walk: '8: enrolled pod to another address of its node',
    from: '10.244.2.3',
    ingress: 'workload',
    to: '172.18.0.3:10250',
    exits: ['1 dropped timeout'],
  },
  {
    walk: '9: enrolled pod to 15008 of a pod',
    from: '10.244.2.3',
    ingress: 'workload',
    to: '10.244.2.4:15008',
    exits: ['1 10.244.2.2:15001 dialled 10.244.2.4:15008'],
  },
  {
    walk: '10: enrolled pod to a VIP without endpoints',
    from: '10.244.2.3',
    ingress: 'workload',
    to: '10.96.99.99:80',
    exits: ['1 dropped ECONNREFUSED'],
  },
  {
    walk: 'a client that is not captured, to VIP',
    from: '10.244.2.5',
    ingress: 'workload',
    to: '10.96.44.10:5000',
    exits: ['1/2 10.244.2.2:15006 dialled 10.244.2.4:5000', '1/2 10.244.0.7:5000'],
  },
]

// ambient-ga E and H.
const IN_POD: readonly Case[] = [
  {walk: 'app to VIP', from: '10.244.3.7', ingress: 'workload', to: '10.96.12.34:80', exits: ['1 10.244.3.7:15001 dialled 10.96.12.34:80']},
  {walk: 'app to itself', from: '10.244.3.7', ingress: 'workload', to: '10.244.3.7:9080', exits: ['1 10.244.3.7:9080']},
  {walk: 'DNS over TCP', from: '10.244.3.7', ingress: 'workload', to: '10.96.0.10:53', exits: ['1 10.244.3.7:15053 dialled 10.96.0.10:53']},
  {walk: 'ztunnel for its app', from: '10.244.3.7', ingress: 'ztunnel', to: '203.0.113.50:9080', exits: ['1 203.0.113.50:9080']},
  {
    walk: 'plaintext from outside',
    from: '203.0.113.50',
    ingress: 'network',
    to: '10.244.3.7:9080',
    exits: ['1 10.244.3.7:15006 dialled 10.244.3.7:9080'],
  },
  {walk: 'HBONE from outside', from: '203.0.113.50', ingress: 'network', to: '10.244.3.7:15008', exits: ['1 10.244.3.7:15008']},
  {walk: 'kubelet probe', from: '0.0.0.0', ingress: 'host', to: '10.244.3.7:9080', exits: ['1 10.244.3.7:9080']},
  {
    walk: 'ztunnel hands a client to the app',
    from: '203.0.113.50',
    ingress: 'ztunnel',
    to: '10.244.3.7:9080',
    exits: ['1 10.244.3.7:9080'],
  },
]

describe('node capture of 2022', () => {
  test.each(WALKS)('walk $walk', ({from, ingress, to, exits}) => {
    expect(node2022.forward(arrival({from, ingress, to})).exits.map(shown)).toEqual(exits)
  })

  test('the asymmetric path is named as one', () => {
    const [exit] = node2022.forward(arrival({from: '10.244.2.3', ingress: 'workload', to: '172.18.0.3:10250'})).exits
    const reason = exit?.kind === 'stop' && exit.verdict.kind === 'dropped' ? exit.verdict.reason : ''
    expect(reason).toMatch(/^timeout: port 10250 of node is reached, but its answer does not come back/)
  })

  test('each step cites the line that decided', () => {
    const steps = node2022.forward(arrival({from: '10.244.2.3', ingress: 'workload', to: '10.96.44.10:5000'})).exits[0]?.steps ?? []
    expect(steps.map(({kind}) => kind)).toEqual([
      ...['route-lookup', 'rule', 'rule', 'route-lookup', 'rule', 'rule', 'route-lookup', 'capture'],
    ])
    expect(steps.flatMap(({evidence}) => evidence.map(({basis}) => basis)).every((basis) => basis === 'recorded')).toBe(true)
    expect(steps[1]).toMatchObject({effect: 'mark 0x100', evidence: [{dump: 'node/node/iptables-save', pointer: 'line 37'}]})
    expect(steps[5]).toMatchObject({name: `${ZTUNNEL} mangle PREROUTING 3`, effect: 'TPROXY to port 15001, mark 0x400'})
  })

  test('a captured connection is at the address of ztunnel, whatever was dialled', () => {
    const [exit] = node2022.forward(arrival({from: '10.244.2.3', ingress: 'workload', to: '10.96.44.10:5000'})).exits
    expect(exit?.steps.at(-1)).toMatchObject({
      kind: 'capture',
      to: {ip: '10.244.2.2', port: 15_001},
      because: ['to 10.96.44.10:5000', expect.any(String)],
    })
  })

  test('an unknown source is undetermined', () => {
    const {exits} = node2022.forward(arrival({from: '10.9.9.9', ingress: 'workload', to: '10.244.2.4:5000'}))
    expect(exits.map(shown)).toEqual(['1 undetermined the network namespace that 10.9.9.9 comes from'])
  })
})

describe('capture inside the pod', () => {
  test.each(IN_POD)('$walk', ({from, ingress, to, exits}) => {
    expect(inPod.forward(arrival({from, ingress, to})).exits.map(shown)).toEqual(exits)
  })
})

test('shares of all exits sum to one', () => {
  const all = WALKS.map(({from, ingress, to}) => node2022.forward(arrival({from, ingress, to})))
  expect(all.every(({exits}) => isWhole(exits.map(({share}) => share).reduce(addShares, NOTHING)))).toBe(true)
})

function arrival({from, ingress, to}: Pick<Case, 'from' | 'ingress' | 'to'>): Parameters<typeof node2022.forward>[0] {
  const source = from === '0.0.0.0' ? {} : {source: {ip: from, port: 0}}
  return {entry: {kind: 'socket', ...socket(to)}, ...source, ingress, payload: {kind: 'unknown'}}
}

function socket(text: string): SocketAddress {
  const parsed = parseSocket(text)
  if (parsed === undefined) throw new Error(`no address: ${text}`)
  return parsed
}

function shown(exit: Exit): string {
  return `${formatShare(exit.share)} ${endOf(exit)}`
}

function endOf(exit: Forwarding['exits'][number]): string {
  if (exit.kind === 'depart') {
    const {to, originalDestination} = exit.departure
    return `${formatAddress(to)}${originalDestination === undefined ? '' : ` dialled ${formatSocket(originalDestination)}`}`
  }
  if (exit.kind !== 'stop') return exit.kind
  if (exit.verdict.kind === 'undetermined') return `undetermined ${exit.verdict.missing.map(({what}) => what).join(', ')}`
  return `${exit.verdict.kind} ${'reason' in exit.verdict ? (exit.verdict.reason.split(':')[0] ?? '') : ''}`
}
