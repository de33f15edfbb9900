import {createHash} from 'node:crypto'
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {basename, dirname, join} from 'node:path'
import {inventoryLists} from './kubectl-lists.js'
import {readOracleInventory, type OracleInventory} from './oracle-inventory.js'

export interface ToSnapshotDir {
  /** A recorded 2022 scenario: `<pod>.config_dump.json` files and `inventory.json`. */
  readonly scenarioDir: string
  readonly outDir: string
  /** Take the dumps without `cluster_name` on EDS assignments (istio issue 42022), where the scenario has them. */
  readonly nameless?: boolean
}

interface FileEntry {
  readonly path: string
  readonly kind: 'config-dump' | 'inventory'
  readonly pod?: string
  readonly namespace?: string
  readonly node?: string
  readonly sha256: string
  readonly bytes: number
}

/**
 * Writes a recorded scenario as a snapshot directory (design §7): dumps byte for byte under `proxies/<ns>/<pod>.json`,
 * the inventory as kubectl Lists, and a manifest with digests. The same input gives the same bytes. Returns the paths written.
 */
export function toSnapshotDir(options: ToSnapshotDir): readonly string[] {
  const inventory = readOracleInventory(join(options.scenarioDir, 'inventory.json'))
  const files = [...writeDumps(options, inventory), ...writeLists(options.outDir, inventory)]
  const manifest = {
    schemaVersion: 'ambientctl.snapshot/1',
    cluster: inventory.scenario,
    source: `recorded scenario ${basename(options.scenarioDir)}`,
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
  writeFileSync(join(options.outDir, 'snapshot.json'), pretty(manifest))
  return ['snapshot.json', ...files.map((file) => file.path)]
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

function write(file: {
  readonly outDir: string
  readonly path: string
  readonly bytes: Buffer
}): Pick<FileEntry, 'path' | 'sha256' | 'bytes'> {
  const target = join(file.outDir, file.path)
  mkdirSync(dirname(target), {recursive: true})
  writeFileSync(target, file.bytes)
  return {path: file.path, sha256: createHash('sha256').update(file.bytes).digest('hex'), bytes: file.bytes.length}
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
