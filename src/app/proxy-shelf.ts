import type {EnvoyConfig} from '../envoy/config/model.js'
import {readEnvoyConfig} from '../envoy/config/read-envoy-config.js'
import {corroborateFromDumps} from '../envoy/config/rejoin/corroborate-dumps.js'
import {corroborateFromInventory} from '../envoy/config/rejoin/corroborate-inventory.js'
import {createEnvoyForwarder} from '../envoy/forward.js'
import type {EnvoyVersion} from '../flow/envoy-version.js'
import type {Forwarder, Place} from '../flow/forwarder.js'
import type {Inventory} from '../flow/inventory.js'
import type {Missing} from '../flow/verdict.js'
import type {DumpStore} from '../json/store.js'
import {fullName, type Workload} from '../mesh/directory.js'
import {createUnknown} from '../mesh/ends.js'
import {placeOf} from '../mesh/place-of.js'
import {trustDomainOf} from '../mesh/trust-domain.js'
import type {ProxyDump} from '../snapshot/snapshot.js'
import type {ZtunnelConfig} from '../ztunnel/config/model.js'
import {readZtunnelConfig} from '../ztunnel/config/read-ztunnel-config.js'
import {createZtunnelForwarder} from '../ztunnel/forward.js'
import type {Resolver} from '../ztunnel/outbound/question.js'
import {ZtunnelShelf} from './ztunnel-shelf.js'

/** A dump that was read: an Envoy, a Rust ztunnel, or the reason why nothing can be said. */
export type Shelved =
  | {readonly kind: 'envoy'; readonly config: EnvoyConfig}
  | {readonly kind: 'ztunnel'; readonly config: ZtunnelConfig}
  | {readonly kind: 'unknown'; readonly missing: Missing}

export interface ShelfOptions {
  readonly inventory: Inventory
  /** Overrides the version that the dumps tell. */
  readonly envoyVersion?: EnvoyVersion
  /** The name of the cluster, where there are several. */
  readonly cluster?: string
  readonly resolve?: Resolver
}

/** The dumps of a snapshot, read when a trace first reaches their proxy. */
export class ProxyShelf {
  readonly #dumps: readonly ProxyDump[]
  readonly #options: ShelfOptions
  readonly #shelved = new Map<ProxyDump, Shelved>()
  readonly #forwarders = new Map<string, Forwarder>()
  readonly #wanted = new Set<ProxyDump>()
  /** What is being read now: traces may be asked for side by side. */
  readonly #loads = new Set<Promise<void>>()
  /** Pods that were asked for and have no dump, as `namespace/pod`. */
  readonly absent = new Set<string>()
  /** The Rust ztunnels among the dumps. */
  readonly ztunnels: ZtunnelShelf

  constructor(dumps: readonly ProxyDump[], options: ShelfOptions) {
    this.#dumps = dumps
    this.#options = options
    const {cluster, resolve} = options
    this.ztunnels = new ZtunnelShelf({
      dumps,
      read: (dump) => this.#ztunnelConfig(dump),
      ...(cluster === undefined ? {} : {cluster}),
      ...(resolve === undefined ? {} : {resolve}),
    })
  }

  /** Dumps whose pod the given names do not hold. */
  others(names: ReadonlySet<string>): readonly ProxyDump[] {
    return this.#dumps.filter(({namespace, name}) => namespace === undefined || !names.has(fullName({namespace, name})))
  }

  get dumps(): readonly ProxyDump[] {
    return this.#dumps
  }

  /** The engine of a proxy. For a dump that was not read yet a place-holder, and the dump is wanted. */
  forwarderOf(workload: Workload): Forwarder | undefined {
    const known = this.#forwarders.get(fullName(workload))
    if (known !== undefined) return known
    const dump = this.#dumpOf(workload)
    if (dump === undefined) this.absent.add(fullName(workload))
    if (dump === undefined) return undefined
    const shelved = this.#shelved.get(dump)
    if (shelved === undefined) return this.#placeHolder(workload, dump)
    const forwarder = this.#createForwarder(workload, shelved)
    this.#forwarders.set(fullName(workload), forwarder)
    return forwarder
  }

  /** The engine of one dump, whoever its pod is. */
  alone({name, namespace}: ProxyDump, config: EnvoyConfig): Forwarder {
    const {role, pod, namespace: own = namespace, nodeName} = config.node
    const place = {
      kind: role,
      name: pod ?? name,
      ...(own === undefined ? {} : {namespace: own}),
      ...(nodeName === undefined ? {} : {node: nodeName}),
    }
    return this.#engine(place, config)
  }

