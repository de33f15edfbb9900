import type {Flow, Question, Trace} from '../flow/trace.js'
import {fullName, type Directory, type Enrolment} from '../mesh/directory.js'
import {askedEnrolment, prepareFlow, type PreparedFlow} from '../mesh/flow.js'
import {startOf} from '../mesh/start.js'
import {connectClusters, Topology} from '../mesh/topology.js'
import {traceFlow, type TraceGraph, type TraceLimits} from '../mesh/tracer.js'
import type {Visit} from '../mesh/station.js'
import {startAtGateway} from './gateway-start.js'
import type {Mesh} from './mesh.js'
import {resolveQuestion, type Resolved} from './resolve.js'
import {namedByZtunnel} from './dns.js'
import {reverseQuestion} from './reverse.js'
import {findingsFor} from './trace-findings.js'
import {captureNotes, captureOf, worldOf, type CaptureNotes} from './world.js'

export interface TraceOptions {
  /** Where names without a namespace are looked up first (`-n`); unless told as when it was recorded, else `default`. */
  readonly namespace?: string | undefined
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
  const namespace = options.namespace ?? mesh.snapshot.namespace ?? 'default'
  const {question, notes} =
    options.reverse === true ? await reverseQuestion(mesh, {question: asked, namespace}) : {question: asked, notes: []}
  const resolved = await withCapture(await resolveQuestion(mesh, {question, namespace}), question)
  const destination = await namedByZtunnel(resolved)
  const prepared = prepareFlow({question, source: resolved.source, destination: destination.destination})
  const topology = topologyOf(mesh, {question, resolved})
  const {flow, start} = await startFlow({prepared, resolved: {...resolved, ...destination}, topology})
  const graph = await explore(mesh, {...options, start})
  const capture = await captureNotesOf(mesh, graph)
  return {
    schemaVersion: 'ambientctl.trace/1',
    question,
    flow,
    ...graph,
    warnings: [...new Set([...notes, ...resolved.notes, ...graph.warnings, ...capture.warnings])],
    ...(await findingsFor({flow, graph, capture: capture.findings, resolved: {...resolved, ...destination}})),
  }
}

/** The source with what ztunnel says about its capture. */
async function withCapture(resolved: Resolved, question: Question): Promise<Resolved> {
  const {source, home, directory} = resolved
  if (source.kind !== 'workload' || question.fromKind !== undefined) return resolved
  const enrolment = await captureOf(home, {workload: source.workload, directory})
  return {...resolved, source: {kind: 'workload', workload: {...source.workload, enrolment}}}
}

/** The topology of the source's cluster, connected with the others. */
function topologyOf(mesh: Mesh, {question, resolved}: {readonly question: Question; readonly resolved: Resolved}): Topology {
  const {home, directory} = resolved
  const meshes = [home, ...[mesh, ...mesh.others].filter((one) => one !== home)]
  const override = overridesOf(question, resolved)
  const [first = new Topology(worldOf(home, {directory, override}))] = connectClusters(
    meshes.map((one) => worldOf(one, one === home ? {directory, override} : {directory: one.directory, override: undefined})),
  )
  return first
}

async function captureNotesOf(mesh: Mesh, {hops}: Pick<Trace, 'hops'>): Promise<CaptureNotes> {
  const notes: CaptureNotes[] = []
  for (const one of [mesh, ...mesh.others]) {
    const names = new Set(
      Object.values(hops)
        .filter(({place}) => place.cluster === one.cluster)
        .flatMap((hop) => podsOf(hop, one.directory)),
    )
    notes.push(await captureNotes(one, {names, directory: one.directory}))
  }
  return {findings: notes.flatMap(({findings}) => findings), warnings: notes.flatMap(({warnings}) => warnings)}
}

/** An application, and the pod whose address a connection has when it is lost before anybody takes it. */
function podsOf({place: {kind, name, namespace}, arrival: {entry}}: Trace['hops'][string], directory: Directory): readonly string[] {
  const target = entry.kind === 'socket' ? directory.podAt(entry.ip) : undefined
  return [
    ...(kind === 'app' && namespace !== undefined ? [fullName({name, namespace})] : []),
    ...(target === undefined ? [] : [fullName(target)]),
  ]
}

interface StartInput {
  readonly prepared: PreparedFlow
  readonly resolved: Resolved
  readonly topology: Topology
}

async function startFlow({prepared, resolved, topology}: StartInput): Promise<{flow: Flow; start: Visit}> {
  const {source} = resolved
  if (prepared.flow.clientKind === 'gateway' && source.kind === 'workload') {
    const config = await resolved.home.shelf.configOf(source.workload)
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
  while (await loadWanted(mesh)) graph = traceFlow(options)
  return graph
}

async function loadWanted(mesh: Mesh): Promise<boolean> {
  let hasRead = false
  for (const {shelf} of [mesh, ...mesh.others]) hasRead = (await shelf.loadWanted()) || hasRead
  return hasRead
}

function overridesOf(question: Question, {source}: Resolved): ReadonlyMap<string, Enrolment> {
  return question.fromKind === undefined || source.kind !== 'workload'
    ? new Map()
    : new Map([[fullName(source.workload), askedEnrolment(question.fromKind)]])
}
