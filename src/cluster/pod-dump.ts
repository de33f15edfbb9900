import {completeDump} from './complete-dump.js'
import {streamKubectl} from './kubectl.js'
import {accessArguments, checkLabel, parsePod, type ClusterAccess} from './kubectl-arguments.js'

export interface PodDumpRequest {
  /** `POD` or `NAMESPACE/POD`. */
  readonly pod: string
  readonly container: string
  readonly access: ClusterAccess
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  readonly warn: (warning: string) => void
}

/** Envoy leaves endpoints out unless asked (envoy-2022 D8); the Rust ztunnel ignores the query. */
const ADMIN_URL = '127.0.0.1:15000/config_dump?include_eds'

/**
 * The config dump of a running proxy, byte for byte, fetched with `kubectl exec … curl`.
 * @throws UsageError for names Kubernetes does not allow, before anything is run.
 * @throws ExternalError when it cannot be had whole.
 */
export function podDump(request: PodDumpRequest): AsyncIterable<Uint8Array> {
  const {pod, namespace} = parsePod(request.pod, request.access.namespace)
  const container = checkLabel(request.container, '--container')
  const args = [...accessArguments({...request.access, namespace}), 'exec', pod, '-c', container, '--', 'curl', '-s', ADMIN_URL]
  const {timeoutMs, cancelSignal, warn} = request
  const source = streamKubectl({args, timeoutMs, cancelSignal, about: {pod, container}})
  return completeDump({source, command: ['kubectl', ...args], warn})
}
