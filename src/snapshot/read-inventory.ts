import type {Inventory} from '../flow/inventory.js'
import type {DumpStore, ResourceRef} from '../json/store.js'
import {readAuthorizationPolicy} from './authorization-policy.js'
import {readGateway} from './gateway.js'
import {readEndpointSlice, readNamespace, readNode, readPod, readRaw, readService, readServiceAccount, type Recorded} from './kubernetes.js'
import {readTrustDomain} from './mesh-config.js'

export interface InventoryResult {
  /** Absent when no file held anything of use. */
  readonly inventory?: Inventory
  readonly warnings: readonly string[]
}

/** Reads `kubectl get … -o json` Lists. A kind is recorded when one of its objects, or an empty List in a file named after it, was seen. */
export async function readInventory(stores: readonly DumpStore[]): Promise<InventoryResult> {
  const shelf = new Shelf()
  for (const store of stores) shelf.addFile(store)
  const {trustDomain, warnings} = await readTrustDomain(shelf.objects('configmaps'))
  const inventory: Inventory = {
    ...workloadsOf(shelf),
    ...surroundingsOf(shelf),
    ...bindingsOf(shelf),
    ...(trustDomain === undefined ? {} : {trustDomain}),
  }
  return {...(Object.keys(inventory).length === 0 ? {} : {inventory}), warnings: [...shelf.warnings, ...warnings]}
}

function workloadsOf(shelf: Shelf): Pick<Inventory, 'pods' | 'services' | 'endpointSlices' | 'nodes'> {
  const pods = shelf.take('pods', readPod)
  const services = shelf.take('services', readService)
  const endpointSlices = shelf.take('endpointslices', readEndpointSlice)
  const nodes = shelf.take('nodes', readNode)
  return {
    ...(pods === undefined ? {} : {pods}),
    ...(services === undefined ? {} : {services}),
    ...(endpointSlices === undefined ? {} : {endpointSlices}),
    ...(nodes === undefined ? {} : {nodes}),
  }
}

function surroundingsOf(shelf: Shelf): Pick<Inventory, 'namespaces' | 'serviceAccounts' | 'authorizationPolicies' | 'networkPolicies'> {
  const namespaces = shelf.take('namespaces', readNamespace)
  const serviceAccounts = shelf.take('serviceaccounts', readServiceAccount)
  const authorizationPolicies = shelf.take('authorizationpolicies', readAuthorizationPolicy)
  const networkPolicies = policiesOf(shelf)
  return {
    ...(namespaces === undefined ? {} : {namespaces}),
    ...(serviceAccounts === undefined ? {} : {serviceAccounts}),
    ...(authorizationPolicies === undefined ? {} : {authorizationPolicies}),
    ...(networkPolicies === undefined ? {} : {networkPolicies}),
  }
}

/** Those of Kubernetes and of network plugins, whose names may be the same. */
function policiesOf(shelf: Shelf): Inventory['networkPolicies'] {
  const lists = ['networkpolicies', ...new Set(PLUGIN_POLICIES.values())].map((plural) => shelf.take(plural, readRaw))
  return lists.every((list) => list === undefined) ? undefined : lists.flatMap((list) => list ?? [])
}

/** What waypoints are bound by. A class has no more than labels that count. */
function bindingsOf(shelf: Shelf): Pick<Inventory, 'serviceEntries' | 'gateways' | 'gatewayClasses'> {
  const serviceEntries = shelf.take('serviceentries', readRaw)
  const gateways = shelf.take('gateways', readGateway)
  const gatewayClasses = shelf.take('gatewayclasses', readNamespace)
  return {
    ...(serviceEntries === undefined ? {} : {serviceEntries}),
    ...(gateways === undefined ? {} : {gateways}),
    ...(gatewayClasses === undefined ? {} : {gatewayClasses}),
  }
}

const PLUGIN_POLICIES: ReadonlyMap<string, string> = new Map([
  ['cilium.io/v2 CiliumNetworkPolicy', 'ciliumnetworkpolicies'],
  ['cilium.io/v2 CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies'],
  ['policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy', 'adminnetworkpolicies'],
  ['policy.networking.k8s.io/v1alpha1 BaselineAdminNetworkPolicy', 'baselineadminnetworkpolicies'],
  ['policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy', 'clusternetworkpolicies'],
  ['crd.projectcalico.org/v1 NetworkPolicy', 'caliconetworkpolicies'],
  ['projectcalico.org/v3 NetworkPolicy', 'caliconetworkpolicies'],
  ['crd.projectcalico.org/v1 GlobalNetworkPolicy', 'globalnetworkpolicies'],
  ['projectcalico.org/v3 GlobalNetworkPolicy', 'globalnetworkpolicies'],
])

