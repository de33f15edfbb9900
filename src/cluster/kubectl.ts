import {startProgram, type ChildProgram, type ProgramEnd} from './child-program.js'
import {startIntoFile} from './file-program.js'
import {followFile} from './follow-file.js'
import type {HeadStart} from './head-start.js'
import {kubectlFailure, UNWRITTEN, type Asked, type ClusterError} from './kubectl-failure.js'
import type {PartialFile} from './partial-file.js'
import {TextTail} from './text-tail.js'

export interface KubectlCall {
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Where kubectl writes its standard output by itself, so that this process need not copy it; default: a pipe. */
  readonly into?: PartialFile | undefined
  /** Whether what stands in that file is also read as it comes; default: yes. */
  readonly follow?: boolean | undefined
  /** A kubectl that was started for the same before. */
  readonly headStart?: HeadStart | undefined
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

const TAIL_BYTES = 4096

/** Starts kubectl with an argument array; no shell reads it. */
export async function startKubectl(call: KubectlCall): Promise<RunningKubectl> {
  const program = (await call.headStart?.take(call.args, call)) ?? (await startAnew(call))
  const tail = new TextTail(TAIL_BYTES)
  program.stderr?.on('data', (chunk: Uint8Array) => {
    tail.push(chunk)
  })
  return {
    stdout: outputOf(program, call),
    stop: async () => {
      program.stop()
      await program.ended
    },
    failure: async (bytes) => {
      const result = await program.ended
      const stderr = tail.toString()
      return hasFailed(result) || UNWRITTEN.test(stderr) ? kubectlFailure({...call, result, bytes, stderr}) : undefined
    },
  }
}

async function startAnew({into, ...call}: KubectlCall): Promise<ChildProgram> {
  if (into === undefined) return startProgram('kubectl', call)
  await into.empty()
  return startIntoFile('kubectl', {...call, stdout: into.descriptor})
}

function outputOf({stdout, ended}: ChildProgram, {into, follow}: KubectlCall): AsyncIterable<Uint8Array> {
  if (into !== undefined && follow !== false) return followFile(into, ended)
  return stdout ?? nothingUntil(ended)
}

async function* nothingUntil(ended: Promise<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  await ended
}

function hasFailed({exitCode, timedOut, isCanceled}: ProgramEnd): boolean {
  return exitCode !== 0 || timedOut || isCanceled
}

/**
 * Runs kubectl and gives its standard output as it comes, byte for byte. kubectl ends with the reader.
 * @throws ClusterError when kubectl is absent, fails, or takes too long.
 */
export async function* streamKubectl(call: KubectlCall): AsyncGenerator<Uint8Array, void, undefined> {
  const kubectl = await startKubectl(call)
  const {into, follow} = call
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
  const failure = await kubectl.failure(into !== undefined && follow === false ? into.size() : bytes)
  if (failure !== undefined) throw failure
}
