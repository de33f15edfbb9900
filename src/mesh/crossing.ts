import {COLLECT_INVENTORY} from './collect.js'
import {formatSocket, type SocketAddress} from '../flow/address.js'
import type {Arrival} from '../flow/connection.js'
import type {Forwarder, Forwarding, Place} from '../flow/forwarder.js'
import type {Evidence, Step} from '../flow/step.js'
import type {Missing} from '../flow/verdict.js'
import type {Directory, Enrolment, Workload} from './directory.js'
import {undeterminedForwarding} from './forwardings.js'

export interface NodeCapture {
  readonly node: string
  /** Its cluster, where there are several. */
  readonly cluster?: string
  readonly directory: Directory
  /** Whether a pod's address is in the node's ipset; may differ from the directory when the question says so. */
  readonly enrolmentOf: (workload: Workload) => Enrolment
  /** What recorded rules inside a pod make of what reaches it; undefined where none were recorded (GA). */
  readonly into?: (target: Workload, crossing: Crossing) => Forwarding | undefined
}

/** One connection crossing the node. */
export interface Crossing extends NodeCapture {
  readonly arrival: Arrival
  readonly to: SocketAddress
}

/** A node that decides about connections by their addresses. */
export function createCrossing(capture: NodeCapture, decide: (crossing: Crossing) => Forwarding): Forwarder {
  return {
    place: nodePlace(capture),
    forward: (arrival) => {
      if (arrival.entry.kind !== 'socket') {
        return undeterminedForwarding({what: `how node ${capture.node} routes something that is no IP packet`})
      }
      const {ip, port} = arrival.entry
      return decide({...capture, arrival, to: {ip, port}})
    },
  }
}

/** Whether a pod is captured decides, and is not known. */
export function unknownCapture(
  crossing: Crossing,
  {workload, because}: {readonly workload: Workload; readonly because: string},
): Forwarding {
  return undetermined(crossing, {
    what: `whether pod ${workload.namespace}/${workload.name} is captured: ${because}`,
    collect: COLLECT_INVENTORY,
  })
}

export function undetermined(crossing: Crossing, missing: Missing): Forwarding {
  const {exits} = undeterminedForwarding(missing)
  return {steps: [captureStep(crossing, {how: 'not known', because: [missing.what]})], exits}
}

interface CaptureFact {
  readonly how: string
  readonly to?: SocketAddress
  readonly because: readonly string[]
  /** The pods of source and target, unless something else decided. */
  readonly evidence?: readonly Evidence[] | undefined
}

export function captureStep(crossing: Crossing, {how, to, because, evidence}: CaptureFact): Step {
  return {
    kind: 'capture',
    how,
    because: [...because, `to ${formatSocket(crossing.to)}`],
    evidence: evidence ?? evidenceOf(crossing),
    ...(to === undefined ? {} : {to}),
  }
}

/** The pods whose entries in the inventory decided. */
function evidenceOf({arrival, directory, to}: Crossing): readonly Evidence[] {
  const pods = [arrival.source?.ip, to.ip].flatMap((ip) => (ip === undefined ? undefined : directory.podAt(ip)) ?? [])
  return pods.map(({evidence}) => ({...evidence, basis: 'assumed' as const}))
}

export function formatOptional(address: SocketAddress | undefined): string {
  return address === undefined ? 'the client' : address.ip
}

export function nodePlace({node, cluster}: Pick<NodeCapture, 'node' | 'cluster'>): Place {
  return {kind: 'node', name: node, node, ...(cluster === undefined ? {} : {cluster})}
}
