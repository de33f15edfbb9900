import {serviceKey, type Service, type Workload} from '../config/model.js'
import type {History} from './history.js'
import {visible} from './service-by-vip.js'
import type {ZtunnelState} from './state.js'

export interface HostName {
  readonly namespace: string
  readonly hostname: string
}

/** What a gateway reference by hostname names: a service of that namespace, else a workload (ambient-ga B.1). */
export function byHostname(state: ZtunnelState, name: HostName): {readonly service: Service} | {readonly workload: Workload} | undefined {
  const service = state.servicesByHost.get(name.hostname)?.find(({namespace}) => namespace === name.namespace)
  if (service !== undefined) return {service}
  if (state.semantics.gatewayHostnames !== 'all') return undefined
  const workload = [...state.workloadsByUid.values()].find(
    ({hostname, namespace}) => hostname === name.hostname && namespace === name.namespace,
  )
  return workload === undefined ? undefined : {workload}
}

export interface HostQuestion extends HostName {
  readonly history: History
  /** Services that may be chosen at all. */
  readonly accept?: (service: Service) => boolean
}

/** The service of a host for somebody of a namespace: its own, a canonical one, one of the preferred namespace, any (ambient-ga B.1). */
export function serviceByHost(state: ZtunnelState, question: HostQuestion): Service | undefined {
  const {hostname, namespace, history, accept = () => true} = question
  const services = visible(state, {services: state.servicesByHost.get(hostname) ?? [], namespace}).filter((service) => accept(service))
  return history.pick({
    key: `host ${hostname} ${namespace}`,
    what: `the service ztunnel takes for host ${hostname}`,
    candidates: candidatesOf(state, {services, namespace}).map((value) => ({name: serviceKey(value), value})),
  })
}

function candidatesOf(
  state: ZtunnelState,
  {services, namespace}: {readonly services: readonly Service[]; readonly namespace: string},
): readonly Service[] {
  const own = services.filter((service) => service.namespace === namespace)
  const canonical = services.filter((service) => service.canonical)
  const inPreferred = services.filter((service) => service.namespace === state.config.settings.preferredServiceNamespace)
  const order = state.semantics.rankedHosts ? [own, canonical, inPreferred, services] : [own, services]
  return order.find((candidates) => candidates.length > 0) ?? []
}
