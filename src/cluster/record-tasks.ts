import {fetchDump, type TransportMemory} from './fetch-dump.js'
import {streamKubectl, type KubectlCall} from './kubectl.js'
import {accessArguments, type ClusterAccess} from './kubectl-arguments.js'
import type {ListedPod} from './proxy-pods.js'
import type {RecordTask} from './recording.js'
import type {Fill} from './save-file.js'
import type {Transport} from './transport-arguments.js'

/** How the cluster is asked while recording. */
export interface Asking {
  readonly access: ClusterAccess
  readonly timeoutMs: number
  readonly cancelSignal?: AbortSignal | undefined
  readonly transport?: Transport | undefined
  readonly memory: TransportMemory
  readonly warn: (warning: string) => void
}

/** What the readers of a snapshot use, and what says why it is so. */
const KINDS = ['pods', 'services', 'endpointslices', 'nodes', 'namespaces', 'serviceaccounts', 'networkpolicies'] as const

/** Kinds of CRDs, with their groups: others have kinds of the same names. */
const CRD_KINDS = [
  ['gateways', 'gateways.gateway.networking.k8s.io'],
  ['gatewayclasses', 'gatewayclasses.gateway.networking.k8s.io'],
  ['httproutes', 'httproutes.gateway.networking.k8s.io'],
  ['authorizationpolicies', 'authorizationpolicies.security.istio.io'],
  ['peerauthentications', 'peerauthentications.security.istio.io'],
  ['serviceentries', 'serviceentries.networking.istio.io'],
] as const

/** The inventory: Lists as `kubectl get … -o json` prints them. */
export function inventoryTasks(asking: Asking, istioNamespace: string): readonly RecordTask[] {
  const mesh = ['configmaps', `--namespace=${istioNamespace}`, '--field-selector=metadata.name=istio']
  return [
    ...KINDS.map((kind) => listTask(asking, {name: kind, what: [kind, '--all-namespaces']})),
    ...CRD_KINDS.map(([name, kind]) => ({...listTask(asking, {name, what: [kind, '--all-namespaces']}), mayLack: 'no-kind' as const})),
    listTask(asking, {name: 'configmaps', what: mesh}),
  ]
}

function listTask(asking: Asking, {name, what}: {readonly name: string; readonly what: readonly string[]}): RecordTask {
  const args = ['get', ...what, '--output=json']
  const about = {target: name, right: `list ${what.filter((word) => !word.startsWith('--field')).join(' ')}`}
  return {file: {path: `inventory/${name}.json`, kind: 'inventory'}, open: fillBy(asking, {args, about})}
}

/** A pod whose proxy is to be dumped. */
export type DumpedPod = Pick<ListedPod, 'name' | 'namespace' | 'container' | 'proxy'> & Partial<Pick<ListedPod, 'node'>>

/** The dump of one proxy. */
export function dumpTask(asking: Asking, pod: DumpedPod): RecordTask {
  const {name, namespace, node, container, proxy} = pod
  const target = {pod: name, namespace, container, proxy}
  const place = {pod: name, namespace, ...(node === undefined ? {} : {node})}
  return {
    file: {path: `proxies/${namespace}/${name}.json`, kind: 'config-dump', ...place},
    open: (into) => fetchDump({...asking, target, into}),
    method: () => asking.memory.get(`${namespace}/${name}`),
  }
}

/** What istiod sends, to whom, and what they took of it: the other side of every dump. */
const DEBUG_PATHS = ['ambientz', 'syncz', 'endpointz', 'configz'] as const

/** What istiod itself says, asked inside its pods with the program that every image of it has. */
export function istiodTasks(asking: Asking, pods: readonly ListedPod[]): readonly RecordTask[] {
  const istiods = pods.filter(({labels, isRunning}) => labels.get('app') === 'istiod' && isRunning)
  return istiods.flatMap(({name, namespace, container}) =>
    DEBUG_PATHS.map((path): RecordTask => {
      const command = ['pilot-discovery', 'request', 'GET', `/debug/${path}`]
      const args = [`--namespace=${namespace}`, 'exec', name, '-c', container, '--', ...command]
      const about = {target: `pod ${name}`, pod: name, container, program: command[0] ?? '', right: 'create pods/exec'}
      return {
        file: {path: `istiod/${namespace}/${name}/${path}.json`, kind: 'istiod-debug', pod: name, namespace, method: 'exec'},
        open: fillBy(asking, {args, about}),
      }
    }),
  )
}

/** What one kubectl prints. */
export function fillBy({access, timeoutMs, cancelSignal}: Asking, {args, about}: Pick<KubectlCall, 'args' | 'about'>): Fill {
  const all = [...accessArguments({...access, namespace: undefined}), ...args]
  return (into) => streamKubectl({args: all, timeoutMs, cancelSignal, about, into})
}
