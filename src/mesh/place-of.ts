import type {Place} from '../flow/forwarder.js'
import type {Workload} from './directory.js'

/** The place that a pod is in a trace. */
export function placeOf(workload: Workload, cluster?: string): Place {
  return {
    kind: workload.role,
    name: workload.name,
    namespace: workload.namespace,
    ...(workload.node === undefined ? {} : {node: workload.node}),
    ...(cluster === undefined ? {} : {cluster}),
  }
}
