import {formatSocket} from '../../../flow/address.js'
import type {EndpointSlice, Inventory, Pod, Service, ServicePort, StringMap} from '../../../flow/inventory.js'
import type {Corroborate, Expected} from './corroborate.js'
import {waypointPort, type Target} from './nameless-cluster.js'

/** Endpoints as services, pods and endpoint slices of the cluster tell them. Service entries are not part of an inventory. */
export function corroborateFromInventory(inventory: Inventory): Corroborate {
  return ({target}) => {
    switch (target.kind) {
      case 'service':
        return serviceEndpoints(inventory, target)
      case 'waypoint':
        return waypointEndpoints(inventory, target)
      case 'other':
        return undefined
      default:
        return target satisfies never
    }
  }
}

function serviceEndpoints(inventory: Inventory, target: Extract<Target, {kind: 'service'}>): readonly Expected[] | undefined {
  const [name, namespace, svc] = target.host.split('.')
  const service = inventory.services?.find((one) => svc === 'svc' && one.name === name && one.namespace === namespace)
  const port = service?.ports.find((one) => one.name === target.portName) ?? onlyPort(service)
  if (service === undefined || port === undefined) return undefined
  const slices = inventory.endpointSlices?.filter((slice) => slice.namespace === namespace && slice.service === name)
  return slices === undefined
    ? podEndpoints(inventory, {service, port})
    : [complete(slices.flatMap((slice) => sliceAddresses(slice, port)))]
}

/** The port of a service with one port may be nameless; the generator then makes up a name. */
function onlyPort(service: Service | undefined): ServicePort | undefined {
  return service?.ports.length === 1 && service.ports[0]?.name === undefined ? service.ports[0] : undefined
}

function sliceAddresses(slice: EndpointSlice, port: ServicePort): string[] {
  const found = slice.ports.find(({name}) => (name ?? '') === (port.name ?? ''))?.port
  if (found === undefined) return []
  return slice.endpoints
    .filter(({ready}) => ready !== false)
    .flatMap(({addresses}) => addresses.map((ip) => formatSocket({ip, port: found})))
}

/** Whether a pod that does not say so is ready is not known: with and without such pods, both may be. */
function podEndpoints(inventory: Inventory, {service, port}: {service: Service; port: ServicePort}): readonly Expected[] | undefined {
  const {selector} = service
  if (selector === undefined || selector.size === 0 || inventory.pods === undefined) return undefined
  const selected = inventory.pods.filter((pod) => pod.namespace === service.namespace && includes(pod.labels, selector))
  return withReadiness(selected, (pod) => targetPort(pod, port))
}

function waypointEndpoints(inventory: Inventory, {side, identity}: Extract<Target, {kind: 'waypoint'}>): readonly Expected[] | undefined {
  const [, namespace, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity) ?? []
  const pods = inventory.pods?.filter((pod) => pod.namespace === namespace && pod.serviceAccount === account && isWaypoint(pod))
  return pods && withReadiness(pods, () => waypointPort(side))
}

/** Labels of the waypoint template of 2022. */
function isWaypoint(pod: Pod): boolean {
  return pod.labels.get('ambient-type') === 'waypoint' || pod.labels.get('gateway.istio.io/managed') === 'istio.io-mesh-controller'
}

function withReadiness(pods: readonly Pod[], portOf: (pod: Pod) => number | undefined): readonly Expected[] {
  const addresses = (some: readonly Pod[]): string[] =>
    some.flatMap((pod) => {
      const [ip] = pod.ips
      const port = portOf(pod)
      return ip === undefined || port === undefined ? [] : [formatSocket({ip, port})]
    })
  const live = pods.filter(({phase}) => phase === undefined || phase === 'Running')
  return [complete(addresses(live.filter(({ready}) => ready !== false))), complete(addresses(live))]
}

function targetPort(pod: Pod, {targetPort: target, protocol}: ServicePort): number | undefined {
  return typeof target === 'number' ? target : pod.containerPorts.find((port) => port.name === target && port.protocol === protocol)?.port
}

function includes(labels: StringMap, selector: StringMap): boolean {
  return [...selector].every(([key, value]) => labels.get(key) === value)
}

function complete(addresses: readonly string[]): Expected {
  return {addresses: new Set(addresses), complete: true}
}
