import {checkLabel, type ClusterAccess} from './kubectl-arguments.js'
import {PROXY_CONTAINER, type ProxyTarget, type Transport} from './transport-arguments.js'
import {parseWanted} from './wanted-pod.js'

/** How a pod is asked before anything is known of it. */
export interface Guess {
  readonly target: ProxyTarget
  readonly transport: Transport
}

export interface GuessQuery {
  readonly pod: string
  readonly access: ClusterAccess
  readonly container?: string | undefined
  readonly transport?: Transport | undefined
}

/**
 * Most pods named to be dumped are Envoys in containers called as ever: asking them at once saves asking the cluster about them first.
 * A ztunnel is of two kinds, so it is looked at before.
 * @throws UsageError for names that Kubernetes does not allow.
 */
export function guessOf({pod, access, container = PROXY_CONTAINER, transport = 'exec-curl'}: GuessQuery): Guess | undefined {
  const {kind, name, namespace} = parseWanted({pod, access})
  if (kind !== 'pod' || name.startsWith('ztunnel') || transport === 'port-forward') return undefined
  return {target: {pod: name, namespace, container: checkLabel(container, '--container'), proxy: 'unknown'}, transport}
}
