import type {EnvoyConfig} from '../envoy/config/model.js'
import type {Inventory} from '../flow/inventory.js'
import {Directory, fullName, type MeshNode, type MeshService, type Workload} from './directory.js'
import type {Generation} from './generation.js'
import {inferServices} from './inferred-services.js'
import {inferWorkloads, proxyWorkload} from './inferred-workloads.js'
import {inventoryNodes, inventoryServices, inventoryWorkloads} from './inventory-directory.js'
import {trustDomainOf} from './trust-domain.js'
import type {ZtunnelConfig} from '../ztunnel/config/model.js'
import {ztunnelServices, ztunnelWorkloads} from './ztunnel-directory.js'

/** What the inventory says, with the proxies whose dumps are known: enough to trace when pods and services were recorded. */
export function inventoryDirectory(inventory: Inventory, {envoys, generation}: DirectorySources): Directory {
  const workloads = recordedWorkloads(inventory, {envoys, generation})
  return compose(inventory, {
    workloads: withProxies(workloads, envoys.flatMap(proxyWorkload)),
    services: inventoryServices(inventory),
  })
}

/** The same, completed with what the dumps imply about pods and services that the inventory lacks. */
export function inferredDirectory(inventory: Inventory, sources: InferenceSources): Directory {
  const {envoys, ztunnels} = sources
  const workloads = recordedWorkloads(inventory, sources)
  const recorded = inventoryServices(inventory)
  const hosts = new Set(recorded.map(({host}) => host))
  const told = [...ztunnelServices(ztunnels), ...inferServices(envoys)]
  return compose(inventory, {
    workloads: withProxies(workloads, [
      ...envoys.flatMap(proxyWorkload),
      ...ztunnelWorkloads(ztunnels),
      ...inferWorkloads(envoys).filter((workload) => inventory.pods === undefined || !isMereAddress(workload)),
    ]),
    services: [...recorded, ...unique(told).filter(({host}) => !hosts.has(host))],
  })
}

export interface DirectorySources {
  readonly envoys: readonly EnvoyConfig[]
  readonly generation: Generation
}

export interface InferenceSources extends DirectorySources {
  readonly ztunnels: readonly ZtunnelConfig[]
}

/** An endpoint that no dump names: beside a list of all pods it is none, but an address outside, as a ServiceEntry has it. */
function isMereAddress({role, name, ips}: Workload): boolean {
  return role === 'app' && ips.includes(name)
}

/** The ztunnels' own words go before what is concluded from the names in other proxies. */
function unique(services: readonly MeshService[]): readonly MeshService[] {
  return [...new Map(services.toReversed().map((service) => [service.host, service])).values()].toReversed()
}

function recordedWorkloads(inventory: Inventory, {envoys, generation}: DirectorySources): readonly Workload[] {
  return inventoryWorkloads(inventory, {trustDomain: trustDomainFrom(inventory, envoys), generation})
}

function compose(inventory: Inventory, {workloads, services}: Pick<Directory, 'workloads' | 'services'>): Directory {
  const nodes = inventoryNodes(inventory)
  const named = new Set(nodes.map(({name}) => name))
  const others = [...new Set(workloads.flatMap(({node}) => node ?? []))].filter((name) => !named.has(name)).toSorted()
  return new Directory({
    workloads,
    services,
    complete: inventory.pods !== undefined,
    nodes: [...nodes, ...others.map((name): MeshNode => ({name, ips: [], podCIDRs: []}))],
  })
}

/** A dump tells the role of its pod better than labels do; pods that the inventory lacks come from the dumps alone. */
function withProxies(recorded: readonly Workload[], inferred: readonly Workload[]): readonly Workload[] {
  const roles = new Map(inferred.filter(({role}) => role !== 'app').map((workload) => [fullName(workload), workload.role]))
  const names = new Set(recorded.map(fullName))
  const addresses = new Set(recorded.flatMap(({ips}) => ips))
  return [
    ...recorded.map((workload): Workload => ({...workload, role: roles.get(fullName(workload)) ?? workload.role})),
    ...firsts(inferred).filter((workload) => !names.has(fullName(workload)) && !workload.ips.some((ip) => addresses.has(ip))),
  ]
}

function trustDomainFrom(inventory: Inventory, configs: readonly EnvoyConfig[]): string {
  return inventory.trustDomain ?? configs.map(trustDomainOf).find((domain) => domain !== undefined) ?? 'cluster.local'
}

/** One workload per name and address: the first source that tells of it. */
function firsts(workloads: readonly Workload[]): readonly Workload[] {
  const names = new Set<string>()
  const addresses = new Set<string>()
  return workloads.filter((workload) => {
    const isNew = !names.has(fullName(workload)) && !workload.ips.some((ip) => addresses.has(ip) && !workload.hostNetwork)
    names.add(fullName(workload))
    for (const ip of workload.ips) addresses.add(ip)
    return isNew
  })
}
