import {fetchDump, type TransportMemory} from './fetch-dump.js'
import {findProxyPod, parseWanted} from './find-proxy-pod.js'
import {accessArguments, checkLabel, type ClusterAccess} from './kubectl-arguments.js'
import type {PartialFile} from './partial-file.js'
import type {Transport} from './transport.js'

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
  const target = await findProxyPod({...request, note: warn})
  const memory: TransportMemory = new Map()
  yield* fetchDump({...request, target, memory, warn})
}
