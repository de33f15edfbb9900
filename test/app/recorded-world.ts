import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
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
export const SLEEP = workload({name: 'sleep', ips: ['10.244.2.3'], ...ON_NODE})
const HELLO = workload({name: 'helloworld-v1', ips: ['10.244.2.4'], ...ON_NODE})
export const PLAIN = uncaptured({name: 'plain', namespace: 'legacy', ips: ['10.244.2.5'], ...ON_NODE})
const ZTUNNEL = uncaptured({name: 'ztunnel-8v5nq', namespace: 'istio-system', ips: ['10.244.2.2'], role: 'ztunnel', ...ON_NODE})
export const FAR = uncaptured({name: 'far', ips: ['10.244.0.7'], node: 'other'})
export const VIP = '10.96.44.10'
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

export const REVIEWS = workload({name: 'reviews-v1', namespace: 'bookinfo', ips: ['10.244.3.7', 'fd00:10:244:3::7'], ...ON_NODE})
export const GUEST = uncaptured({name: 'guest', ips: ['10.244.0.7'], node: 'other'})
export const GUEST_OF_IPV6 = uncaptured({name: 'guest-of-ipv6', ips: ['fd00:10:244::9'], node: 'other'})
const OF_GA = directory({workloads: [REVIEWS, GUEST, GUEST_OF_IPV6]})

type Edit = (file: string, text: string) => string

/** The shipped state as a snapshot tells it; `edit` puts a fault in. */
export function captures(state: string, edit: Edit = (_, text) => text): readonly RecordedCapture[] {
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

export interface Asked {
  readonly from: Workload
  readonly to: string
  readonly port: number
  readonly captures?: readonly RecordedCapture[]
  /** What ztunnel does in GA; it takes everything unless told. */
  readonly ztunnel?: Forwarder
}

export function trace2022(asked: Asked): TraceGraph {
  return trace({directory: OF_2022, generation: '2022', forwarderOf: ({name}) => sink({kind: 'ztunnel', name})}, asked)
}

export function traceGa(asked: Asked): TraceGraph {
  const ztunnel = asked.ztunnel ?? sink({kind: 'ztunnel', name: 'ztunnel'})
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
export function hopsOf({hops}: TraceGraph): readonly string[] {
  return Object.values(hops).map(hopText).toSorted()
}

function hopText({place, arrival: {entry, source, originalDestination}}: Hop): string {
  const dialled = originalDestination === undefined ? '' : ` dialled ${formatSocket(originalDestination)}`
  return `${place.kind} ${place.name} at ${formatAddress(entry)}${dialled} from ${source?.ip ?? 'itself'}`
}

export function stepsOf({hops}: TraceGraph): readonly Hop['steps'][number][] {
  return Object.values(hops).flatMap(({steps, next}) => [...steps, ...next.flatMap((branch) => branch.steps)])
}

export function outcomes({outcomes: all}: TraceGraph): readonly string[] {
  return Object.values(all)
    .map(({share, verdict, place}) => `${formatShare(share)} ${verdict.kind} ${place.name}`)
    .toSorted()
}

/** The same without some lines of the files of one place. */
export const without =
  (folder: string, line: RegExp): Edit =>
  (file, text) =>
    file.startsWith(`capture/${folder}/`)
      ? text
          .split('\n')
          .filter((one) => !line.test(one))
          .join('\n')
      : text
