import type {EnvoyVersion} from '../flow/envoy-version.js'
import type {Inventory} from '../flow/inventory.js'
import type {Admission} from '../mesh/admission.js'
import {inferredDirectory, inventoryDirectory} from '../mesh/compose-directory.js'
import {fullName, type Directory} from '../mesh/directory.js'
import {generationOf, type Generation} from '../mesh/generation.js'
import type {NodeRules} from '../mesh/node-rules.js'
import type {Listening} from '../mesh/listening.js'
import type {ProxyDump, Snapshot} from '../snapshot/snapshot.js'
import type {ZtunnelConfig} from '../ztunnel/config/model.js'
import type {Resolver} from '../ztunnel/outbound/question.js'
import {admissionBy} from './network-policies.js'
import {policiesFrom} from './network-policy-file.js'
import {nodeRules} from './node-rules.js'
import {ProxyShelf} from './proxy-shelf.js'

export interface MeshOptions {
  /** Overrides the version that the dumps tell (`--envoy-version`). */
  readonly envoyVersion?: EnvoyVersion
  /**
   * False: without an inventory only the proxies themselves are known, because names behind every endpoint of a large dump
   * cost far more than a walk through one proxy. Default true.
   */
  readonly inferNames?: boolean
  /** Where processes are known to listen, or not to; nobody looks by default. */
  readonly listensAt?: Listening
  /** A YAML file of NetworkPolicies, in the place of those of the inventory. */
  readonly networkPolicies?: string
  /** What DNS answers to ztunnel; nobody asks by default. */
  readonly resolve?: Resolver
}

/** A snapshot opened for questions: who is who, and the proxies. */
export interface Mesh {
  readonly snapshot: Snapshot
  readonly shelf: ProxyShelf
  /** From the inventory where it lists pods and services, else with what the dumps imply. */
  readonly directory: Directory
  readonly generation: Generation
  /** Its name, where several clusters were opened. */
  readonly cluster?: string
  /** The network of its pods, as the label of istio-system names it. */
  readonly network?: string
  /** The other clusters of the mesh. */
  readonly others: readonly Mesh[]
  readonly listensAt?: Listening
  /** The recorded packet rules of a node. */
  readonly rulesOf: (node: string) => NodeRules | undefined
  /** What NetworkPolicies admit; absent where none are known. */
  readonly admission?: Admission
  /** With what all dumps imply; reads them all. */
  inferred(): Promise<Directory>
}

/** Snapshots of the clusters of one mesh, each with its name. The first one is asked, the others continue where it ends. */
export async function openMeshes(clusters: readonly [NamedSnapshot, ...NamedSnapshot[]], options: MeshOptions = {}): Promise<Mesh> {
  const [first, ...others] = clusters
  const rest = await Promise.all(others.map((one) => openCluster(one.snapshot, {...options, cluster: one.name})))
  const asked = await openCluster(first.snapshot, {...options, cluster: first.name})
  return {...asked, snapshot: joined(clusters), others: rest}
}

/** The first snapshot, with the warnings of all; closing it closes all. */
function joined(clusters: readonly [NamedSnapshot, ...NamedSnapshot[]]): Snapshot {
  return {
    ...clusters[0].snapshot,
    name: clusters.map(({name, snapshot}) => `${name}=${snapshot.name}`).join(', '),
    warnings: clusters.flatMap(({name, snapshot}) => snapshot.warnings.map((warning) => `${name}: ${warning}`)),
    close: () => {
      for (const {snapshot} of clusters) snapshot.close()
    },
  }
}

export interface NamedSnapshot {
  readonly name: string
  readonly snapshot: Snapshot
}

/** Opens a snapshot for questions. Dumps are read on demand, unless the inventory leaves names open that only they tell. */
export function openMesh(snapshot: Snapshot, options: MeshOptions = {}): Promise<Mesh> {
  return openCluster(snapshot, options)
}

