import {compareText} from '../../flow/compare-text.js'
import {groupBy} from '../../flow/group-by.js'
import type {Evidence} from '../../flow/step.js'
import {
  addressKey,
  evidenceOf,
  policyKey,
  serviceKey,
  type Certificate,
  type Policy,
  type Recorded,
  type Service,
  type Workload,
  type ZtunnelConfig,
  type ZtunnelSettings,
} from '../config/model.js'
import {semanticsOf, type Semantics} from '../semantics.js'

/** The dump with the indexes of its look-ups. */
export interface ZtunnelState {
  readonly config: ZtunnelConfig
  readonly semantics: Semantics
  /** The node whose pods this ztunnel serves; undefined when it serves any. */
  readonly localNode: string | undefined
  /** The one workload a dedicated ztunnel serves, whoever connects (ambient-ga F.3). */
  readonly dedicatedTo: ZtunnelSettings['dedicatedWorkload']
  /** By identity; of another node's ztunnel none, because each has those of its own pods. */
  readonly certificates: ReadonlyMap<string, Certificate>
  readonly workloadsByUid: ReadonlyMap<string, Workload>
  /** By `namespace/name`, sorted by uid. */
  readonly workloadsByName: ReadonlyMap<string, readonly Workload[]>
  /** All workloads that may hold an address, sorted by uid; host-network workloads hold none (ambient-ga B.1). */
  readonly workloadsByAddress: ReadonlyMap<string, readonly Workload[]>
  /** All services that list a VIP, sorted by key. */
  readonly servicesByVip: ReadonlyMap<string, readonly Service[]>
  readonly servicesWithBlocks: readonly Service[]
  /** All services of a hostname, sorted by key. */
  readonly servicesByHost: ReadonlyMap<string, readonly Service[]>
  /** Keys of the services whose endpoints include a workload, by its uid. */
  readonly servicesOfWorkload: ReadonlyMap<string, readonly Service[]>
  /** Unhealthy workloads by the services they belong to: ztunnel keeps no endpoint for them (ambient-ga A.4). */
  readonly unhealthyByService: ReadonlyMap<string, readonly Workload[]>
  readonly policies: ReadonlyMap<string, Policy>
  readonly evidence: (...recorded: readonly Recorded[]) => readonly Evidence[]
}

export interface StateOptions {
  /** The dump is of another node's ztunnel: it is asked as if it served all pods, and what it says is inferred. */
  readonly standIn?: boolean
}

export function createState(config: ZtunnelConfig, {standIn = false}: StateOptions = {}): ZtunnelState {
  const services = config.services.toSorted((a, b) => compareText(serviceKey(a), serviceKey(b)))
  const workloads = [...new Map(config.workloads.map((workload) => [workload.uid, workload])).values()].toSorted((a, b) =>
    compareText(a.uid, b.uid),
  )
  return {
    config,
    semantics: semanticsOf(config.version),
    localNode: standIn ? undefined : config.settings.localNode,
    dedicatedTo: standIn ? undefined : config.settings.dedicatedWorkload,
    certificates: new Map(standIn ? [] : config.certificates.map((certificate) => [certificate.identity, certificate])),
    workloadsByUid: new Map(workloads.map((workload) => [workload.uid, workload])),
    workloadsByName: groupBy(workloads, ({namespace, name}) => [`${namespace}/${name}`]),
    workloadsByAddress: groupBy(
      workloads.filter(({hostNetwork}) => !hostNetwork),
      ({network, ips}) => ips.map((ip) => addressKey({network, ip})),
    ),
    servicesByVip: groupBy(services, ({vips}) => vips.map(addressKey)),
    servicesWithBlocks: services.filter(({cidrVips}) => cidrVips.length > 0),
    servicesByHost: groupBy(services, ({hostname}) => [hostname]),
    servicesOfWorkload: groupBy(services, ({endpoints}) => [...new Set(endpoints.map(({workloadUid}) => workloadUid))]),
    unhealthyByService: groupBy(
      workloads.filter(({healthy}) => !healthy),
      ({services: memberOf}) => memberOf,
    ),
    policies: new Map(config.policies.map((policy) => [policyKey(policy), policy])),
    evidence: (...recorded) => recorded.map((one) => (standIn ? {...evidenceOf(config, one), basis: 'inferred'} : evidenceOf(config, one))),
  }
}
