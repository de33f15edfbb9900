import {fetchDump, type DumpFetch, type PassedOver, type TransportMemory} from './fetch-dump.js'
import {accessArguments, checkLabel, type ClusterAccess} from './kubectl-arguments.js'
import {ClusterError, type FailureReason} from './kubectl-failure.js'
import type {PartialFile} from './partial-file.js'
import {guessOf, type Guess} from './guess.js'
import type {HeadStart} from './head-start.js'
import type {Transport} from './transport-arguments.js'
import {parseWanted} from './wanted-pod.js'

export interface PodDumpRequest {
  /** `POD`, `NAMESPACE/POD` or `deploy/NAME`. */
  readonly pod: string
  /** Default: what the pod tells. */
  readonly container?: string | undefined
  readonly access: ClusterAccess
  /** The only way to take; default: all that may work. */
  readonly transport?: Transport | undefined
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Where the bytes are also to stand; then a chunk is good until the next one is asked for. */
  readonly into?: PartialFile | undefined
  /** Whether they are also wanted as they come into that file; default: yes. */
  readonly follow?: boolean | undefined
  /** What was begun for the same file before. */
  readonly headStart?: HeadStart | undefined
  readonly warn: (warning: string) => void
}

/**
 * The config dump of a running proxy, byte for byte, fetched through kubectl.
 * @throws UsageError for names Kubernetes does not allow, before anything is run.
 * @throws ClusterError when it cannot be had whole.
 */
export function podDump(request: PodDumpRequest): AsyncIterable<Uint8Array> {
  refuseBadNames(request)
  return fetchPod(request)
}

function refuseBadNames({pod, container, access}: PodDumpRequest): void {
  parseWanted({pod, access})
  if (container !== undefined) checkLabel(container, '--container')
  accessArguments(access)
}

async function* fetchPod({warn, ...request}: PodDumpRequest): AsyncGenerator<Uint8Array, void, undefined> {
  const memory: TransportMemory = new Map()
  const guess = guessOf(request)
  const failed = guess === undefined ? undefined : yield* fetchGuess({...request, ...guess, memory, warn})
  if (failed === 'came') return
  const {findProxyPod} = await import('./find-proxy-pod.js')
  const target = await findProxyPod({...request, note: warn})
  const isSame = target.pod === guess?.target.pod && target.container === guess.target.container
  yield* fetchDump({...request, target, memory, warn, failed: isSame && isOfWay(failed) ? failed : undefined})
}

/** Failures that another name of the pod would not change. */
const FINAL: ReadonlySet<FailureReason> = new Set(['no-kubectl', 'stopped', 'timeout', 'login', 'kubeconfig', 'unreachable', 'not-written'])

/** The bytes; at the end why there were none. */
async function* fetchGuess(fetch: DumpFetch & Guess): AsyncGenerator<Uint8Array, 'came' | PassedOver, undefined> {
  let bytes = 0
  try {
    for await (const chunk of fetchDump(fetch)) {
      bytes += chunk.length
      yield chunk
    }
    return 'came'
  } catch (error) {
    if (bytes > 0 || !(error instanceof ClusterError) || FINAL.has(error.reason)) throw error
    return {transport: fetch.transport, error}
  }
}

/** Failures that show that the pod is there. */
const OF_WAY: ReadonlySet<FailureReason> = new Set(['no-program', 'no-admin', 'no-dump'])

function isOfWay(failed: PassedOver | undefined): boolean {
  return failed !== undefined && OF_WAY.has(failed.error.reason)
}