async function openCluster(snapshot: Snapshot, {cluster, ...options}: MeshOptions & {readonly cluster?: string}): Promise<Mesh> {
  const recorded = snapshot.inventory ?? {}
  const named = cluster === undefined ? {} : {cluster}
  const shelf = new ProxyShelf(snapshot.proxies, {...options, ...named, inventory: recorded})
  const isRecorded = recorded.pods !== undefined && recorded.services !== undefined
  const generation = await generationFrom({inventory: recorded, shelf, readsAll: !isRecorded})
  const inventory = generation === 'ga' ? await withTrustDomain(recorded, shelf) : recorded
  const network = networkOf(inventory)
  let all: Promise<Directory> | undefined
  const inferred = (): Promise<Directory> => {
    all ??= inferAll({inventory, shelf, generation})
    return all
  }
  const directory = isRecorded
    ? await recordedDirectory({inventory, shelf, generation})
    : options.inferNames === false
      ? inventoryDirectory(inventory, {envoys: await shelf.configs(shelf.dumps), generation})
      : await inferred()
  const {listensAt} = options
  const admission = admissionBy({inventory, ...(await policiesFrom(options.networkPolicies))})
  const rulesOf = nodeRules({captures: await snapshot.captures(), inventory, generation, ...named})
  return {
    snapshot,
    shelf,
    inferred,
    directory,
    generation,
    rulesOf,
    ...named,
    ...(admission === undefined ? {} : {admission}),
    ...(network === undefined ? {} : {network}),
    ...(listensAt === undefined ? {} : {listensAt}),
    others: [],
  }
}

interface Opened {
  readonly inventory: Inventory
  readonly shelf: ProxyShelf
  readonly generation: Generation
}

async function inferAll({inventory, shelf, generation}: Opened): Promise<Directory> {
  const envoys = await shelf.configs(shelf.dumps)
  const ztunnels = await shelf.ztunnelConfigs(shelf.dumps)
  return inferredDirectory(inventory, {envoys, ztunnels, generation})
}

/** One dump of a ztunnel tells; labels make reading it unnecessary where they name the generation. */
async function generationFrom({
  inventory,
  shelf,
  readsAll,
}: {
  readonly inventory: Inventory
  readonly shelf: ProxyShelf
  readonly readsAll: boolean
}): Promise<Generation> {
  const pods = inventory.pods ?? []
  if (pods.some(({labels}) => labels.has('ambient-type'))) return '2022'
  const named = shelf.dumps.filter(({name}) => name.includes('ztunnel'))
  const dumps = readsAll ? shelf.dumps : named.slice(0, 1)
  const ztunnels = new Set<'envoy' | 'ztunnel'>()
  for (const dump of dumps) {
    const shelved = await shelf.read(dump)
    if (shelved.kind === 'ztunnel') ztunnels.add('ztunnel')
    if (shelved.kind === 'envoy' && shelved.config.node.role === 'ztunnel') ztunnels.add('envoy')
  }
  return generationOf({inventory, ztunnels})
}

/** Without the mesh config a ztunnel tells the trust domain: it prints the one of each workload (ambient-ga A.3). */
async function withTrustDomain(inventory: Inventory, shelf: ProxyShelf): Promise<Inventory> {
  if (inventory.trustDomain !== undefined) return inventory
  for (const dump of shelf.dumps.filter(({name}) => name.includes('ztunnel'))) {
    const shelved = await shelf.read(dump)
    const trustDomain = shelved.kind === 'ztunnel' ? ownTrustDomain(shelved.config) : undefined
    if (trustDomain !== undefined) return {...inventory, trustDomain}
  }
  return inventory
}

/** What stands for other clusters may be of another trust domain, and comes first in some dumps. */
function ownTrustDomain({workloads, settings}: ZtunnelConfig): string | undefined {
  const own = workloads.find(({uid, clusterId}) => clusterId === settings.clusterId && uid.includes('//Pod/'))
  return (own ?? workloads[0])?.trustDomain
}

function networkOf({namespaces = []}: Inventory): string | undefined {
  return namespaces.find(({name}) => name === 'istio-system')?.labels.get('topology.istio.io/network')
}

/** Labels tell the role of most proxies. What else has a dump is read now, because its role decides how traffic reaches it. */
async function recordedDirectory({inventory, shelf, generation}: Opened): Promise<Directory> {
  const byLabels = inventoryDirectory(inventory, {envoys: [], generation})
  const proxies = byLabels.workloads.filter(({role}) => role !== 'app')
  const unclear: readonly ProxyDump[] = shelf.others(new Set(proxies.map(fullName)))
  return unclear.length === 0 ? byLabels : inventoryDirectory(inventory, {envoys: await shelf.configs(unclear), generation})
}
