import type {Question} from '../flow/trace.js'
import {resolveDestination, type Destination} from '../mesh/destination-names.js'
import type {Directory} from '../mesh/directory.js'
import {whenFound, found, type Resolution} from '../mesh/resolution.js'
import {resolveSource, type Source} from '../mesh/source-names.js'
import type {Mesh} from './mesh.js'
import {unresolved} from './unresolved.js'

/** A question's names as things of the cluster. */
export interface Resolved {
  readonly source: Source
  readonly destination: Destination
  readonly directory: Directory
  /** The cluster of the source, in which the destination's name is looked up. */
  readonly home: Mesh
  /** What the user should know about the choice made. */
  readonly notes: readonly string[]
}

/** A question, and the namespace in which names without one are looked up first. */
export interface Asked {
  readonly question: Question
  readonly namespace: string
}

/**
 * Resolves the names of a question. Names that the inventory does not have are looked for in the dumps.
 * @throws UsageError when a name is unknown or ambiguous (64).
 */
export async function resolveQuestion(mesh: Mesh, asked: Asked): Promise<Resolved> {
  const {home, question} = homeOf(mesh, asked)
  const own = {...asked, question}
  const first = resolveIn(home.directory, own)
  const resolution = first.kind === 'unknown' ? resolveIn(await home.inferred(), own) : first
  if (resolution.kind === 'found') return {...resolution.value, home, notes: resolution.notes}
  throw unresolved(resolution)
}

interface Home {
  readonly home: Mesh
  /** The question without the name of the cluster. */
  readonly question: Question
}

/** `CLUSTER/…` says in which cluster the source is; else it is in the one cluster that knows it. */
function homeOf(mesh: Mesh, {question, namespace}: Asked): Home {
  const meshes = [mesh, ...mesh.others]
  const named = meshes.find(({cluster}) => cluster !== undefined && question.source.startsWith(`${cluster}/`))
  if (named !== undefined) return {home: named, question: {...question, source: question.source.slice((named.cluster?.length ?? 0) + 1)}}
  if (meshes.length === 1) return {home: mesh, question}
  const knowing = meshes.filter(({directory}) => isKnown(resolveSource(directory, {text: question.source, namespace})))
  const [only] = knowing
  if (only !== undefined && knowing.length > 1) {
    throw unresolved({
      kind: 'ambiguous',
      text: question.source,
      candidates: knowing.map(({cluster}) => `${cluster ?? ''}/${question.source}`),
    })
  }
  return {home: only ?? ownerOf(meshes, question.destination) ?? mesh, question}
}

/** Something of a cluster, not merely an address or "somebody outside". */
function isKnown(resolution: Resolution<Source>): boolean {
  if (resolution.kind !== 'found') return resolution.kind === 'ambiguous'
  return resolution.value.kind === 'workload' || resolution.value.kind === 'node'
}

/** A client outside belongs to no cluster: the one whose destination it names is asked. */
function ownerOf(meshes: readonly Mesh[], destination: string): Mesh | undefined {
  return meshes.find(({directory}) => {
    const resolved = resolveDestination(directory, {text: destination, namespace: 'default'})
    return resolved.kind === 'found' && resolved.value.kind !== 'address'
  })
}

function resolveIn(directory: Directory, {question, namespace}: Asked): Resolution<Omit<Resolved, 'notes' | 'home'>> {
  return whenFound(resolveSource(directory, {text: question.source, namespace}), (source) =>
    whenFound(resolveDestination(directory, {text: question.destination, namespace}), (destination) =>
      found({source, destination, directory}),
    ),
  )
}
