import type {Forwarder, Place} from '../flow/forwarder.js'
import type {CaptureSources} from '../mesh/capture-truth.js'
import type {ProxyDump} from '../snapshot/snapshot.js'
import type {ZtunnelConfig} from '../ztunnel/config/model.js'
import {createZtunnelForwarder} from '../ztunnel/forward.js'
import type {PodAt} from '../ztunnel/forward/outbound.js'
import type {Resolver} from '../ztunnel/outbound/question.js'

/** A ztunnel dump that was read. */
interface ReadZtunnel {
  readonly dump: ProxyDump
  readonly config: ZtunnelConfig
}

/** The ztunnel of a node: its own dump, or for want of it another node's (ambient-ga 0.8). */
interface NodeZtunnel {
  readonly own?: ReadZtunnel
  readonly other?: ReadZtunnel
}

export interface ZtunnelShelfOptions {
  readonly dumps: readonly ProxyDump[]
  /** The Rust ztunnel that a dump is of; undefined for every other dump. */
  readonly read: (dump: ProxyDump) => Promise<ZtunnelConfig | undefined>
  readonly cluster?: string
  readonly resolve?: Resolver
}

/** A node, and the name of its ztunnel pod where the inventory has one. */
export interface NodeQuery {
  readonly node: string
  readonly pod?: {readonly name: string; readonly namespace: string} | undefined
  /** Who has an address, as the inventory says. */
  readonly podAt?: PodAt
}

/** Rust ztunnels by the node they serve, read when a trace first needs them. */
export class ZtunnelShelf {
  readonly #options: ZtunnelShelfOptions
  readonly #known = new Map<string, NodeZtunnel>()
  readonly #wanted = new Map<string, NodeQuery>()
  readonly #forwarders = new Map<string, Forwarder>()
  /** Nodes whose own ztunnel was asked for and has no dump. */
  readonly absent = new Set<string>()

  constructor(options: ZtunnelShelfOptions) {
    this.#options = options
  }

  /** What ztunnels say about the pods of a node; nothing as long as it was not read. */
  sources(query: NodeQuery): CaptureSources {
    const {own, other} = this.#ask(query) ?? {}
    return {...(own === undefined ? {} : {own: own.config}), ...(other === undefined ? {} : {other: other.config})}
  }

  /** Undefined when there is no dump of any ztunnel. */
  forwarderOf(query: NodeQuery): Forwarder | undefined {
    const known = this.#forwarders.get(query.node)
    if (known !== undefined) return known
    const {own, other} = this.#ask(query) ?? {}
    const source = own ?? other
    if (source === undefined) return undefined
    const {resolve} = this.#options
    const forwarder = createZtunnelForwarder({
      config: source.config,
      place: this.#placeOf(query, own),
      standIn: own === undefined,
      ...(resolve === undefined ? {} : {resolve}),
      ...(query.podAt === undefined ? {} : {podAt: query.podAt}),
    })
    this.#forwarders.set(query.node, forwarder)
    return forwarder
  }

  /** Whether something was asked for that was not read yet. */
  get isWanted(): boolean {
    return this.#wanted.size > 0
  }

  /** Reads what was asked for. */
  async loadWanted(): Promise<void> {
    const wanted = [...this.#wanted.values()]
    this.#wanted.clear()
    for (const query of wanted) await this.load(query)
  }

  async load(query: NodeQuery): Promise<void> {
    if (!this.#known.has(query.node)) this.#known.set(query.node, await this.#find(query))
  }

  #ask(query: NodeQuery): NodeZtunnel | undefined {
    const known = this.#known.get(query.node)
    if (known === undefined) this.#wanted.set(query.node, query)
    return known
  }

  /**
   * The dump that the manifest or its name gives to the node goes first; else the dumps themselves say whose they are. A dedicated ztunnel
   * serves one workload and not a node, whatever node it runs on (ambient-ga F.3).
   */
  async #find(query: NodeQuery): Promise<NodeZtunnel> {
    const sorted = this.#candidates().toSorted((a, b) => rank(a, query) - rank(b, query))
    let other: ReadZtunnel | undefined
    for (const dump of sorted) {
      const config = await this.#options.read(dump)
      if (config === undefined) continue
      const {dedicated} = config.settings
      const isOwn = !dedicated && (config.settings.localNode ?? (rank(dump, query) === 0 ? query.node : undefined)) === query.node
      if (isOwn) return {own: {dump, config}}
      if (other === undefined || other.config.settings.dedicated) other = {dump, config}
    }
    this.absent.add(query.node)
    return other === undefined ? {} : {other}
  }

  /** Names tell ztunnels from other proxies where anybody named them so; else every dump may be one. */
  #candidates(): readonly ProxyDump[] {
    const named = this.#options.dumps.filter(({name}) => name.includes('ztunnel'))
    return (named.length > 0 ? named : this.#options.dumps).toSorted((a, b) => (a.file < b.file ? -1 : 1))
  }

  #placeOf({node, pod}: NodeQuery, own: ReadZtunnel | undefined): Place {
    const {cluster} = this.#options
    const {name, namespace} = pod ?? own?.dump ?? {name: `ztunnel of ${node}`}
    return {
      kind: 'ztunnel',
      name,
      node,
      ...(namespace === undefined ? {} : {namespace}),
      ...(cluster === undefined ? {} : {cluster}),
    }
  }
}

function rank(dump: ProxyDump, {node, pod}: NodeQuery): number {
  const isNamed = pod !== undefined && dump.name === pod.name && (dump.namespace ?? pod.namespace) === pod.namespace
  return isNamed || dump.node === node ? 0 : 1
}
