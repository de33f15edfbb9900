import type {EndpointSlice, Inventory, InventorySource, Pod, Service, ServicePort} from '../flow/inventory.js'
import type {Evidence} from '../flow/step.js'
import type {MeshNode, MeshService, ServiceEndpoint, Workload, WorkloadRole} from './directory.js'
import {enrolmentOf, inPodEnrolment} from './enrolment.js'
import type {Generation} from './generation.js'
import {normalIp} from './ip.js'

export interface Reading {
  readonly trustDomain: string
  readonly generation: Generation
}

/** What the inventory itself says. Roles that only a dump tells are added where dumps are known. */
export function inventoryWorkloads(inventory: Inventory, {trustDomain, generation}: Reading): readonly Workload[] {
  const enrolment = generation === 'ga' ? inPodEnrolment : enrolmentOf
  return (inventory.pods ?? []).map((pod) => ({
    name: pod.name,
    namespace: pod.namespace,
    ips: pod.ips.map(normalIp),
    hostNetwork: pod.hostNetwork,
    serviceAccount: pod.serviceAccount,
    identity: spiffeId({trustDomain, namespace: pod.namespace, serviceAccount: pod.serviceAccount}),
    ...(pod.node === undefined ? {} : {node: pod.node}),
    ...controllerOf(pod),
    labels: pod.labels,
    containerPorts: pod.containerPorts,
    role: roleOf(pod),
    enrolment: enrolment(pod, inventory.namespaces),
    ready: isReady(pod),
    evidence: recordedIn(pod.recorded),
  }))
}

export function inventoryServices(inventory: Inventory): readonly MeshService[] {
  return (inventory.services ?? []).map((service) => {
    const endpoints = endpointsOf(service, inventory)
    return {
      name: service.name,
      namespace: service.namespace,
      host: `${service.name}.${service.namespace}.svc.cluster.local`,
      vips: service.clusterIPs.map(normalIp),
      headless: service.headless,
      kubernetes: true,
      ports: service.ports,
      ...(endpoints === undefined ? {} : {endpoints}),
      ...(service.externalIPs === undefined ? {} : {externalIPs: service.externalIPs.map(normalIp)}),
      evidence: recordedIn(service.recorded),
    }
  })
}

export function inventoryNodes(inventory: Inventory): readonly MeshNode[] {
  return (inventory.nodes ?? []).map(({name, ips, podCIDRs}) => ({name, ips: ips.map(normalIp), podCIDRs}))
}

function spiffeId(parts: {readonly trustDomain: string; readonly namespace: string; readonly serviceAccount: string}): string {
  return `spiffe://${parts.trustDomain}/ns/${parts.namespace}/sa/${parts.serviceAccount}`
}

function recordedIn(source: InventorySource): Evidence {
  return {dump: source.file, pointer: source.pointer, basis: 'recorded'}
}

/** ambient-ga D.8, G.31: what istiod's deployment controller, or the daemon set, puts on a pod. */
const GA_ROLES: ReadonlyMap<string, WorkloadRole> = new Map([
  ['istio.io-mesh-controller', 'waypoint'],
  ['istio.io-eastwest-controller', 'gateway'],
  ['istio.io-gateway-controller', 'gateway'],
])

function gaRole(pod: Pod): WorkloadRole | undefined {
  const managed = GA_ROLES.get(pod.labels.get('gateway.istio.io/managed') ?? '')
  return managed ?? classRole(pod) ?? (pod.labels.get('app') === 'ztunnel' ? 'ztunnel' : undefined)
}

/** Other controllers make waypoints too; the class of their Gateway tells (ambient-ga G.31). */
function classRole(pod: Pod): WorkloadRole | undefined {
  return pod.labels.get('gateway.networking.k8s.io/gateway-class-name')?.endsWith('waypoint') === true ? 'waypoint' : undefined
}

/** `ambient-type` is the label of 2022 ambient; the tlsMode label is what sidecar injection leaves on a pod (envoy-2022 H.1). */
function roleOf(pod: Pod): WorkloadRole {
  const type = pod.labels.get('ambient-type')
  if (type === 'ztunnel' || type === 'waypoint') return type
  const role = gaRole(pod)
  if (role !== undefined) return role
  if (pod.labels.get('istio') === 'ingressgateway' || pod.labels.get('istio') === 'egressgateway') return 'gateway'
  return pod.labels.get('security.istio.io/tlsMode') === 'istio' || pod.annotations.has('sidecar.istio.io/status') ? 'sidecar' : 'app'
}

/** A ReplicaSet is named `<deployment>-<pod-template-hash>`. */
function controllerOf(pod: Pod): {controller?: string} {
  const owner = pod.owner?.name ?? pod.name.replace(/-[^-]*$/, '')
  const hash = pod.labels.get('pod-template-hash')
  const suffix = hash === undefined ? undefined : `-${hash}`
  if (suffix !== undefined && owner.endsWith(suffix)) return {controller: owner.slice(0, -suffix.length)}
  return owner === '' || owner === pod.name ? {} : {controller: owner}
}

function isReady(pod: Pod): boolean {
  return pod.ips.length > 0 && pod.ready !== false && (pod.phase === undefined || pod.phase === 'Running')
}

/** What kube-proxy knows: endpoint slices where recorded, else the ready pods that the selector picks. */
function endpointsOf(service: Service, inventory: Inventory): readonly ServiceEndpoint[] | undefined {
  const slices = inventory.endpointSlices?.filter((slice) => slice.service === service.name && slice.namespace === service.namespace)
  if (slices !== undefined) return slices.flatMap((slice) => sliceEndpoints(service, slice))
  const {selector} = service
  if (selector === undefined || selector.size === 0 || inventory.pods === undefined) return undefined
  const selected = inventory.pods.filter(
    (pod) => pod.namespace === service.namespace && isReady(pod) && [...selector].every(([key, value]) => pod.labels.get(key) === value),
  )
  return selected.flatMap((pod) => service.ports.flatMap((port) => podEndpoint(pod, port)))
}

function podEndpoint(pod: Pod, port: ServicePort): readonly ServiceEndpoint[] {
  const target =
    typeof port.targetPort === 'number'
      ? port.targetPort
      : pod.containerPorts.find(({name, protocol}) => name === port.targetPort && protocol === port.protocol)?.port
  const [ip] = pod.ips
  return target === undefined || ip === undefined || port.protocol !== 'TCP' ? [] : [{ip, port: target, servicePort: port.port}]
}

/** A slice names its ports as the service does. */
function sliceEndpoints(service: Service, slice: EndpointSlice): readonly ServiceEndpoint[] {
  const addresses = slice.endpoints.filter(({ready}) => ready !== false).flatMap(({addresses: [ip]}) => ip ?? [])
  return slice.ports
    .filter(({protocol}) => protocol === 'TCP')
    .flatMap((port) => {
      const owner = service.ports.find(({name, protocol}) => (name ?? '') === (port.name ?? '') && protocol === 'TCP')
      const number = port.port
      return owner === undefined || number === undefined ? [] : addresses.map((ip) => ({ip, port: number, servicePort: owner.port}))
    })
}
