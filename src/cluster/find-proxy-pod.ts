import {UsageError} from '../flow/errors.js'
import {ClusterError} from './kubectl-failure.js'
import type {ClusterAccess} from './kubectl-arguments.js'
import {listPods, type ListedPod, type PodQuery} from './proxy-pods.js'
import {PROXY_CONTAINER, type ProxyTarget} from './transport-arguments.js'
import {parseWanted, type Wanted} from './wanted-pod.js'

export interface ProxyQuery {
  /** `POD`, `NAMESPACE/POD` or `deploy/NAME`. */
  readonly pod: string
  readonly access: ClusterAccess
  /** Instead of the one the pod tells. */
  readonly container?: string | undefined
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** Told which pod was taken where another was named. */
  readonly note: (text: string) => void
}

/**
 * Finds the pod whose proxy is meant: in the namespace given, else in that of the context, else anywhere. An application without a proxy
 * of its own stands for the ztunnel of its node. Where pods may not be listed, the name is taken as it is.
 * @throws UsageError for a name that Kubernetes does not allow, or that several pods bear.
 * @throws ClusterError when there is none, or the cluster does not answer.
 */
export async function findProxyPod(query: ProxyQuery): Promise<ProxyTarget> {
  const wanted = parseWanted(query)
  try {
    const found = await findPod(wanted, query)
    const proxy = found.role === 'app' ? await ztunnelOfNode(found, query) : found
    return {pod: proxy.name, namespace: proxy.namespace, container: query.container ?? proxy.container, proxy: proxy.proxy}
  } catch (error) {
    if (!(error instanceof ClusterError) || error.reason !== 'forbidden' || wanted.kind !== 'pod') throw error
    query.note(`pods may not be listed: ${wanted.name} is taken for the pod of a proxy`)
    return {pod: wanted.name, namespace: wanted.namespace, container: query.container ?? PROXY_CONTAINER, proxy: 'unknown'}
  }
}

async function findPod(wanted: Wanted, query: ProxyQuery): Promise<ListedPod> {
  const near = await matching(wanted, {query, namespaces: 'given'})
  const found = near.length > 0 || wanted.namespace !== undefined ? near : await matching(wanted, {query, namespaces: 'all'})
  const [first] = found
  if (first === undefined) throw noPod(wanted, query)
  if (found.some(({namespace}) => namespace !== first.namespace)) throw ambiguous(wanted, found)
  const chosen = found.find(({isRunning}) => isRunning) ?? first
  if (found.length > 1) query.note(`${query.pod} has ${found.length} pods: this is ${chosen.name}`)
  return chosen
}

async function matching(
  {kind, name, namespace}: Wanted,
  {query, namespaces}: {readonly query: ProxyQuery; readonly namespaces: PodQuery['namespaces']},
): Promise<readonly ListedPod[]> {
  const {access, timeoutMs, cancelSignal} = query
  const fields = kind === 'pod' ? {fields: `metadata.name=${name}`} : {}
  const pods = await listPods({access: {...access, namespace}, namespaces, timeoutMs, cancelSignal, ...fields})
  return pods.filter((pod) => (kind === 'pod' ? pod.name === name : pod.controller === name))
}

/** ambient-ga A: the ztunnel on the node of a pod decides for it. */
async function ztunnelOfNode(pod: ListedPod, {access, timeoutMs, cancelSignal, note}: ProxyQuery): Promise<ListedPod> {
  const {node, namespace, name} = pod
  if (node === undefined) throw noZtunnel(pod)
  const onNode = await listPods({access, namespaces: 'all', fields: `spec.nodeName=${node}`, timeoutMs, cancelSignal})
  const ztunnels = onNode.filter((one) => one.role === 'ztunnel' && one.node === node)
  const ztunnel = ztunnels.find(({isRunning}) => isRunning) ?? ztunnels[0]
  if (ztunnel === undefined) throw noZtunnel(pod)
  note(`pod ${namespace}/${name} has no proxy of its own: this is ztunnel ${ztunnel.namespace}/${ztunnel.name} of its node ${node}`)
  return ztunnel
}

function noPod({kind, name, namespace}: Wanted, {access: {context}}: ProxyQuery): ClusterError {
  const what = kind === 'pod' ? `There is no pod ${name}` : `No pod belongs to ${name}`
  return new ClusterError({
    reason: 'no-pod',
    what: namespace === undefined ? `${what} in any namespace.` : `${what} in namespace ${namespace}.`,
    command: ['kubectl', ...(context === undefined ? [] : [`--context=${context}`]), 'get', 'pods'],
    help: 'Check the name and the namespace (-n) with `kubectl get pods`.',
  })
}

function noZtunnel({namespace, name, node}: ListedPod): ClusterError {
  return new ClusterError({
    reason: 'no-pod',
    what: `Pod ${namespace}/${name} has no proxy, and there is no ztunnel on its node ${node ?? '(none yet)'}.`,
    command: ['kubectl', 'get', 'pods', '--all-namespaces', `--field-selector=spec.nodeName=${node ?? ''}`],
    help: 'Name the pod of a proxy: a ztunnel, a waypoint or a gateway.',
  })
}

function ambiguous({name}: Wanted, found: readonly ListedPod[]): UsageError {
  const candidates = [...new Set(found.map((pod) => `${pod.namespace}/${pod.name}`))]
  return new UsageError({
    what: `Several namespaces have ${name}.`,
    expected: `one of ${candidates.join(', ')}`,
    got: name,
    help: 'Give the namespace: NAMESPACE/POD or -n NAMESPACE.',
  })
}
