import type {EnvoyConfig} from '../envoy/config/model.js'
import type {Inventory} from '../flow/inventory.js'
import {Directory, fullName, type MeshNode, type Workload} from './directory.js'
import {inferServices} from './inferred-services.js'
import {inferWorkloads, proxyWorkload} from './inferred-workloads.js'
import {inventoryNodes, inventoryServices, inventoryWorkloads} from './inventory-directory.js'
import {trustDomainOf} from './trust-domain.js'

/** What the inventory says, with the proxies whose dumps are known: enough to trace when pods and services were recorded. */
export function inventoryDirectory(inventory: Inventory, configs: readonly EnvoyConfig[]): Directory {
  const workloads = inventoryWorkloads(inventory, trustDomainFrom(inventory, configs))
  return compose(inventory, {
    workloads: withProxies(workloads, configs.flatMap(proxyWorkload)),
    services: inventoryServices(inventory),
  })
}

/** The same, completed with what the dumps imply about pods and services that the inventory lacks. */
export function inferredDirectory(inventory: Inventory, configs: readonly EnvoyConfig[]): Directory {
  const workloads = inventoryWorkloads(inventory, trustDomainFrom(inventory, configs))
  const recorded = inventoryServices(inventory)
  const hosts = new Set(recorded.map(({host}) => host))
  return compose(inventory, {
    workloads: withProxies(workloads, inferWorkloads(configs)),
    services: [...recorded, ...inferServices(configs).filter(({host}) => !hosts.has(host))],
  })
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
    ...inferred.filter((workload) => !names.has(fullName(workload)) && !workload.ips.some((ip) => addresses.has(ip))),
  ]
}

function trustDomainFrom(inventory: Inventory, configs: readonly EnvoyConfig[]): string {
  return inventory.trustDomain ?? configs.map(trustDomainOf).find((domain) => domain !== undefined) ?? 'cluster.local'
}
