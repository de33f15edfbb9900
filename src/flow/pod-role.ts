import type {Pod} from './inventory.js'

/** What a pod is for the mesh, by its labels and annotations alone. */
export type PodRole = 'ztunnel' | 'waypoint' | 'gateway' | 'sidecar' | 'app'

/** `ambient-type` is the label of 2022 ambient; the tlsMode label is what sidecar injection leaves on a pod (envoy-2022 H.1). */
export function podRole(pod: Pick<Pod, 'labels' | 'annotations'>): PodRole {
  const type = pod.labels.get('ambient-type')
  if (type === 'ztunnel' || type === 'waypoint') return type
  const role = gaRole(pod)
  if (role !== undefined) return role
  if (pod.labels.get('istio') === 'ingressgateway' || pod.labels.get('istio') === 'egressgateway') return 'gateway'
  return pod.labels.get('security.istio.io/tlsMode') === 'istio' || pod.annotations.has('sidecar.istio.io/status') ? 'sidecar' : 'app'
}

/** The Deployment, StatefulSet or DaemonSet of a pod. A ReplicaSet is named `<deployment>-<pod-template-hash>`. */
export function podController(pod: Pick<Pod, 'name' | 'labels' | 'owner'>): {controller?: string} {
  const owner = pod.owner?.name ?? pod.name.replace(/-[^-]*$/, '')
  const hash = pod.labels.get('pod-template-hash')
  const suffix = hash === undefined ? undefined : `-${hash}`
  if (suffix !== undefined && owner.endsWith(suffix)) return {controller: owner.slice(0, -suffix.length)}
  return owner === '' || owner === pod.name ? {} : {controller: owner}
}

/** ambient-ga D.8, G.31: what istiod's deployment controller, or the daemon set, puts on a pod. */
const GA_ROLES: ReadonlyMap<string, PodRole> = new Map([
  ['istio.io-mesh-controller', 'waypoint'],
  ['istio.io-eastwest-controller', 'gateway'],
  ['istio.io-gateway-controller', 'gateway'],
])

function gaRole(pod: Pick<Pod, 'labels'>): PodRole | undefined {
  const managed = GA_ROLES.get(pod.labels.get('gateway.istio.io/managed') ?? '')
  return managed ?? classRole(pod) ?? (pod.labels.get('app') === 'ztunnel' ? 'ztunnel' : undefined)
}

/** Other controllers make waypoints too; the class of their Gateway tells (ambient-ga G.31). */
function classRole(pod: Pick<Pod, 'labels'>): PodRole | undefined {
  return pod.labels.get('gateway.networking.k8s.io/gateway-class-name')?.endsWith('waypoint') === true ? 'waypoint' : undefined
}
