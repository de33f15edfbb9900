import type {Flow, Question, Trace} from '../flow/trace.js'
import {fullName, type Enrolment} from '../mesh/directory.js'
import {askedEnrolment, prepareFlow, type PreparedFlow} from '../mesh/flow.js'
import {startOf} from '../mesh/start.js'
import {Topology} from '../mesh/topology.js'
import {traceFlow, type TraceGraph, type TraceLimits} from '../mesh/tracer.js'
import type {Visit} from '../mesh/station.js'
import {startAtGateway} from './gateway-start.js'
import type {Mesh} from './mesh.js'
import {resolveQuestion, type Resolved} from './resolve.js'
import {reverseQuestion} from './reverse.js'

export interface TraceOptions {
  /** Where names without a namespace are looked up first (`-n`); `default` unless told. */
  readonly namespace?: string
  readonly limits?: Partial<TraceLimits>
  /** Endpoints, waypoints or routes to follow where there is a choice (`--pick-…`). */
  readonly pins?: readonly string[]
  /** Ask the flow back, from the destination to the source, as a new question (`--reverse`). */
  readonly reverse?: boolean
}

/**
 * Follows the connection that a question asks about, hop by hop, to every end.
 * @throws UsageError when a name is unknown or ambiguous.
 */
export async function traceQuestion(
  mesh: Mesh,
  {question: asked, ...options}: TraceOptions & {readonly question: Question},
): Promise<Trace> {
  const namespace = options.namespace ?? 'default'
  const {question, notes} =
    options.reverse === true ? await reverseQuestion(mesh, {question: asked, namespace}) : {question: asked, notes: []}
  const resolved = await resolveQuestion(mesh, {question, namespace})
  const prepared = prepareFlow({question, source: resolved.source, destination: resolved.destination})
  const topology = new Topology({
    directory: resolved.directory,
    forwarderOf: (workload) => mesh.shelf.forwarderOf(workload),
    enrolmentOverride: overridesOf(question, resolved),
  })
  const {flow, start} = await startFlow(mesh, {prepared, resolved, topology})
  const graph = await explore(mesh, {...options, start})
  return {schemaVersion: 'ambientctl.trace/1', question, flow, ...graph, warnings: [...notes, ...resolved.notes, ...graph.warnings]}
}

interface StartInput {
  readonly prepared: PreparedFlow
  readonly resolved: Resolved
  readonly topology: Topology
}

async function startFlow(mesh: Mesh, {prepared, resolved, topology}: StartInput): Promise<{flow: Flow; start: Visit}> {
  const {source} = resolved
  if (prepared.flow.clientKind === 'gateway' && source.kind === 'workload') {
    const config = await mesh.shelf.configOf(source.workload)
    if (config !== undefined) return startAtGateway(prepared, {workload: source.workload, config, topology})
    const {destination} = prepared.flow.connection
    return {
      flow: prepared.flow,
      start: {station: topology.proxy(source.workload), arrival: {entry: {kind: 'socket', ...destination}, payload: prepared.payload}},
    }
  }
  return {flow: prepared.flow, start: startOf({...prepared, ...resolved, topology})}
}

/** A trace that reaches a dump not read yet is made again once it was. */
export async function explore(mesh: Mesh, options: Omit<TraceOptions, 'namespace'> & {readonly start: Visit}): Promise<TraceGraph> {
  let graph = traceFlow(options)
  while (await mesh.shelf.loadWanted()) graph = traceFlow(options)
  return graph
}

function overridesOf(question: Question, {source}: Resolved): ReadonlyMap<string, Enrolment> {
  return question.fromKind === undefined || source.kind !== 'workload'
    ? new Map()
    : new Map([[fullName(source.workload), askedEnrolment(question.fromKind)]])
}
