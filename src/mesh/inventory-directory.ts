import type {EndpointSlice, Inventory, InventorySource, Pod, Service, ServicePort} from '../flow/inventory.js'
import {podController, podRole} from '../flow/pod-role.js'
import type {Evidence} from '../flow/step.js'
import type {MeshNode, MeshService, ServiceEndpoint, Workload} from './directory.js'
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
    ...(pod.uid === undefined ? {} : {uid: pod.uid}),
    ...(pod.node === undefined ? {} : {node: pod.node}),
    ...podController(pod),
    labels: pod.labels,
    containerPorts: pod.containerPorts,
    role: podRole(pod),
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
