import {existsSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {UsageError} from '../flow/errors.js'
import {readContext, type ClusterContext} from './context.js'
import type {ClusterAccess} from './kubectl-arguments.js'
import {Recording, type RecordingHead} from './recording.js'

/** Where what is fetched of a live cluster lies. */
export interface LiveDirectory {
  readonly recording: Recording
  readonly context: ClusterContext
  /** Writes down what is there, and forgets it unless it is to be kept. */
  readonly close: () => Promise<void>
}

export interface LiveDirectoryRequest {
  /** Where what is fetched is kept: a new or empty directory. Without one it is forgotten at the end. */
  readonly directory?: string | undefined
  readonly tool: RecordingHead['tool']
  readonly access: ClusterAccess
  /** Where names without a namespace are looked up, if not where the context says. */
  readonly namespace?: string | undefined
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
}

/**
 * Begins a recording of what a question needs.
 * @throws UsageError for a directory that holds something else.
 * @throws ClusterError when the kubeconfig cannot be used.
 */
export async function openLiveDirectory(request: LiveDirectoryRequest): Promise<LiveDirectory> {
  refuseOld(request.directory)
  const context = await readContext(request)
  const directory = request.directory ?? (await mkdtemp(join(tmpdir(), 'ambientctl-live-')))
  const forget = async (): Promise<void> => {
    if (request.directory === undefined) await rm(directory, {recursive: true, force: true})
  }
  try {
    const recording = await Recording.open(directory, headOf(request, context))
    const close = async (): Promise<void> => {
      await recording.writeManifest()
      await forget()
    }
    return {recording, context, close}
  } catch (error) {
    await forget()
    throw error
  }
}

function headOf({tool, namespace, access}: LiveDirectoryRequest, context: ClusterContext): RecordingHead {
  const cluster = context.name ?? access.context
  return {
    collectedAt: new Date().toISOString(),
    namespace: namespace ?? context.namespace ?? 'default',
    ...(tool === undefined ? {} : {tool}),
    ...(cluster === undefined ? {} : {cluster}),
  }
}

/** What an earlier run found would be told as the state of now. */
function refuseOld(directory: string | undefined): void {
  if (directory === undefined || !existsSync(join(directory, 'snapshot.json'))) return
  throw new UsageError({
    what: 'There is an older recording in this directory.',
    expected: 'a new or empty directory',
    got: directory,
    help: `Ask the recording itself with --snapshot ${directory}.`,
  })
}
