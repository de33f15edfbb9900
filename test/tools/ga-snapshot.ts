import {existsSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {z} from 'zod'
import {readGaInventory, type GaCluster, type GaInventory} from './ga-inventory.js'
import {appliedLists, listOf, type NamedList} from './kubectl-lists.js'
import {pretty, write, writeManifest, type FileEntry} from './snapshot-files.js'

export interface ToGaSnapshots {
  /** A recorded GA scenario: dumps, `cluster.yaml` (or one per cluster), and `inventory.json`. */
  readonly scenarioDir: string
  readonly outDir: string
}

/** One cluster as a snapshot directory. */
export interface ClusterSnapshot {
  readonly name: string
  readonly dir: string
}

/**
 * Writes each cluster of a recorded GA scenario as a snapshot directory `<outDir>/<cluster>` (design §7): dumps byte for byte,
 * the applied objects as kubectl Lists, and a pod for every ztunnel, which the recordings only name by their nodes.
 */
export function toGaSnapshotDirs({scenarioDir, outDir}: ToGaSnapshots): readonly [ClusterSnapshot, ...ClusterSnapshot[]] {
  const inventory = readGaInventory(join(scenarioDir, 'inventory.json'))
  const written = inventory.clusters.map((cluster) => writeCluster({scenarioDir, outDir, inventory, cluster}))
  const [first, ...others] = written
  if (first === undefined) throw new Error(`${scenarioDir} has no cluster`)
  return [first, ...others]
}

interface Writing extends ToGaSnapshots {
  readonly inventory: GaInventory
  readonly cluster: GaCluster
}

function writeCluster(writing: Writing): ClusterSnapshot {
  const {scenarioDir, cluster, inventory} = writing
  const dir = join(writing.outDir, cluster.cluster)
  const files = [...writeDumps(writing, dir), ...writeLists(writing, dir)]
  const cut = inventory.clusters.length > 1 ? `${inventory.scenario} ${cluster.cluster}` : inventory.scenario
  writeManifest(dir, {cluster: cut, source: `recorded scenario ${basename(scenarioDir)}`, files})
  return {name: cluster.cluster, dir}
}

interface DumpOf {
  readonly pod: string
  readonly namespace: string
  readonly node?: string | undefined
  readonly dump: string
}

function writeDumps({scenarioDir, cluster, inventory}: Writing, dir: string): readonly FileEntry[] {
  const pods = new Map(cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]))
  const proxies = inventory.proxies.flatMap(({pod, namespace, dump}): readonly DumpOf[] => {
    const known = pods.get(`${namespace}/${pod}`)
    return known === undefined ? [] : [{pod, namespace, dump, node: known.node ?? undefined}]
  })
  const ztunnels = ownZtunnels({cluster, inventory}).map(({node, dump}): DumpOf => ({...ztunnelPod(node), node, dump}))
  return [...proxies, ...ztunnels]
    .map((one) => ({...one, dump: printed(scenarioDir, one.dump)}))
    .filter(({dump}) => existsSync(join(scenarioDir, dump)))
    .map((one): FileEntry => {
      const path = `proxies/${one.namespace}/${one.pod}.json`
      const written = write({outDir: dir, path, bytes: readFileSync(join(scenarioDir, one.dump))})
      return {kind: 'config-dump', pod: one.pod, namespace: one.namespace, ...(one.node === undefined ? {} : {node: one.node}), ...written}
    })
}

/** Where a dump was assembled from what istiod sent, a real Envoy printed the same beside it, with its version. */
function printed(scenarioDir: string, dump: string): string {
  const other = dump.replace('.config_dump.json', '.upstream-envoy.config_dump.json')
  return existsSync(join(scenarioDir, other)) ? other : dump
}

function ownZtunnels({cluster, inventory}: Pick<Writing, 'cluster' | 'inventory'>): GaInventory['ztunnels'] {
  const nodes = new Set(cluster.nodes.map(({name}) => name))
  return inventory.ztunnels.filter(({node}) => nodes.has(node))
}

function ztunnelPod(node: string): {readonly pod: string; readonly namespace: string} {
  return {pod: `ztunnel-${node}`, namespace: 'istio-system'}
}

function writeLists(writing: Writing, dir: string): readonly FileEntry[] {
  const {scenarioDir, cluster, inventory} = writing
  const file = inventory.clusters.length > 1 ? `cluster-${cluster.cluster}.yaml` : 'cluster.yaml'
  const lists = appliedLists(readFileSync(join(scenarioDir, file), 'utf8')).filter(({name}) => name !== 'secrets')
  return lists
    .map((list) => (list.name === 'pods' ? withZtunnels(list, writing) : list))
    .map(({name, list}) => ({
      kind: 'inventory',
      ...write({outDir: dir, path: `inventory/${name}.json`, bytes: Buffer.from(pretty(list))}),
    }))
}

const podList = z.looseObject({items: z.array(z.looseObject({metadata: z.looseObject({name: z.string(), namespace: z.string()})}))})

function withZtunnels({name, list}: NamedList, {cluster, inventory}: Writing): NamedList {
  const {items} = podList.parse(list)
  const stopped = new Set(cluster.pods.filter(({running}) => running === false).map((pod) => `${pod.namespace}/${pod.name}`))
  const applied = items.map((item) =>
    stopped.has(`${item.metadata.namespace}/${item.metadata.name}`) ? {...item, status: {phase: 'Failed', ...addressOf(item)}} : item,
  )
  return {name, list: listOf([...applied, ...ownZtunnels({cluster, inventory}).map(({node}) => ztunnelObject(node))])}
}

const podStatus = z.looseObject({status: z.looseObject({podIP: z.string().optional(), podIPs: z.unknown().optional()}).optional()})

function addressOf(item: unknown): Readonly<Record<string, unknown>> {
  const {status} = podStatus.parse(item)
  return {podIP: status?.podIP, podIPs: status?.podIPs}
}

function ztunnelObject(node: string): unknown {
  const {pod, namespace} = ztunnelPod(node)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      labels: {app: 'ztunnel'},
      name: pod,
      namespace,
      ownerReferences: [{apiVersion: 'apps/v1', controller: true, kind: 'DaemonSet', name: 'ztunnel'}],
    },
    spec: {containers: [{name: 'istio-proxy'}], nodeName: node, serviceAccountName: 'ztunnel'},
    status: {conditions: [{status: 'True', type: 'Ready'}], phase: 'Running'},
  }
}
