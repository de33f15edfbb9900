import type {Service, Workload} from '../config/model.js'
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
