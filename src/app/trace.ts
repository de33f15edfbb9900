import type {Question, Trace} from '../flow/trace.js'
import {fullName, type Enrolment} from '../mesh/directory.js'
import {askedEnrolment, prepareFlow} from '../mesh/flow.js'
import {startOf} from '../mesh/start.js'
import {Topology} from '../mesh/topology.js'
import {traceFlow, type TraceGraph, type TraceLimits} from '../mesh/tracer.js'
import type {Visit} from '../mesh/station.js'
import type {Mesh} from './mesh.js'
import {resolveQuestion, type Resolved} from './resolve.js'

export interface TraceOptions {
  /** Where names without a namespace are looked up first (`-n`); `default` unless told. */
  readonly namespace?: string
  readonly limits?: Partial<TraceLimits>
  /** Endpoints, waypoints or routes to follow where there is a choice (`--pick-…`). */
  readonly pins?: readonly string[]
}

/**
 * Follows the connection that a question asks about, hop by hop, to every end.
 * @throws UsageError when a name is unknown or ambiguous.
 */
export async function traceQuestion(mesh: Mesh, {question, ...options}: TraceOptions & {readonly question: Question}): Promise<Trace> {
  const resolved = await resolveQuestion(mesh, {question, namespace: options.namespace ?? 'default'})
  const prepared = prepareFlow({question, source: resolved.source, destination: resolved.destination})
  const topology = new Topology({
    directory: resolved.directory,
    forwarderOf: (workload) => mesh.shelf.forwarderOf(workload),
    enrolmentOverride: overridesOf(question, resolved),
  })
  const graph = await explore(mesh, {...options, start: startOf({...prepared, ...resolved, topology})})
  return {
    schemaVersion: 'ambientctl.trace/1',
    question,
    flow: prepared.flow,
    ...graph,
    warnings: [...resolved.notes, ...graph.warnings],
  }
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
