import type {ServicePort} from '../../src/flow/inventory.js'
import {Directory, type MeshNode, type MeshService, type Workload} from '../../src/mesh/directory.js'

const RECORDED = {dump: 'inventory/pods.json', pointer: '/items/0', basis: 'recorded'} as const

export function workload(parts: Partial<Workload> & Pick<Workload, 'name'>): Workload {
  return {
    namespace: 'default',
    ips: [],
    node: 'node-a',
    hostNetwork: false,
    serviceAccount: 'default',
    labels: new Map(),
    containerPorts: [],
    role: 'app',
    enrolment: {captured: 'yes', because: 'test'},
    ready: true,
    evidence: RECORDED,
    ...parts,
  }
}

export function uncaptured(parts: Partial<Workload> & Pick<Workload, 'name'>): Workload {
  return workload({enrolment: {captured: 'no', because: 'test'}, ...parts})
}

export function service(parts: Partial<MeshService> & Pick<MeshService, 'name'>): MeshService {
  const namespace = parts.namespace ?? 'default'
  return {
    namespace,
    host: `${parts.name}.${namespace}.svc.cluster.local`,
    vips: [],
    headless: false,
    kubernetes: true,
    ports: [tcpPort(80)],
    endpoints: [],
    evidence: RECORDED,
    ...parts,
  }
}

export function tcpPort(port: number, name?: string): ServicePort {
  return {port, protocol: 'TCP', targetPort: port, ...(name === undefined ? {} : {name})}
}

export function directory(entries: {
  readonly workloads?: readonly Workload[]
  readonly services?: readonly MeshService[]
  readonly nodes?: readonly MeshNode[]
  readonly complete?: boolean
}): Directory {
  return new Directory({workloads: [], services: [], nodes: [], complete: true, ...entries})
}
