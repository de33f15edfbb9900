import {describe, expect, test} from 'vitest'
import type {Departure, Ingress} from '../../src/flow/connection.js'
import type {Exit, Forwarder} from '../../src/flow/forwarder.js'
import {addShares, formatShare, isWhole, NOTHING, WHOLE} from '../../src/flow/share.js'
import type {Tri} from '../../src/flow/tri.js'
import type {Workload} from '../../src/mesh/directory.js'
import type {Admission, Admitted} from '../../src/mesh/admission.js'
import {createPolicedNode} from '../../src/mesh/policed-node.js'
import {directory, uncaptured, workload} from './builders.js'

const CLIENT = workload({name: 'client', ips: ['10.1.0.1'], node: 'n1'})
const NEAR = workload({name: 'near', ips: ['10.1.0.2'], node: 'n1'})
const FAR = workload({name: 'far', ips: ['10.2.0.1'], node: 'n2'})
const ZTUNNEL = uncaptured({name: 'ztunnel', ips: ['10.1.0.9'], node: 'n1', role: 'ztunnel'})

interface Crossing {
  readonly from: Workload
  readonly to: string
  readonly port: number
  readonly dialled?: {readonly ip: string; readonly port: number}
  readonly ingress?: Ingress
  readonly generation?: 'ga' | '2022'
}

/** Says the same about every connection, and remembers which ones it was asked about. */
function saying(answers: Partial<Record<Admitted['direction'], Tri>>): {readonly admission: Admission; readonly asked: string[]} {
  const asked: string[] = []
  const admission: Admission = ({source, destination, port}) => {
    asked.push(`${source} to ${destination}:${port}`)
    return (['egress', 'ingress'] as const).map((direction) => ({
      direction,
      admitted: answers[direction] ?? 'yes',
      policies: [`apps/${direction}-policy`],
      because: `about TCP ${port}`,
      evidence: [{dump: 'inventory/networkpolicies.json', pointer: '/items/0', basis: 'recorded'}],
    }))
  }
  return {admission, asked}
}

function cross(crossing: Crossing, admission: Admission): readonly Exit[] {
  const {from, to, port, dialled, ingress = 'workload', generation = 'ga'} = crossing
  const source = {ip: from.ips[0] ?? '', port: 0}
  const departure: Departure = {
    to: {kind: 'socket', ip: to, port},
    source: {kind: 'kept', address: source},
    payload: {kind: 'opaque'},
    ...(dialled === undefined ? {} : {originalDestination: dialled}),
  }
  const inner: Forwarder = {
    place: {kind: 'node', name: 'n1'},
    forward: () => ({steps: [], exits: [{kind: 'depart', share: WHOLE, requires: [], steps: [], departure}]}),
  }
  const known = directory({workloads: [CLIENT, NEAR, FAR, ZTUNNEL]})
  const node = createPolicedNode(inner, {node: 'n1', directory: known, generation, admission})
  return node.forward({entry: {kind: 'socket', ip: to, port}, source, ingress, payload: {kind: 'opaque'}}).exits
}

function shown(exit: Exit): string {
  return `${formatShare(exit.share)} ${exit.kind === 'stop' ? exit.verdict.kind : exit.kind}`
}

const DENIES_ALL = {egress: 'no', ingress: 'no'} as const

describe('what is asked about', () => {
  const CASES: readonly (Crossing & {readonly name: string; readonly asked: readonly string[]})[] = [
    {name: 'a tunnel to another node', from: CLIENT, to: '10.2.0.1', port: 15_008, asked: ['10.1.0.1 to 10.2.0.1:15008']},
    {
      name: 'plaintext that is redirected inside the target counts by the port on the wire',
      from: CLIENT,
      to: '10.1.0.2',
      port: 15_006,
      dialled: {ip: '10.1.0.2', port: 9080},
      asked: ['10.1.0.1 to 10.1.0.2:9080'],
    },
    {name: 'a redirection inside the source', from: CLIENT, to: '10.1.0.1', port: 15_001, dialled: {ip: '10.2.0.1', port: 80}, asked: []},
    {
      name: 'capture by the ztunnel of the node (2022): packets come out of the pod with the address that was dialled',
      from: CLIENT,
      to: '10.1.0.9',
      port: 15_001,
      dialled: {ip: '10.2.0.1', port: 80},
      generation: '2022',
      asked: ['10.1.0.1 to 10.2.0.1:80'],
    },
    {
      name: 'a redirection inside the ztunnel pod (2022)',
      from: ZTUNNEL,
      to: '127.0.0.1',
      port: 15_008,
      dialled: {ip: '10.1.0.2', port: 15_088},
      ingress: 'ztunnel',
      generation: '2022',
      asked: [],
    },
    {
      name: 'a tunnel into the ztunnel of the node (2022)',
      from: FAR,
      to: '10.1.0.9',
      port: 15_008,
      dialled: {ip: '10.1.0.2', port: 15_008},
      ingress: 'network',
      generation: '2022',
      asked: ['10.2.0.1 to 10.1.0.2:15008'],
    },
    {name: 'what only passes by', from: FAR, to: '10.2.0.1', port: 80, ingress: 'network', asked: []},
  ]

  test.each(CASES)('$name', ({asked, ...crossing}) => {
    const policies = saying({})
    expect(cross(crossing, policies.admission).map(shown)).toEqual(['1 depart'])
    expect(policies.asked).toEqual(asked)
  })
})

