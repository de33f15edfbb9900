import {memoryStore} from '../../src/json/memory-store.js'
import {readZtunnelConfig} from '../../src/ztunnel/config/read-ztunnel-config.js'
import type {ZtunnelConfig} from '../../src/ztunnel/config/model.js'
import {createState, type ZtunnelState} from '../../src/ztunnel/state/state.js'

type Fields = Readonly<Record<string, unknown>>

/** What a dump of the newest generation holds; `minor` overrides the version its shape suggests. */
export interface DumpParts {
  readonly workloads?: readonly Fields[]
  readonly services?: readonly Fields[]
  readonly policies?: readonly Fields[]
  readonly config?: Fields
  readonly workloadState?: Fields
  readonly certificates?: readonly Fields[]
  readonly stagedServices?: Fields
  readonly minor?: number
}

export function documentOf(parts: DumpParts): Fields {
  return {
    workloads: parts.workloads ?? [],
    services: parts.services ?? [],
    policies: parts.policies ?? [],
    certificates: parts.certificates ?? [],
    stagedServices: parts.stagedServices ?? {},
    config: {network: '', localNode: 'n1', dnsProxy: true, ...parts.config},
    version: {istioVersion: 'unknown'},
    ...(parts.workloadState === undefined ? {} : {workloadState: parts.workloadState}),
  }
}

export function configOf({minor = 31, ...parts}: DumpParts): ZtunnelConfig {
  return readZtunnelConfig(memoryStore({name: 'ztunnel.json', document: documentOf(parts)}), {minor})
}

export function stateOf(parts: DumpParts): ZtunnelState {
  return createState(configOf(parts))
}

/** A pod of namespace `ns`, on node n1, as a dump prints it. */
export function workload(name: string, fields: Fields = {}): Fields {
  return {
    uid: `cluster1//Pod/ns/${name}`,
    name,
    namespace: 'ns',
    serviceAccount: 'default',
    trustDomain: 'cluster.local',
    workloadIps: [],
    protocol: 'TCP',
    networkMode: 'Standard',
    node: 'n1',
    status: 'Healthy',
    clusterId: 'Kubernetes',
    capacity: 1,
    ...fields,
  }
}

/** A service of namespace `ns` with its endpoints by workload name: `{a: {80: 8080}}`. */
export function service(name: string, fields: Fields & {readonly endpoints?: Readonly<Record<string, Fields>>} = {}): Fields {
  const endpoints = Object.entries(fields.endpoints ?? {}).map(([pod, port]) => {
    const uid = pod.includes('/') ? pod : `cluster1//Pod/ns/${pod}`
    return [uid, {workloadUid: uid, port, status: 'Healthy'}] as const
  })
  return {
    name,
    namespace: 'ns',
    hostname: `${name}.ns.svc.cluster.local`,
    vips: [],
    ports: {'80': 8080},
    subjectAltNames: [],
    canonical: true,
    visibility: 'Public',
    ...fields,
    endpoints: Object.fromEntries(endpoints),
  }
}

export function gateway(destination: string, hboneMtlsPort = 15_008): Fields {
  return {destination, hboneMtlsPort}
}
