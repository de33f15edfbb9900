import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'
import {nodeRules} from '../../src/app/node-rules.js'
import {formatAddress, formatSocket} from '../../src/flow/address.js'
import type {Arrival, Payload} from '../../src/flow/connection.js'
import type {Forwarder, Place} from '../../src/flow/forwarder.js'
import {formatShare, WHOLE} from '../../src/flow/share.js'
import type {Hop} from '../../src/flow/trace.js'
import type {Directory, Workload} from '../../src/mesh/directory.js'
import {Topology} from '../../src/mesh/topology.js'
import {traceFlow, type TraceGraph} from '../../src/mesh/tracer.js'
import type {World} from '../../src/mesh/world.js'
import type {RecordedCapture} from '../../src/snapshot/captures.js'
import {directory, service, tcpPort, uncaptured, workload} from '../mesh/builders.js'

const STATES = fileURLToPath(new URL('../../fixtures/capture-states/', import.meta.url))
const BYTES: Payload = {kind: 'opaque'}

const ON_NODE = {node: 'node'} as const
const SLEEP = workload({name: 'sleep', ips: ['10.244.2.3'], ...ON_NODE})
const HELLO = workload({name: 'helloworld-v1', ips: ['10.244.2.4'], ...ON_NODE})
const PLAIN = uncaptured({name: 'plain', namespace: 'legacy', ips: ['10.244.2.5'], ...ON_NODE})
const ZTUNNEL = uncaptured({name: 'ztunnel-8v5nq', namespace: 'istio-system', ips: ['10.244.2.2'], role: 'ztunnel', ...ON_NODE})
const FAR = uncaptured({name: 'far', ips: ['10.244.0.7'], node: 'other'})
const VIP = '10.96.44.10'
const OF_2022 = directory({
  workloads: [SLEEP, HELLO, PLAIN, ZTUNNEL, FAR],
  services: [
    service({
      name: 'helloworld',
      vips: [VIP],
      ports: [tcpPort(5000)],
      endpoints: [HELLO, FAR].map(({ips}) => ({ip: ips[0] ?? '', port: 5000, servicePort: 5000})),
    }),
  ],
})

const REVIEWS = workload({name: 'reviews-v1', namespace: 'bookinfo', ips: ['10.244.3.7'], ...ON_NODE})
const GUEST = uncaptured({name: 'guest', ips: ['10.244.0.7'], node: 'other'})
const OF_GA = directory({workloads: [REVIEWS, GUEST]})

type Edit = (file: string, text: string) => string

/** The shipped state as a snapshot tells it; `edit` puts a fault in. */
function captures(state: string, edit: Edit = (_, text) => text): readonly RecordedCapture[] {
  const root = join(STATES, state, 'capture')
  return readdirSync(root).flatMap((owner) =>
    readdirSync(join(root, owner)).map((name): RecordedCapture => {
      const files = readdirSync(join(root, owner, name)).map((one) => {
        const file = `capture/${owner}/${name}/${one}`
        return {file, text: edit(file, readFileSync(join(root, owner, name, one), 'utf8'))}
      })
      return owner === 'node' ? {kind: 'node', name, files} : {kind: 'pod', name, namespace: owner, files}
    }),
  )
}

interface Asked {
  readonly from: Workload
  readonly to: string
  readonly port: number
  readonly captures?: readonly RecordedCapture[]
}

function trace2022(asked: Asked): TraceGraph {
  return trace({directory: OF_2022, generation: '2022', forwarderOf: ({name}) => sink({kind: 'ztunnel', name})}, asked)
}

function traceGa(asked: Asked): TraceGraph {
  const ztunnel = sink({kind: 'ztunnel', name: 'ztunnel'})
  return trace({directory: OF_GA, generation: 'ga', forwarderOf: () => undefined, ztunnelFor: () => ztunnel}, asked)
}