/** Kinds that are read, by `apiVersion` and `kind`: other groups reuse the names (`serving.knative.dev` has a Service too). */
const PLURALS: ReadonlyMap<string, string> = new Map([
  ['v1 Pod', 'pods'],
  ['v1 Service', 'services'],
  ['discovery.k8s.io/v1 EndpointSlice', 'endpointslices'],
  ['discovery.k8s.io/v1beta1 EndpointSlice', 'endpointslices'],
  ['v1 Node', 'nodes'],
  ['v1 Namespace', 'namespaces'],
  ['v1 ServiceAccount', 'serviceaccounts'],
  ['v1 ConfigMap', 'configmaps'],
  ['networking.k8s.io/v1 NetworkPolicy', 'networkpolicies'],
  ...PLUGIN_POLICIES,
  ['gateway.networking.k8s.io/v1 Gateway', 'gateways'],
  ['gateway.networking.k8s.io/v1beta1 Gateway', 'gateways'],
  ['gateway.networking.k8s.io/v1 GatewayClass', 'gatewayclasses'],
  ['gateway.networking.k8s.io/v1beta1 GatewayClass', 'gatewayclasses'],
  ['networking.istio.io/v1 ServiceEntry', 'serviceentries'],
  ['networking.istio.io/v1beta1 ServiceEntry', 'serviceentries'],
  ['networking.istio.io/v1alpha3 ServiceEntry', 'serviceentries'],
  ['security.istio.io/v1 AuthorizationPolicy', 'authorizationpolicies'],
  ['security.istio.io/v1beta1 AuthorizationPolicy', 'authorizationpolicies'],
])
const KNOWN: ReadonlySet<string> = new Set(PLURALS.values())

/** Objects by plural kind, from all files. */
class Shelf {
  readonly warnings: string[] = []
  readonly #objects = new Map<string, Recorded[]>()

  addFile(store: DumpStore): void {
    const plural = store.name.replace(/^.*\//, '').replace(/\.json(\.gz)?$/, '')
    if (KNOWN.has(plural)) this.#list(plural)
    const root = {kind: textOf(store, 'kind')?.replace(/List$/, ''), apiVersion: textOf(store, 'api_version')}
    for (const ref of store.refs('items')) this.#add({store, ref, root})
  }

  objects(plural: string): readonly Recorded[] {
    return this.#objects.get(plural) ?? []
  }

  /** The objects of one kind sorted by namespace and name; undefined when the kind was not recorded. */
  take<T extends {readonly name: string; readonly namespace?: string}>(
    plural: string,
    read: (object: Recorded) => T,
  ): readonly T[] | undefined {
    const seen = new Map<string, T>()
    for (const object of this.objects(plural)) {
      const value = read(object)
      const key = `${value.namespace ?? ''}/${value.name}`
      const place = `${object.recorded.file}#${object.recorded.pointer}`
      if (value.name === '') this.warnings.push(`${place} has no name and is left out`)
      else if (seen.has(key)) this.warnings.push(`${place} repeats ${plural} ${key} and is left out`)
      else seen.set(key, value)
    }
    return this.#objects.has(plural) ? [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value) : undefined
  }

  /** Items of a List have their own kind; those of a PodList do not. */
  #add(item: {
    readonly store: DumpStore
    readonly ref: ResourceRef
    readonly root: {readonly kind: string | undefined; readonly apiVersion: string | undefined}
  }): void {
    const object = item.store.read(item.ref)
    const plural = PLURALS.get(`${object.str('apiVersion') ?? item.root.apiVersion ?? ''} ${object.str('kind') ?? item.root.kind ?? ''}`)
    if (plural !== undefined) this.#list(plural).push({object, recorded: {file: item.store.name, pointer: item.ref.pointer}})
  }

  #list(plural: string): Recorded[] {
    const list = this.#objects.get(plural) ?? []
    this.#objects.set(plural, list)
    return list
  }
}

function textOf(store: DumpStore, section: string): string | undefined {
  const [ref] = store.refs(section)
  return ref === undefined ? undefined : store.read(ref).text()
}