  /** Reads what traces asked for since the last call, and waits for what others are reading; false when there was nothing. */
  async loadWanted(): Promise<boolean> {
    const underWay = [...this.#loads]
    const isWanted = this.#wanted.size > 0 || this.ztunnels.isWanted
    if (isWanted) {
      const load = this.#load()
      this.#loads.add(load)
      await load.finally(() => this.#loads.delete(load))
    }
    await Promise.allSettled(underWay)
    return isWanted || underWay.length > 0
  }

  async #load(): Promise<void> {
    const wanted = [...this.#wanted]
    this.#wanted.clear()
    for (const dump of wanted) await this.read(dump)
    await this.ztunnels.loadWanted()
  }

  async read(dump: ProxyDump): Promise<Shelved> {
    const known = this.#shelved.get(dump)
    if (known !== undefined) return known
    const shelved = await this.#shelve(dump)
    this.#shelved.set(dump, shelved)
    return shelved
  }

  /** The configuration of a proxy pod, if its dump is an Envoy's. */
  async configOf(workload: Workload): Promise<EnvoyConfig | undefined> {
    const dump = this.#dumpOf(workload)
    if (dump === undefined) this.absent.add(fullName(workload))
    const shelved = dump === undefined ? undefined : await this.read(dump)
    return shelved?.kind === 'envoy' ? shelved.config : undefined
  }

  /** The configurations of these dumps, as far as they are Rust ztunnels. */
  async ztunnelConfigs(dumps: readonly ProxyDump[]): Promise<readonly ZtunnelConfig[]> {
    const configs: ZtunnelConfig[] = []
    for (const dump of dumps) {
      const config = await this.#ztunnelConfig(dump)
      if (config !== undefined) configs.push(config)
    }
    return configs
  }

  async #ztunnelConfig(dump: ProxyDump): Promise<ZtunnelConfig | undefined> {
    const shelved = await this.read(dump)
    return shelved.kind === 'ztunnel' ? shelved.config : undefined
  }

  /** The configurations of these dumps, as far as they are Envoys. */
  async configs(dumps: readonly ProxyDump[]): Promise<readonly EnvoyConfig[]> {
    const configs: EnvoyConfig[] = []
    for (const dump of dumps) {
      const shelved = await this.read(dump)
      if (shelved.kind === 'envoy') configs.push(shelved.config)
    }
    return configs
  }

  async #shelve(dump: ProxyDump): Promise<Shelved> {
    const loaded = await dump.load()
    switch (loaded.kind) {
      case 'envoy':
        return {kind: 'envoy', config: await this.#envoyConfig(dump, loaded.store)}
      case 'ztunnel':
        if (loaded.extract !== undefined) return {kind: 'unknown', missing: {what: `config of ${dump.name}: ${loaded.extract}`}}
        return {kind: 'ztunnel', config: readZtunnelConfig(loaded.store)}
      case 'unusable':
        return {kind: 'unknown', missing: {what: `config of ${dump.name}: ${loaded.reason}`, collect: `ambientctl dump ${qualified(dump)}`}}
      default:
        return loaded satisfies never
    }
  }

  async #envoyConfig(dump: ProxyDump, store: DumpStore): Promise<EnvoyConfig> {
    const {inventory} = this.#options
    const trustDomain = inventory.trustDomain ?? trustDomainOf(readEnvoyConfig(store))
    const corroborate = isNameless(store) ? [corroborateFromInventory(inventory), corroborateFromDumps(await this.#otherConfigs(dump))] : []
    return readEnvoyConfig(store, {corroborate, ...(trustDomain === undefined ? {} : {trustDomain})})
  }

  /** Assignments without names are given back by what all other proxies say (envoy-2022 D8). */
  async #otherConfigs(dump: ProxyDump): Promise<readonly EnvoyConfig[]> {
    const loaded = await Promise.all(this.#dumps.filter((other) => other !== dump).map((other) => other.load()))
    return loaded.flatMap((each) => (each.kind === 'envoy' ? [readEnvoyConfig(each.store)] : []))
  }

  #placeHolder(workload: Workload, dump: ProxyDump): Forwarder {
    this.#wanted.add(dump)
    return createUnknown(placeOf(workload, this.#options.cluster), {what: `what ${dump.file} holds`})
  }

  #createForwarder(workload: Workload, shelved: Shelved): Forwarder {
    const place = placeOf(workload, this.#options.cluster)
    switch (shelved.kind) {
      case 'unknown':
        return createUnknown(place, shelved.missing)
      case 'ztunnel':
        return createZtunnelForwarder({config: shelved.config, place})
      case 'envoy':
        return this.#engine(place, shelved.config)
      default:
        return shelved satisfies never
    }
  }

  #engine(place: Place, config: EnvoyConfig): Forwarder {
    const {envoyVersion} = this.#options
    return createEnvoyForwarder({config, place, ...(envoyVersion === undefined ? {} : {envoyVersion})})
  }

  /** By pod name and namespace; a lone dump tells its pod itself, once it was read. */
  #dumpOf(workload: Workload): ProxyDump | undefined {
    return this.#dumps.find((dump) => {
      if (dump.namespace !== undefined) return dump.namespace === workload.namespace && dump.name === workload.name
      const shelved = this.#shelved.get(dump)
      const node = shelved?.kind === 'envoy' ? shelved.config.node : undefined
      return (node?.pod ?? dump.name) === workload.name && (node?.namespace ?? workload.namespace) === workload.namespace
    })
  }
}

function isNameless(store: DumpStore): boolean {
  for (const {name} of store.refs('dynamic_endpoint_configs')) if (name === undefined) return true
  return false
}

function qualified({namespace, name}: ProxyDump): string {
  return namespace === undefined ? name : fullName({namespace, name})
}
