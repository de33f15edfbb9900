import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {isIP} from 'node:net'
import {tmpdir} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gzipSync} from 'node:zlib'
import {readCases} from '../conformance/recorded-cases.js'
import {recordedNamespace} from '../conformance/layers/kernel-files.js'
import {toGaSnapshotDirs} from '../tools/ga-snapshot.js'
import {inventoryLists} from '../tools/kubectl-lists.js'
import {readOracleInventory} from '../tools/oracle-inventory.js'
import {isList, isRecord, nodesOf} from './json-tree.js'
import {Random} from './random.js'
import {stringsOf, thin} from './thin.js'

const SEEDS = fileURLToPath(new URL('seeds', import.meta.url))

/** `node --import tsx test/fuzz/write-seeds.ts <oracle folder>`: cuts recordings down to seeds that are quick to change and to read. */
function main(oracle: string | undefined): void {
  if (oracle === undefined) throw new Error('which folder holds the recordings?')
  rmSync(SEEDS, {recursive: true, force: true})
  for (const layer of ['envoy', 'istiod']) writeEnvoys(join(oracle, layer))
  for (const layer of ['ztunnel', 'ztunnel-old']) writeZtunnels(join(oracle, layer))
  for (const [scenario, words] of MESHES) writeMesh(join(oracle, 'ambient2022', scenario), words)
  for (const scenario of GA_MESHES) writeGaMesh(join(oracle, 'wholepath', scenario))
  for (const scenario of KERNELS) writeKernel(join(oracle, 'kernel', scenario))
}

/** Scenarios of 2022, and the words that both ends of a path have in their names. */
const MESHES: readonly (readonly [string, readonly string[]])[] = [
  ['gke-sleep-productpage', ['sleep', 'productpage']],
  ['kind-bookinfo-l4', ['sleep', 'reviews']],
  ['waypoint-l7', ['sleep', 'productpage']],
  ['sep2022-bookinfo-waypoint', ['sleep', 'productpage']],
  ['mixed', ['frontend', 'cart', 'scar']],
]

const GA_MESHES = ['bookinfo-waypoint', 'orchard', 'policies', 'waypoint-for-workload-all']

const KERNELS = [
  'inpod-default-legacy',
  'inpod-dns-dual-nft',
  'inpod-ingress-virtif-legacy',
  'node2022-gke-legacy-dnscapture',
  'node2022-kind-encap6081',
  'node2022-kind-healthy',
]

function dumpsOf(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.config_dump.json') && !name.includes('upstream-envoy'))
}

function scenariosOf(layer: string): readonly string[] {
  return readdirSync(layer, {withFileTypes: true}).flatMap((entry) => (entry.isDirectory() ? [join(layer, entry.name)] : []))
}

function writeEnvoys(layer: string): void {
  for (const scenario of scenariosOf(layer)) {
    const names = dumpsOf(scenario).filter((name) => !(basename(layer) === 'istiod' && name.startsWith('ztunnel')))
    for (const name of names.slice(0, 2)) {
      const dump = closure(readJson(join(scenario, name)), {random: new Random(name.length), start: [], most: 12})
      write(`envoy/${basename(scenario)}-${name.replace('.config_dump.json', '')}`, dump)
    }
  }
}

const ROUNDS = 4
const ALWAYS = [
  'PassthroughCluster',
  'BlackHoleCluster',
  'virtualInbound',
  'virtualOutbound',
  'virtual_inbound',
  'outbound_tunnel_lis_default',
]

interface Closing {
  readonly random: Random
  /** What is kept besides a few by chance. */
  readonly start: readonly string[]
  readonly most: number
}

/** A few things of the dump, and what they name, and what these name: paths through it stay whole. */
function closure(dump: unknown, {random, start, most}: Closing): unknown {
  const names = resourceNames(dump)
  let anchors: readonly string[] = [...ALWAYS, ...start, ...[...names].filter(() => random.chance(3 / (names.size + 1)))]
  let small = dump
  for (let round = 0; round < ROUNDS; round += 1) {
    small = thin(dump, {anchors: anchors.map((name) => JSON.stringify(name)), limit: most / 3, quota: 1, random: new Random(names.size)})
    anchors = [...new Set([...anchors, ...[...stringsOf(small)].filter((text) => names.has(text))])].slice(0, most)
  }
  return small
}

