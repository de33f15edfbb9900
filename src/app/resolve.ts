import {UsageError} from '../flow/errors.js'
import type {Question} from '../flow/trace.js'
import {resolveDestination, type Destination} from '../mesh/destination-names.js'
import type {Directory} from '../mesh/directory.js'
import {whenFound, found, type Resolution} from '../mesh/resolution.js'
import {resolveSource, type Source} from '../mesh/source-names.js'
import type {Mesh} from './mesh.js'

/** A question's names as things of the cluster. */
export interface Resolved {
  readonly source: Source
  readonly destination: Destination
  readonly directory: Directory
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
  const first = resolveIn(mesh.directory, asked)
  const resolution = first.kind === 'unknown' ? resolveIn(await mesh.inferred(), asked) : first
  if (resolution.kind === 'found') return {...resolution.value, notes: resolution.notes}
  throw usageError(resolution)
}

function resolveIn(directory: Directory, {question, namespace}: Asked): Resolution<Omit<Resolved, 'notes'>> {
  return whenFound(resolveSource(directory, {text: question.source, namespace}), (source) =>
    whenFound(resolveDestination(directory, {text: question.destination, namespace}), (destination) =>
      found({source, destination, directory}),
    ),
  )
}

/** What to type instead. */
function usageError(resolution: Exclude<Resolution<unknown>, {kind: 'found'}>): UsageError {
  if (resolution.kind === 'ambiguous') {
    return new UsageError({what: `"${resolution.text}" is ambiguous.`, help: `Say one of: ${resolution.candidates.join(', ')}.`})
  }
  const {text, why, suggestions} = resolution
  return new UsageError({
    what: `"${text}" cannot be resolved: ${why}.`,
    help: suggestions.length === 0 ? undefined : `Did you mean ${suggestions.join(', ')}?`,
  })
}
