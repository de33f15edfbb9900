import {openMesh, type Mesh} from '../../../src/app/mesh.js'
import {traceQuestion} from '../../../src/app/trace.js'
import type {Question} from '../../../src/flow/trace.js'
import {openDump} from '../../../src/snapshot/open-dump.js'
import {LazyDump} from '../../../src/snapshot/proxy-dump.js'
import {readInventory} from '../../../src/snapshot/read-inventory.js'
import type {Snapshot} from '../../../src/snapshot/snapshot.js'
import {demandAnswer, demandSummary, documentOf, pieces} from '../asked.js'
import {Corpus, filesOf, seedsOf, type Layer, type Seed} from '../corpus.js'
import {expecting, joinEndings, type Ending} from '../ending.js'
import {drawEdits} from '../mutate/draw-edits.js'
import {applyEdits, toBytes} from '../mutate/edit.js'
import type {Random} from '../random.js'
import {isTreeOrByteEdit, type Draft, type Target} from '../target.js'

/** Whole clusters of which one dump was changed. */
export function meshTarget(): Target {
  return clusterTarget({name: 'mesh', percent: 8, layer: 'mesh', isChanged: (file) => file.startsWith('proxies/')})
}

/** The same with Rust ztunnels and Envoy waypoints; any file may be the changed one. */
export function gaMeshTarget(): Target {
  return clusterTarget({name: 'mesh-ga', percent: 2, layer: 'mesh-ga', isChanged: (file) => !/(authorization|gateway|route)/.test(file)})
}

/** Whole clusters of which one List of kubectl was changed. */
export function inventoryTarget(): Target {
  return clusterTarget({
    name: 'inventory',
    percent: 6,
    layer: 'mesh',
    isChanged: (file) => /inventory\/(pods|services|nodes|namespaces|configmaps)/.test(file),
  })
}

interface ClusterTarget {
  readonly name: string
  readonly percent: number
  readonly layer: Layer
  readonly isChanged: (file: string) => boolean
}

function clusterTarget({name, percent, layer, isChanged}: ClusterTarget): Target {
  const clusters = seedsOf(layer).map((seed) => ({name: seed.name, files: filesOf(seed)}))
  const corpora = new Map(clusters.map((cluster) => [cluster.name, new Corpus(cluster.files.filter((file) => isChanged(file.name)))]))
  const donors = [...corpora.values()]
  return {
    name,
    percent,
    draw: (random) => {
      const cluster = random.pick(clusters)
      const corpus = corpora.get(cluster.name) ?? new Corpus([])
      const file = random.pick(corpus.seeds)
      const other = random.pick(donors)
      const drawing = {ground: corpus.ground(file), donor: other.ground(random.pick(other.seeds)), random}
      return {seed: cluster.name, part: file.name, edits: drawEdits(drawing)}
    },
    run: (draft, random) => {
      const files = clusters.find((cluster) => cluster.name === draft.seed)?.files ?? []
      return expecting(() =>
        runCluster(
          files.map((file) => (file.name === draft.part ? changed(file, draft) : bytesOf(file))),
          random,
        ),
      )
    },
  }
}

interface File {
  readonly name: string
  readonly bytes: Buffer
}

function bytesOf({name, text}: Seed): File {
  return {name, bytes: Buffer.from(text)}
}

function changed({name, text}: Seed, {edits}: Draft): File {
  const changes = edits.filter(isTreeOrByteEdit)
  return {name, bytes: toBytes(applyEdits(JSON.parse(text), changes), changes)}
}

async function runCluster(files: readonly File[], random: Random): Promise<Ending> {
  const snapshot = await inMemory(files)
  const mesh = await openMesh(snapshot)
  const documents = new Map(files.map(({name, bytes}) => [name, documentOf(bytes)]))
  const endings: Ending[] = []
  for (let count = random.pick([1, 1, 2]); count > 0; count -= 1) {
    const question = drawQuestion(mesh, random)
    const options = {question, reverse: random.chance(0.1)}
    endings.push(await demandAnswer({mesh, documents, ask: (each) => traceQuestion(each, options), random}))
  }
  if (random.chance(0.1)) endings.push(await demandSummary(mesh, random))
  snapshot.close()
  return joinEndings(endings)
}

/** The files as a snapshot, through the readers that a directory has. */
async function inMemory(files: readonly File[]): Promise<Snapshot> {
  const proxies = files.flatMap(({name, bytes}) => {
    const [, namespace, pod] = /^proxies\/(.*)\/(.*)\.json$/.exec(name) ?? []
    return pod === undefined ? [] : [new LazyDump({file: name, name: pod, namespace, open: {name, from: pieces(bytes)}})]
  })
  const lists = files.filter(({name}) => name.startsWith('inventory/'))
  const opened = await Promise.all(lists.map(({name, bytes}) => openDump({name, from: pieces(bytes)})))
  const {inventory, warnings} = await readInventory(opened.map(({store}) => store))
  return {
    name: 'fuzzed',
    proxies,
    ...(inventory === undefined ? {} : {inventory}),
    controlPlane: () => Promise.resolve(undefined),
    captures: () => Promise.resolve([]),
    warnings: [...opened.flatMap(({store}) => store.warnings), ...warnings],
    close: () => {
      for (const each of [...proxies, ...opened]) each.close()
    },
  }
}

/** From a pod of the cluster to a service, a pod or an address of it. */
function drawQuestion({directory: {workloads, services}}: Mesh, random: Random): Question {
  const apps = workloads.filter(({role}) => role === 'app' || role === 'sidecar' || role === 'gateway')
  const sources = [...apps.map(({namespace, name}) => `${namespace}/${name}`), 'external']
  const pods = apps.flatMap(({namespace, name, ips}) => [`pod/${namespace}/${name}:9080`, ...ips.map((ip) => `${ip}:9080`)])
  const hosts = services.flatMap(({host, ports}) => ports.map(({port}) => `${host}:${port}`))
  const destination = hosts.length > 0 && random.chance(0.8) ? random.pick(hosts) : random.pick([...pods, ...hosts, '8.8.8.8:53'])
  const request = random.chance(0.6) ? {method: 'GET', path: random.pick(['/', '/productpage', '/reviews/1'])} : {}
  const kind = random.chance(0.1) ? {fromKind: random.pick(['ambient', 'sidecar', 'gateway', 'uncaptured', 'outside'] as const)} : {}
  return {source: random.pick(sources), destination, ...request, ...kind}
}
