import {kubectlFailure} from './kubectl-failure.js'
import {TextTail} from './text-tail.js'

export interface KubectlCall {
  readonly args: readonly string[]
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** What is asked for, for messages: the pod and its container. */
  readonly about: {readonly pod: string; readonly container: string}
}

/** How long kubectl may take to end after it was told to. */
const KILL_AFTER_MS = 3000
const TAIL_BYTES = 4096

/**
 * Runs kubectl and gives its standard output as it comes, byte for byte. kubectl ends with the reader.
 * @throws ExternalError when kubectl is absent, fails, or takes too long.
 */
export async function* streamKubectl(call: KubectlCall): AsyncGenerator<Uint8Array, void, undefined> {
  // Loading execa takes longer than everything else a run without a cluster does (libraries.md 2).
  const {execa} = await import('execa')
  const subprocess = execa('kubectl', call.args, {
    buffer: false,
    encoding: 'buffer',
    stdin: 'ignore',
    reject: false,
    timeout: call.timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    ...(call.cancelSignal === undefined ? {} : {cancelSignal: call.cancelSignal}),
  })
  const tail = new TextTail(TAIL_BYTES)
  subprocess.stderr.on('data', (chunk: Uint8Array) => {
    tail.push(chunk)
  })
  let bytes = 0
  let ended = false
  try {
    for await (const chunk of subprocess.iterable({binary: true, preserveNewlines: true})) {
      bytes += chunk.length
      yield chunk
    }
    ended = true
  } finally {
    if (!ended) subprocess.kill()
  }
  const result = await subprocess
  if (result.failed) throw kubectlFailure({...call, result, bytes, stderr: tail.toString()})
}
