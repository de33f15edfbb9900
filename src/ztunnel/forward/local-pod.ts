import {canonicalIp} from '../config/ip.js'
import {addressKey, type Workload} from '../config/model.js'
import type {ZtunnelState} from '../state/state.js'

/**
 * The pod whose network namespace a connection is in. ztunnel is told by the node agent; here the address tells, and the list of pods
 * that this ztunnel holds, where the dump has it (ambient-ga A.8).
 */
export function localPod(state: ZtunnelState, address: string): Workload | undefined {
  const {settings, capturedPods} = state.config
  if (state.dedicatedTo !== undefined) return dedicatedPod(state, state.dedicatedTo)
  const ip = canonicalIp(address)
  const holders = state.workloadsByAddress.get(addressKey({network: settings.network, ip})) ?? []
  const captured = holders.filter(
    ({name, namespace}) => capturedPods?.some((pod) => pod.name === name && pod.namespace === namespace) ?? false,
  )
  const own = holders.filter(({node}) => node === state.localNode)
  return [captured, own, holders].find((candidates) => candidates.length > 0)?.[0]
}

/** A dedicated ztunnel was told at its start whom it serves; several workloads of that name are told apart by the service account. */
function dedicatedPod(
  state: ZtunnelState,
  {namespace, name, serviceAccount}: NonNullable<ZtunnelState['dedicatedTo']>,
): Workload | undefined {
  return (state.workloadsByName.get(`${namespace}/${name}`) ?? []).find((workload) => workload.serviceAccount === serviceAccount)
}
