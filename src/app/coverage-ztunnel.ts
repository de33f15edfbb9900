import {policyKey, serviceKey, type Recorded, type Workload, type ZtunnelConfig} from '../ztunnel/config/model.js'
import type {Coverable, CoverageKind} from './coverage-kinds.js'

/** Everything of one Rust ztunnel that a connection could rely on: services and workloads it dials, policies it asks. */
export function coverableOfZtunnel({services, workloads, policies}: ZtunnelConfig): readonly Coverable[] {
  return [
    ...services.map((service) => coverable('services', {name: serviceKey(service), recorded: service})),
    ...workloads.map((workload) => coverable('workloads', {name: workloadName(workload), recorded: workload})),
    ...policies.map((policy) => coverable('policies', {name: policyKey(policy), recorded: policy})),
  ]
}

function coverable(kind: CoverageKind, {name, recorded}: {readonly name: string; readonly recorded: Recorded}): Coverable {
  return {kind, name, pointers: [recorded.view.pointer]}
}

/** Workloads without a name are known by their uid. */
function workloadName({namespace, name, uid}: Workload): string {
  return name === '' ? uid : `${namespace}/${name}`
}