function trace(world: World & {readonly generation: '2022' | 'ga'}, {from, to, port, captures: recorded = []}: Asked): TraceGraph {
  const rulesOf = nodeRules({captures: recorded, inventory: inventoryOf(world.directory), generation: world.generation})
  const entry: Arrival['entry'] = {kind: 'socket', ip: to, port}
  const dialler: Forwarder = {
    place: {kind: 'app', name: from.name},
    forward: () => ({
      steps: [],
      exits: [{kind: 'depart', share: WHOLE, requires: [], steps: [], departure: {to: entry, source: {kind: 'own'}, payload: BYTES}}],
    }),
  }
  return traceFlow({start: {station: new Topology({...world, rulesOf}).client(from, dialler), arrival: {entry, payload: BYTES}}})
}

/** Pods of a world as `nodeRules` wants them: only names, nodes and labels count. */
function inventoryOf({workloads}: Directory): Parameters<typeof nodeRules>[0]['inventory'] {
  return {
    pods: workloads.map(({name, namespace, ips, node = '', hostNetwork, role}) => ({
      name,
      namespace,
      ips,
      node,
      hostNetwork,
      labels: new Map(role === 'ztunnel' ? [['app', 'ztunnel']] : []),
      annotations: new Map(),
      recorded: {file: 'inventory/pods.json', pointer: '/items/0'},
      serviceAccount: 'default',
      containerPorts: [],
    })),
  }
}

function sink(place: Place): Forwarder {
  const stop = {kind: 'stop', share: WHOLE, requires: [], steps: [], verdict: {kind: 'delivered'}, answer: {kind: 'unknown'}} as const
  return {place, forward: () => ({steps: [], exits: [stop]})}
}

/** The hops of a trace without their steps: where, by which address, and what was dialled. */
function hopsOf({hops}: TraceGraph): readonly string[] {
  return Object.values(hops).map(hopText).toSorted()
}

function hopText({place, arrival: {entry, source, originalDestination}}: Hop): string {
  const dialled = originalDestination === undefined ? '' : ` dialled ${formatSocket(originalDestination)}`
  return `${place.kind} ${place.name} at ${formatAddress(entry)}${dialled} from ${source?.ip ?? 'itself'}`
}

function stepsOf({hops}: TraceGraph): readonly Hop['steps'][number][] {
  return Object.values(hops).flatMap(({steps, next}) => [...steps, ...next.flatMap((branch) => branch.steps)])
}

function outcomes({outcomes: all}: TraceGraph): readonly string[] {
  return Object.values(all)
    .map(({share, verdict, place}) => `${formatShare(share)} ${verdict.kind} ${place.name}`)
    .toSorted()
}

const without =
  (folder: string, line: RegExp): Edit =>
  (file, text) =>
    file.startsWith(`capture/${folder}/`)
      ? text
          .split('\n')
          .filter((one) => !line.test(one))
          .join('\n')
      : text