/** Names of listeners, filter chains, route tables and clusters. */
function resourceNames(dump: unknown): ReadonlySet<string> {
  const named = [...nodesOf(dump)].filter(({path}) => NAME_PLACE.test(path.join('/')))
  return new Set(named.flatMap(({value}) => (typeof value === 'string' ? [value] : [])))
}

const NAME_PLACE = /(listener|cluster|route_config|filter_chains\/\d+)\/name$/

function writeZtunnels(layer: string): void {
  for (const scenario of scenariosOf(layer)) {
    const [name] = dumpsOf(scenario)
    if (name === undefined) continue
    const dump = thin(readJson(join(scenario, name)), {anchors: [], limit: 0, quota: 6, random: new Random(7)})
    write(`ztunnel/${basename(scenario)}`, dump)
  }
}

function writeMesh(scenario: string, words: readonly string[]): void {
  const inventory = readOracleInventory(join(scenario, 'inventory.json'))
  const known = [
    ...inventory.pods.flatMap(({name, ips}) => [{name, ips}]),
    ...inventory.services.map(({name, vip}) => ({name, ips: [vip]})),
  ]
  const addresses = new Set(known.filter(({name}) => words.some((word) => name.startsWith(word))).flatMap(({ips}) => ips))
  const dumps = inventory.pods.flatMap(({name, namespace}) => {
    const file = `${name}.config_dump.json`
    if (!dumpsOf(scenario).includes(file)) return []
    return [{file: `proxies/${namespace}/${name}.json`, document: between(readJson(join(scenario, file)), addresses)}]
  })
  const lists = inventoryLists(inventory).map(({name, list}) => ({file: `inventory/${name}.json`, document: list}))
  write(`mesh/${basename(scenario)}`, {files: [...dumps, ...lists]})
}

/** Clusters of Rust ztunnels, whose dumps are small, and Envoy waypoints. */
function writeGaMesh(scenarioDir: string): void {
  const outDir = mkdtempSync(join(tmpdir(), 'ambientctl-seeds-'))
  const [{dir}] = toGaSnapshotDirs({scenarioDir, outDir})
  const names = readdirSync(dir, {recursive: true, encoding: 'utf8'}).filter((name) => /^(proxies|inventory)\/.*\.json$/.test(name))
  const files = names.toSorted().map((file) => ({file, document: smaller(readJson(join(dir, file)))}))
  rmSync(outDir, {recursive: true})
  write(`mesh-ga/${basename(scenarioDir)}`, {files})
}

function smaller(document: unknown): unknown {
  return isRecord(document) && 'configs' in document ? closure(document, {random: new Random(3), start: [], most: 30}) : document
}

/** What a dump says about these addresses: branches of matchers by their keys, then whatever these lead to. */
function between(dump: unknown, addresses: ReadonlySet<string | null>): unknown {
  const pruned = pruneMaps(dump, addresses)
  const names = resourceNames(dump)
  const matched = [...nodesOf(pruned)].flatMap(({path, value}) =>
    path.includes('filter_chain_matcher') && typeof value === 'string' ? [value] : [],
  )
  const start = [...new Set(matched)].filter((name) => names.has(name))
  return closure(pruned, {random: new Random(names.size), start, most: 30})
}

function pruneMaps(value: unknown, keys: ReadonlySet<string | null>, field = ''): unknown {
  if (isList(value)) return value.map((item) => pruneMaps(item, keys))
  if (!isRecord(value)) return value
  const entries = Object.entries(value)
  const isByAddress = field === 'map' && entries.some(([key]) => isIP(key) !== 0)
  const kept = isByAddress ? entries.filter(([key], index) => index === 0 || keys.has(key)) : entries
  return Object.fromEntries(kept.map(([key, item]) => [key, pruneMaps(item, keys, key)]))
}

function writeKernel(scenario: string): void {
  const folders = ['node', 'ztunnel', 'pod'].filter((folder) => readdirSync(scenario).includes(folder))
  const namespaces = folders.map((name) => ({name, files: recordedNamespace(join(scenario, name))}))
  const attempts = readCases(join(scenario, 'cases.json')).map(({input}) => input)
  write(`kernel/${basename(scenario)}`, {namespaces, attempts: attempts.slice(0, 12)})
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function write(name: string, value: unknown): void {
  const path = join(SEEDS, `${name}.json.gz`)
  mkdirSync(dirname(path), {recursive: true})
  writeFileSync(path, gzipSync(JSON.stringify(value), {level: 9}))
}

main(process.argv[2])
