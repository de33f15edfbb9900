import {readdirSync, readFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import {inventoryLists} from './kubectl-lists.js'
import {readOracleInventory, type OracleInventory} from './oracle-inventory.js'
import {pretty, write, writeManifest, type FileEntry} from './snapshot-files.js'

export interface ToSnapshotDir {
  /** A recorded 2022 scenario: `<pod>.config_dump.json` files and `inventory.json`. */
  readonly scenarioDir: string
  readonly outDir: string
  /** Take the dumps without `cluster_name` on EDS assignments (istio issue 42022), where the scenario has them. */
  readonly nameless?: boolean
}

/**
 * Writes a recorded scenario as a snapshot directory (design §7): dumps byte for byte under `proxies/<ns>/<pod>.json`,
 * the inventory as kubectl Lists, and a manifest with digests. The same input gives the same bytes. Returns the paths written.
 */
export function toSnapshotDir(options: ToSnapshotDir): readonly string[] {
  const inventory = readOracleInventory(join(options.scenarioDir, 'inventory.json'))
  const files = [...writeDumps(options, inventory), ...writeLists(options.outDir, inventory)]
  const source = `recorded scenario ${basename(options.scenarioDir)}`
  return writeManifest(options.outDir, {cluster: inventory.scenario, source, files})
}

const SUFFIX = '.config_dump.json'
const NAMELESS = '.nameless-eds'

function writeDumps(options: ToSnapshotDir, inventory: OracleInventory): readonly FileEntry[] {
  const present = new Set(readdirSync(options.scenarioDir))
  const pods = inventory.pods.filter((pod) => present.has(pod.name + SUFFIX))
  return pods.map((pod) => {
    const nameless = pod.name + NAMELESS + SUFFIX
    const source = options.nameless === true && present.has(nameless) ? nameless : pod.name + SUFFIX
    const path = `proxies/${pod.namespace}/${pod.name}.json`
    const written = write({outDir: options.outDir, path, bytes: readFileSync(join(options.scenarioDir, source))})
    return {kind: 'config-dump', pod: pod.name, namespace: pod.namespace, node: pod.node, ...written}
  })
}

function writeLists(outDir: string, inventory: OracleInventory): readonly FileEntry[] {
  return inventoryLists(inventory).map(({name, list}) => ({
    kind: 'inventory',
    ...write({outDir, path: `inventory/${name}.json`, bytes: Buffer.from(pretty(list))}),
  }))
}
