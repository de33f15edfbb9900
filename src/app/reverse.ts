import {UsageError} from '../flow/errors.js'
import type {Question} from '../flow/trace.js'
import {compareText} from '../flow/compare-text.js'
import {fullName, type Directory, type Workload} from '../mesh/directory.js'
import type {Destination} from '../mesh/destination-names.js'
import type {Source} from '../mesh/source-names.js'
import type {Mesh} from './mesh.js'
import {resolveQuestion} from './resolve.js'

/** A question the other way round, and what was chosen for it. */
export interface Reversed {
  readonly question: Question
  readonly notes: readonly string[]
}

/**
 * The flow asked back as a new question: from the destination's pod to the source, at the source's only declared port,
 * else at the port of the first question. Not the answers of the same connection, which need no decision.
 * @throws UsageError when a name is unknown or ambiguous.
 */
export async function reverseQuestion(
  mesh: Mesh,
  {question, namespace}: {readonly question: Question; readonly namespace: string},
): Promise<Reversed> {
  const {source, destination, directory, notes} = await resolveQuestion(mesh, {question, namespace})
  const from = answering(destination, directory)
  return {
    question: {...question, source: from.text, destination: `${targetText(source)}:${portOf(source, destination)}`},
    notes: [...notes, ...from.notes],
  }
}

/** The pods behind a destination; the first by name asks for all. */
function answering({addresses, service, workload}: Destination, directory: Directory): {text: string; notes: readonly string[]} {
  const ips = service?.endpoints?.map(({ip}) => ip) ?? addresses.map(({ip}) => ip)
  const pods = workload === undefined ? [...new Set(ips.flatMap((ip) => directory.podAt(ip) ?? []))] : [workload]
  const [first, ...others] = pods.map(fullName).toSorted(compareText)
  if (first === undefined) return {text: addresses[0].ip, notes: []}
  return {text: `pod/${first}`, notes: others.length === 0 ? [] : [`asked back from ${first}; the service also has ${others.join(', ')}`]}
}

function targetText(source: Source): string {
  switch (source.kind) {
    case 'workload':
      return `pod/${fullName(source.workload)}`
    case 'node':
      return source.node.ips[0] ?? source.node.name
    case 'address':
      return source.ip
    case 'outside':
      throw new UsageError({what: 'A client outside has no address to ask back to.', help: 'Give its address as the source.'})
    default:
      return source satisfies never
  }
}

function portOf(source: Source, destination: Destination): number {
  const [only, ...others] = source.kind === 'workload' ? tcpPorts(source.workload) : []
  return only !== undefined && others.length === 0 ? only : destination.port.port
}

function tcpPorts(workload: Workload): readonly number[] {
  return (workload.containerPorts ?? []).filter(({protocol}) => protocol === 'TCP').map(({port}) => port)
}
