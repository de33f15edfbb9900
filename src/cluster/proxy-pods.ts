import type {Pod} from '../flow/inventory.js'
import {podController, podRole, type PodRole} from '../flow/pod-role.js'
import type {DumpStore} from '../json/store.js'
import type {View} from '../json/view.js'
import {readPod} from '../snapshot/kubernetes.js'
import {streamKubectl} from './kubectl.js'
import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'
import {PROXY_CONTAINER, type ProxyTarget} from './transport-arguments.js'

/** A pod as the cluster lists it, and how its proxy is asked, if it has one. */
export interface ListedPod {
  readonly uid?: string | undefined
  readonly name: string
  readonly namespace: string
  readonly node?: string | undefined
  readonly role: PodRole
  /** Its Deployment, StatefulSet or DaemonSet. */
  readonly controller?: string | undefined
  readonly isRunning: boolean
  readonly hostNetwork: boolean
  /** Whether the CNI says that it redirects the traffic of the pod. */
  readonly isRedirected: boolean
  readonly labels: ReadonlyMap<string, string>
  readonly proxy: ProxyTarget['proxy']
  /** The container of the proxy, else the first. */
  readonly container: string
}

export interface PodQuery {
  readonly access: ClusterAccess
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  /** `all` looks into every namespace, `given` into that of the access, or of the context. */
  readonly namespaces: 'all' | 'given'
  /** What the API server filters by: `metadata.name=x`. */
  readonly fields?: string
}

/** Asks the cluster for pods, in the order of their names. @throws ClusterError when kubectl fails. */
export async function listPods({access, namespaces, fields, timeoutMs, cancelSignal}: PodQuery): Promise<readonly ListedPod[]> {
  const where = namespaces === 'all' ? [...accessArguments({...access, namespace: undefined})] : accessArguments(access)
  const args = [
    ...where,
    'get',
    'pods',
    ...(namespaces === 'all' ? ['--all-namespaces'] : []),
    ...(fields === undefined ? [] : [`--field-selector=${fields}`]),
    '--output=json',
  ]
  const about = {target: 'pods', right: namespaces === 'all' ? 'list pods --all-namespaces' : 'list pods'}
  // Most dumps are fetched without a list, and need not wait for what reads one.
  const {openDump} = await import('../snapshot/open-dump.js')
  const opened = await openDump({name: 'pods', from: streamKubectl({args, timeoutMs, cancelSignal, about})})
  try {
    return readPods(opened.store)
  } finally {
    opened.close()
  }
}

/** The pods of a List. */
export function readPods(store: DumpStore): readonly ListedPod[] {
  const pods = [...store.refs('items')].map((ref) => {
    const object = store.read(ref)
    return toListed(readPod({object, recorded: {file: store.name, pointer: ref.pointer}}), containersOf(object))
  })
  return pods.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

interface Container {
  readonly name: string
  readonly image: string
}

/** Sidecars may be init containers that keep running. */
function containersOf(object: View): readonly Container[] {
  const spec = object.get('spec')
  const all = [...(spec?.list('containers') ?? []), ...(spec?.list('initContainers') ?? [])]
  return all.map((container) => ({name: container.str('name') ?? '', image: container.str('image') ?? ''}))
}

function toListed(pod: Pod, containers: readonly Container[]): ListedPod {
  const role = podRole(pod)
  const container = containers.find(({name}) => name === PROXY_CONTAINER) ?? containers[0]
  return {
    uid: pod.uid,
    name: pod.name,
    namespace: pod.namespace,
    node: pod.node,
    role,
    controller: podController(pod).controller,
    isRunning: pod.phase === 'Running',
    hostNetwork: pod.hostNetwork,
    // ambient-ga B.1: the annotation is the practical evidence of what the CNI did.
    isRedirected: pod.annotations.get('ambient.istio.io/redirection') === 'enabled',
    labels: pod.labels,
    proxy: proxyOf({role, pod, image: container?.image ?? ''}),
    container: container?.name ?? PROXY_CONTAINER,
  }
}

/** The Rust ztunnel has an image of its own; the Envoy of 2022 ran proxyv2 and had a label of its own. */
function proxyOf({role, pod, image}: {readonly role: PodRole; readonly pod: Pod; readonly image: string}): ProxyTarget['proxy'] {
  if (role !== 'ztunnel') return 'envoy'
  if (/(?:^|\/)ztunnel(?:[:@-]|$)/.test(image)) return 'ztunnel'
  return pod.labels.has('ambient-type') || /(?:^|\/)proxyv2(?:[:@-]|$)/.test(image) ? 'envoy' : 'unknown'
}

function keyOf({namespace, name}: ListedPod): string {
  return `${namespace}/${name}`
}