describe('a node of 2022', {timeout: 60_000}, () => {
  const INTACT: readonly (Asked & {readonly name: string})[] = [
    {name: 'a captured pod to a service', from: SLEEP, to: VIP, port: 5000},
    {name: 'a captured pod to a captured pod', from: SLEEP, to: '10.244.2.4', port: 5000},
    {name: 'a pod that is not captured to a captured one', from: PLAIN, to: '10.244.2.4', port: 5000},
    {name: 'a pod that is not captured to a service', from: PLAIN, to: VIP, port: 5000},
    {name: 'another node to a captured pod', from: FAR, to: '10.244.2.4', port: 5000},
    {name: 'a captured pod to another node', from: PLAIN, to: '10.244.0.7', port: 5000},
  ]

  test.each(INTACT)('$name: intact rules give the same hops', (asked) => {
    const recorded = trace2022({...asked, captures: captures('node-2022')})
    expect(hopsOf(recorded)).toEqual(hopsOf(trace2022(asked)))
    expect(recorded.verdict).toEqual({kind: 'delivered'})
  })

  test('each capture step cites a recorded line', () => {
    const steps = stepsOf(trace2022({from: SLEEP, to: VIP, port: 5000, captures: captures('node-2022')}))
    const evidence = steps.filter(({kind}) => ['rule', 'route-lookup', 'capture'].includes(kind)).flatMap((step) => step.evidence)
    expect(evidence.length).toBeGreaterThan(4)
    expect(evidence.every(({basis, pointer}) => basis === 'recorded' && /^line \d+$/.test(pointer))).toBe(true)
    expect(evidence.map(({dump}) => dump)).toContain('capture/node/node/iptables-save')
  })

  test('kube-proxy chains give exact shares', () => {
    const asked = {from: PLAIN, to: VIP, port: 5000}
    expect(outcomes(trace2022(asked))).toEqual(['one of 2 delivered far', 'one of 2 delivered ztunnel-8v5nq'])
    expect(outcomes(trace2022({...asked, captures: captures('node-2022')}))).toEqual(['1/2 delivered far', '1/2 delivered ztunnel-8v5nq'])
  })

  // As the kernel showed for the same packets: the request passes by its ztunnel, and what comes back is still led into the other tunnel.
  test.each([
    {
      to: '10.244.2.4',
      ends: ['1 delivered ztunnel-8v5nq'],
      hop: 'ztunnel ztunnel-8v5nq at 10.244.2.2:15006 dialled 10.244.2.4:5000 from 10.244.2.3',
    },
    {to: '10.244.0.7', ends: ['1 dropped node'], hop: 'node node at 10.244.0.7:5000 from 10.244.2.3'},
  ])('a pod that the set lacks is not captured on its way to $to', ({to, ends, hop}) => {
    const graph = trace2022({from: SLEEP, to, port: 5000, captures: captures('node-2022-pod-not-in-set')})
    expect(outcomes(graph)).toEqual(ends)
    expect(hopsOf(graph)).toContain(hop)
  })

  test.each([
    {fault: 'the ip rule for marked packets is missing', edit: without('node/node', /^101:/), ends: ['1 delivered ztunnel-8v5nq']},
    {fault: 'table 101 is empty', edit: without('node/node', /\btable 101\b/), ends: ['1 delivered ztunnel-8v5nq']},
    {fault: 'the set is empty', edit: without('node/node', /^add /), ends: ['1 delivered ztunnel-8v5nq']},
  ])('$fault: the connection does not enter the outbound socket', ({edit, ends}) => {
    const graph = trace2022({from: SLEEP, to: '10.244.2.4', port: 5000, captures: captures('node-2022', edit)})
    expect(outcomes(graph)).toEqual(ends)
    expect(hopsOf(graph).filter((hop) => hop.startsWith('ztunnel'))).toEqual([
      'ztunnel ztunnel-8v5nq at 10.244.2.2:15006 dialled 10.244.2.4:5000 from 10.244.2.3',
    ])
  })

  test('state of another node changes nothing', () => {
    const elsewhere = captures('node-2022').map((one) => ({...one, name: `${one.name}-of-third`}))
    for (const asked of INTACT) expect(trace2022({...asked, captures: elsewhere})).toEqual(trace2022(asked))
  })
})

describe('capture inside a pod', {timeout: 60_000}, () => {
  const OUT = {from: REVIEWS, to: '10.244.0.7', port: 9080}
  const IN = {from: GUEST, to: '10.244.3.7', port: 9080}
  const HBONE = {from: GUEST, to: '10.244.3.7', port: 15_008}
  const PARTS = ['node and pod', 'pod alone'] as const

  function state(part: (typeof PARTS)[number], edit?: Edit): readonly RecordedCapture[] {
    return captures('in-pod', edit).filter(({kind}) => part === 'node and pod' || kind === 'pod')
  }

  describe.each(PARTS)('%s', (part) => {
    test.each([
      {name: 'out', asked: OUT},
      {name: 'in', asked: IN},
      {name: 'HBONE', asked: HBONE},
    ])('$name: intact rules give the same hops', ({asked}) => {
      const recorded = traceGa({...asked, captures: state(part)})
      expect(hopsOf(recorded)).toEqual(hopsOf(traceGa(asked)))
      expect(
        stepsOf(recorded).some(({evidence}) => evidence.some(({basis, pointer}) => basis === 'recorded' && pointer.startsWith('line '))),
      ).toBe(true)
    })

    test('without its redirection a pod is not captured', () => {
      const broken = state(part, without('bookinfo/reviews-v1', /--to-ports 15001/))
      expect(outcomes(traceGa({...OUT, captures: broken}))).toEqual(['1 delivered guest'])
    })
  })
})