describe('what is not admitted', () => {
  test('is dropped in silence, and the policy is cited', () => {
    const [exit] = cross({from: CLIENT, to: '10.1.0.2', port: 15_008}, saying({ingress: 'no'}).admission)
    expect(exit).toMatchObject({
      kind: 'stop',
      verdict: {kind: 'dropped', reason: 'NetworkPolicy apps/ingress-policy (ingress): about TCP 15008'},
      answer: {kind: 'timeout'},
    })
    expect(exit?.steps.at(-1)?.evidence).toEqual([{dump: 'inventory/networkpolicies.json', pointer: '/items/0', basis: 'recorded'}])
  })

  test('ingress counts where the target is, egress where the source is', () => {
    const toFar = {from: CLIENT, to: '10.2.0.1', port: 15_008}
    expect(cross(toFar, saying({ingress: 'no'}).admission).map(shown)).toEqual(['1 depart'])
    expect(cross(toFar, saying({egress: 'no'}).admission).map(shown)).toEqual(['1 dropped'])
  })

  test('what ztunnel sends with the address of its client has not left that pod (2022)', () => {
    const kept = {from: CLIENT, to: '10.2.0.1', port: 80, ingress: 'ztunnel'} as const
    expect(cross({...kept, generation: '2022'}, saying(DENIES_ALL).admission).map(shown)).toEqual(['1 depart'])
    expect(cross(kept, saying(DENIES_ALL).admission).map(shown)).toEqual(['1 dropped'])
  })
})

test('an open question gives both ways, with conditions that exclude each other', () => {
  const exits = cross({from: CLIENT, to: '10.1.0.2', port: 80}, saying({ingress: 'undetermined'}).admission)
  expect(exits.map(shown)).toEqual(['one of 2 depart', 'one of 2 dropped'])
  expect(new Set(exits.flatMap(({requires}) => requires.map(({group}) => group))).size).toBe(1)
  expect(isWhole(exits.map(({share}) => share).reduce(addShares, NOTHING))).toBe(true)
})

describe('a denial that depends on something', () => {
  const DOUBT = {holds: 'it is enforced', fails: 'it is not'}

  test('parts the way once, whatever both directions say', () => {
    const {admission} = saying(DENIES_ALL)
    const doubted: Admission = (hop) => admission(hop).map((one) => ({...one, doubt: DOUBT}))
    const exits = cross({from: CLIENT, to: '10.1.0.2', port: 15_008}, doubted)
    expect(exits.map((exit) => [shown(exit), exit.requires.map(({what}) => what)])).toEqual([
      ['one of 2 depart', ['it is not']],
      ['one of 2 dropped', ['it is enforced']],
    ])
  })

  test('gives way to one that is certain', () => {
    const {admission} = saying(DENIES_ALL)
    const half: Admission = (hop) => admission(hop).map((one) => (one.direction === 'egress' ? {...one, doubt: DOUBT} : one))
    expect(cross({from: CLIENT, to: '10.1.0.2', port: 15_008}, half).map(shown)).toEqual(['1 dropped'])
  })

  test('is each one where the node captures: who judges such packets, and how, is up to the network plugin (2022)', () => {
    const taken = {from: CLIENT, to: '10.1.0.9', port: 15_001, dialled: {ip: '10.2.0.1', port: 80}, generation: '2022'} as const
    expect(cross(taken, saying(DENIES_ALL).admission).map(shown)).toEqual(['one of 2 depart', 'one of 2 dropped'])
  })
})
