import type {SocketAddress} from '../../flow/address.js'
import type {Workload} from '../config/model.js'
import type {History} from '../state/history.js'
import type {ZtunnelState} from '../state/state.js'
import {workloadByAddress} from '../state/workload-by-address.js'
import type {OutboundFailure} from './outcome.js'

/** The pod whose network namespace the connection came from, as the node agent told ztunnel. */
export interface SourcePod {
  readonly name: string
  readonly namespace: string
  readonly serviceAccount: string
  /** Its address, as the accepted socket tells it. */
  readonly ip: SocketAddress['ip']
}

/** The workload a client pod is, or why ztunnel does not know (ambient-ga B.0, K.7). */
export function findSource(
  state: ZtunnelState,
  {pod, history}: {readonly pod: SourcePod; readonly history: History},
): Workload | OutboundFailure {
  return state.semantics.sourceByAddress ? byAddress(state, {pod, history}) : byPod(state, pod)
}

/** From 1.24: by name, namespace and service account, among the workloads of the own node. */
function byPod(state: ZtunnelState, pod: SourcePod): Workload | OutboundFailure {
  const {localNode} = state
  const namesakes = state.workloadsByName.get(`${pod.namespace}/${pod.name}`) ?? []
  const found = namesakes.find((workload) => isPod(workload, pod) && (localNode === undefined || workload.node === localNode))
  return found ?? unknown(`failed to fetch information about local workload: ${pod.serviceAccount}.${pod.namespace} (${pod.name})`)
}

function byAddress(state: ZtunnelState, {pod, history}: {readonly pod: SourcePod; readonly history: History}): Workload | OutboundFailure {
  const address = {network: state.config.settings.network, ip: pod.ip}
  const found = workloadByAddress(state, {address, history})
  if (found === undefined) return unknown(`unknown source: ${pod.ip}`)
  // Before in-pod redirection (1.22) nobody told ztunnel whose connection it is.
  if (!state.semantics.serviceWaypoints || isPod(found, pod)) return found
  const info = `WorkloadInfo { name: ${quote(pod.name)}, namespace: ${quote(pod.namespace)}, service_account: ${quote(pod.serviceAccount)} }`
  return unknown(`invalid source: ${pod.ip}, should match ${info}`)
}

/** Whether a workload is the pod that the node agent named. */
export function isPod(workload: Workload, pod: Omit<SourcePod, 'ip'>): boolean {
  return workload.name === pod.name && workload.namespace === pod.namespace && workload.serviceAccount === pod.serviceAccount
}

function unknown(error: string): OutboundFailure {
  return {kind: 'failure', error, verdict: {kind: 'refused', reason: error}}
}

function quote(text: string): string {
  return JSON.stringify(text)
}
