import {View} from '../json/view.js'
import {ClusterError} from './kubectl-failure.js'
import {streamKubectl} from './kubectl.js'
import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'

/** What the kubeconfig says about the cluster that is meant. */
export interface ClusterContext {
  /** Of the context; absent inside a pod, which has none. */
  readonly name?: string
  /** Where names without a namespace are looked up first. */
  readonly namespace?: string
}

export interface ContextQuery {
  readonly access: ClusterAccess
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
}

/** @throws ClusterError when kubectl is absent, or the kubeconfig has no such context. Without a kubeconfig nothing is known. */
export async function readContext({access, ...limits}: ContextQuery): Promise<ClusterContext> {
  const args = [...accessArguments({...access, namespace: undefined}), 'config', 'view', '--minify', '--output=json']
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of streamKubectl({args, ...limits, about: {target: 'context', right: 'config view'}})) chunks.push(chunk)
  } catch (error) {
    if (error instanceof ClusterError && isWithoutContext(error, access)) return {}
    throw error
  }
  return contextIn(Buffer.concat(chunks).toString('utf8'))
}

/** Inside a pod kubectl needs no kubeconfig; then there is no context to tell. */
function isWithoutContext({reason}: ClusterError, {context, kubeconfig}: ClusterAccess): boolean {
  return reason === 'other' || (reason === 'kubeconfig' && context === undefined && kubeconfig === undefined)
}

function contextIn(text: string): ClusterContext {
  const [entry] = new View(JSON.parse(text), '').list('contexts')
  const name = entry?.str('name')
  const namespace = entry?.get('context')?.str('namespace')
  return {
    ...(name === undefined ? {} : {name}),
    ...(namespace === undefined || namespace === '' ? {} : {namespace}),
  }
}
