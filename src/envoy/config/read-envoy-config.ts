import type {DumpStore} from '../../json/store.js'
import type {View} from '../../json/view.js'
import {Endpoints} from './endpoints.js'
import {EntryReader} from './entry-reader.js'
import {Listeners} from './listeners.js'
import type {EndpointLookup, EnvoyConfig, EnvoyNode, ListenerResource, RejectedListener, Resource} from './model.js'
import {readNode, withIdentity} from './node.js'
import type {Corroborate} from './rejoin/corroborate.js'
import {CLUSTERS, DYNAMIC_ROUTES, EXTENSIONS, findResource, resourceAt, ROUTES, SECRETS} from './resources.js'
import {LazyResource} from './resource.js'
import {readRuntime, type Runtime} from './runtime.js'
import {withBootstrap} from './static-resources.js'

export interface ReadOptions {
  /** Knowledge from outside about endpoints, for dumps that lost the names of theirs (envoy-2022 D8). */
  readonly corroborate?: readonly Corroborate[]
  /** Trust domain of the mesh; with it the proxy's own identity is known. */
  readonly trustDomain?: string
}

/**
 * A typed view of one Envoy config dump. Nothing but the bootstrap is read here; look-ups read the entries they need.
 * Source of the dump's shape: envoy-2022 D8.
 */
export function readEnvoyConfig(store: DumpStore, options: ReadOptions = {}): EnvoyConfig {
  return new DumpConfig(withBootstrap(store), options)
}

class DumpConfig implements EnvoyConfig {
  readonly dump: string
  readonly node: EnvoyNode
  readonly runtime: ReadonlyMap<string, unknown>
  readonly localCluster: string | undefined
  readonly upstreamBind: View | undefined
  readonly #store: DumpStore
  readonly #reader: EntryReader
  readonly #listeners: Listeners
  readonly #endpoints: Endpoints
  readonly #runtimeWarnings: readonly string[]
  #warnings: readonly string[] | undefined
  #all: readonly ListenerResource[] | undefined
  #rejected: readonly RejectedListener[] | undefined

  constructor(store: DumpStore, {corroborate = [], trustDomain}: ReadOptions) {
    const bootstrap = bootstrapOf(store)
    const runtime: Runtime = readRuntime(bootstrap)
    this.dump = store.name
    this.node = withIdentity(readNode(bootstrap), trustDomain)
    this.runtime = runtime.values
    this.localCluster = bootstrap === undefined ? undefined : (bootstrap.path('cluster_manager')?.str('local_cluster_name') ?? '')
    this.upstreamBind = bootstrap?.path('cluster_manager', 'upstream_bind_config')
    this.#runtimeWarnings = runtime.warnings
    this.#store = store
    this.#reader = new EntryReader(store)
    this.#listeners = new Listeners(this.#reader)
    this.#endpoints = new Endpoints({store, reader: this.#reader, corroborate})
  }

  get warnings(): readonly string[] {
    this.#warnings ??= [
      ...this.#store.warnings,
      ...this.#runtimeWarnings,
      ...this.#listeners.warnings(),
      ...this.#endpoints.warnings(),
      ...unknownSections(this.#store),
    ]
    return this.#warnings
  }

  listeners(): readonly ListenerResource[] {
    this.#all ??= this.#listeners.all()
    return this.#all
  }

  listener(name: string): ListenerResource | undefined {
    return this.#listeners.find(name)
  }

  rejectedListeners(): readonly RejectedListener[] {
    this.#rejected ??= this.#listeners.rejected()
    return this.#rejected
  }

  cluster(name: string): Resource | undefined {
    return findResource(name, {shelf: CLUSTERS, reader: this.#reader})
  }

  clusterNames(): readonly string[] {
    const names = new Set<string>()
    for (const section of CLUSTERS.sections) {
      for (const {name} of this.#store.refs(section)) if (name !== undefined) names.add(name)
    }
    return [...names]
  }

  endpoints(cluster: Resource): EndpointLookup {
    return this.#endpoints.of(cluster)
  }

  routeTable(name: string): Resource | undefined {
    return findResource(name, {shelf: DYNAMIC_ROUTES, reader: this.#reader})
  }

  routeTables(): readonly Resource[] {
    return this.#reader.refs(ROUTES.sections).map((ref) => resourceAt(ref, {shelf: ROUTES, reader: this.#reader}))
  }

  scopedRoutes(name: string): readonly Resource[] {
    return this.#reader.find(['inline_scoped_route_configs', 'dynamic_scoped_route_configs'], name).flatMap((ref) => {
      const entry = this.#reader.read(ref)
      const version = entry.str('version_info')
      return entry.list('scoped_route_configs').map(
        (view) =>
          new LazyResource({
            name: view.str('name') ?? '',
            state: ref.section.startsWith('inline') ? 'static' : 'active',
            ...(version === undefined ? {} : {version}),
            read: () => view,
          }),
      )
    })
  }

  secret(name: string): Resource | undefined {
    return findResource(name, {shelf: SECRETS, reader: this.#reader})
  }

  get listsExtensions(): boolean {
    return this.#store.configTypes().some((type) => type.split('.').includes('EcdsConfigDump'))
  }

  extension(name: string): Resource | undefined {
    return findResource(name, {shelf: EXTENSIONS, reader: this.#reader})
  }
}

const KNOWN_SECTIONS: ReadonlySet<string> = new Set(
  ['Bootstrap', 'Clusters', 'Listeners', 'Routes', 'ScopedRoutes', 'Endpoints', 'Secrets', 'Ecds'].map((kind) => `${kind}ConfigDump`),
)

/** A config object of a type that is not known stays in the dump as it is: nothing in it decides here. */
function unknownSections(store: DumpStore): string[] {
  const unknown = store.configTypes().filter((type) => type !== '' && !type.split('.').some((part) => KNOWN_SECTIONS.has(part)))
  return [...new Set(unknown)].map((type) => `section ${type} is not understood: what it holds is left out`)
}

function bootstrapOf(store: DumpStore): View | undefined {
  const [ref] = store.refs('bootstrap')
  return ref === undefined ? undefined : store.read(ref)
}
