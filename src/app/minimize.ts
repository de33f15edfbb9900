import type {Question, Trace} from '../flow/trace.js'
import type {Outlook, VerdictKind} from '../flow/verdict.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import {Staging, type Destination} from '../snapshot/staging.js'
import {SnapshotParts} from '../snapshot/minimize/parts.js'
import {writeParts, type Written} from '../snapshot/minimize/write-parts.js'
import type {Snapshot} from '../snapshot/snapshot.js'
import {openMesh, type MeshOptions} from './mesh.js'
import {answersOrNone, findNeeded, type Needed} from './needed-parts.js'
import {answerText, areSame} from './same-answer.js'
import {traceQuestion, type TraceOptions} from './trace.js'

export interface MinimizeQuestion {
  /** A directory, an archive, or a single dump. */
  readonly snapshot: string
  readonly flows: readonly Question[]
  readonly trace: TraceOptions
  readonly mesh: MeshOptions
  readonly destination: Destination
  readonly version: string
  readonly progress: (line: string) => void
}

/** What `minimize` prints as JSON. */
export interface MinimizeResult extends Written {
  readonly schemaVersion: 'ambientctl.minimize/1'
  /** The directory, or the archive. */
  readonly output: string
  readonly flows: readonly MinimizedFlow[]
  /** Elements of dumps and inventory that are kept, and of those that were read. */
  readonly elements: {readonly kept: number; readonly of: number}
  /** Why more is kept than may be needed, and what the original says that the copy does not. */
  readonly warnings: readonly string[]
  readonly outlook: Outlook
}

export interface MinimizedFlow {
  readonly source: string
  readonly destination: string
  /** The same before and after. */
  readonly verdict: VerdictKind
}

/**
 * Writes a snapshot anew with what the traces of some flows need, and asks them again of it: it stands there only when they answer as
 * before. Where they do not, whole files are kept, and a warning says so.
 * @throws UsageError for names that are unknown, and a destination that holds something. @throws InputError @throws ExternalError
 */
export async function minimize(request: MinimizeQuestion): Promise<MinimizeResult> {
  const staging = await Staging.open(request.destination)
  try {
    const parts = await SnapshotParts.open(request.snapshot)
    try {
      return await minimizeParts(parts, {...request, staging})
    } finally {
      parts.close()
    }
  } finally {
    await staging.discard()
  }
}

type Running = MinimizeQuestion & {readonly staging: Staging}

async function minimizeParts(parts: SnapshotParts, request: Running): Promise<MinimizeResult> {
  const needed = await findNeeded(parts, {ask: (snapshot) => answersOf(snapshot, request), progress: request.progress})
  const {written, warnings} = await writeChecked(parts, {...request, needed})
  await request.staging.keep()
  const {destination, flows} = request
  return {
    schemaVersion: 'ambientctl.minimize/1',
    output: 'archive' in destination ? destination.archive : destination.directory,
    flows: flows.map(({source, destination: dialled}, at) => ({
      source,
      destination: dialled,
      verdict: needed.answers[at]?.verdict.kind ?? 'undetermined',
    })),
    ...written,
    elements: needed.elements,
    warnings: [...needed.warnings, ...warnings],
    outlook: 'positive',
  }
}

async function answersOf(snapshot: Snapshot, {flows, mesh: options, trace}: Running): Promise<readonly Trace[]> {
  const mesh = await openMesh(snapshot, options)
  const answers: Trace[] = []
  for (const question of flows) answers.push(await traceQuestion(mesh, {...trace, question}))
  return answers
}

interface Checked {
  readonly written: Written
  readonly warnings: readonly string[]
}

/** The written snapshot is what others will read: it is asked, not its parts. */
async function writeChecked(parts: SnapshotParts, request: Running & {readonly needed: Needed}): Promise<Checked> {
  const {needed, staging, version} = request
  const expected = needed.answers.map(answerText)
  const minimizedFor = request.flows.map(({source, destination}) => `${source} ${destination}`)
  for (const {keeps, warnings} of attempts(needed)) {
    const directory = staging.nextDirectory()
    const written = await writeParts(parts, {directory, keeps, minimizedFor, tool: {name: 'ambientctl', version}})
    const answers = await reread(directory, request)
    if (answers !== undefined && areSame(answers, expected)) {
      return {written, warnings: [...warnings, ...lostWarnings(needed.answers, answers)]}
    }
  }
  throw new Error('a copy of the snapshot does not answer as the snapshot itself')
}

interface Attempt {
  readonly keeps: Needed['keeps']
  readonly warnings: readonly string[]
}

function attempts({keeps, keepsFile}: Needed): readonly Attempt[] {
  return [
    {keeps, warnings: []},
    {keeps: keepsFile, warnings: ['less would have given another answer: the files that are needed are kept as they are']},
    {keeps: () => true, warnings: ['less would have given another answer: the whole snapshot is kept']},
  ]
}

async function reread(directory: string, request: Running): Promise<readonly Trace[] | undefined> {
  const snapshot = await openSnapshot({paths: [directory], environment: {}})
  try {
    return await answersOrNone(() => answersOf(snapshot, request))
  } finally {
    snapshot.close()
  }
}

function lostWarnings(before: readonly Trace[], after: readonly Trace[]): readonly string[] {
  const told = new Set(after.flatMap(({warnings}) => warnings))
  const lost = new Set(before.flatMap(({warnings}) => warnings).filter((warning) => !told.has(warning)))
  return [...lost].map((warning) => `said of the original only: ${warning}`)
}
