import {followFile} from './follow-file.js'
import {kubectlFailure, UNWRITTEN, type Asked, type ClusterError} from './kubectl-failure.js'
import type {PartialFile} from './partial-file.js'
import {TextTail} from './text-tail.js'

export interface KubectlCall {
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Where kubectl writes its standard output by itself, so that this process need not copy it; default: a pipe. */
  readonly into?: PartialFile | undefined
  /** What is asked for, for messages. */
  readonly about: Asked
}

/** A kubectl that runs. Its standard output must be read, or it stands still. */
export interface RunningKubectl {
  readonly stdout: AsyncIterable<Uint8Array>
  /** Tells it to end, by its own process id, and waits until it has. */
  stop(): Promise<void>
  /** Waits for its end: why it failed, undefined when it did not. `bytes` arrived before. */
  failure(bytes: number): Promise<ClusterError | undefined>
}

/** How long kubectl may take to end after it was told to. */
const KILL_AFTER_MS = 3000
const TAIL_BYTES = 4096

/** Starts kubectl with an argument array; no shell reads it. */
export async function startKubectl(call: KubectlCall): Promise<RunningKubectl> {
  // Loading execa takes longer than everything else a run without a cluster does (libraries.md 2).
  const {execa} = await import('execa')
  const {into} = call
  await into?.empty()
  const subprocess = execa('kubectl', call.args, {...optionsOf(call), stdout: into === undefined ? 'pipe' : into.forProcess()})
  const tail = new TextTail(TAIL_BYTES)
  subprocess.stderr.on('data', (chunk: Uint8Array) => {
    tail.push(chunk)
  })
  return {
    stdout: into === undefined ? subprocess.iterable({binary: true, preserveNewlines: true}) : followFile(into, subprocess),
    stop: async () => {
      subprocess.kill()
      await subprocess
    },
    failure: async (bytes) => {
      const result = await subprocess
      const stderr = tail.toString()
      return result.failed || UNWRITTEN.test(stderr) ? kubectlFailure({...call, result, bytes, stderr}) : undefined
    },
  }
}

function optionsOf({timeoutMs, cancelSignal}: KubectlCall) {
  return {
    buffer: false,
    encoding: 'buffer',
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    ...(cancelSignal === undefined ? {} : {cancelSignal}),
  } as const
}

/**
 * Runs kubectl and gives its standard output as it comes, byte for byte. kubectl ends with the reader.
 * @throws ClusterError when kubectl is absent, fails, or takes too long.
 */
export async function* streamKubectl(call: KubectlCall): AsyncGenerator<Uint8Array, void, undefined> {
  const kubectl = await startKubectl(call)
  let bytes = 0
  let ended = false
  try {
    for await (const chunk of kubectl.stdout) {
      bytes += chunk.length
      yield chunk
    }
    ended = true
  } finally {
    if (!ended) await kubectl.stop()
  }
  const failure = await kubectl.failure(bytes)
  if (failure !== undefined) throw failure
}
