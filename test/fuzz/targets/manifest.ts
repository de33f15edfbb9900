import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openSources} from '../../../src/app/open.js'
import {demandSummary} from '../asked.js'
import {Corpus, filesOf, seedsOf, type Seed} from '../corpus.js'
import {expecting, type Ending} from '../ending.js'
import {drawEdits} from '../mutate/draw-edits.js'
import {HOSTILE_TEXTS} from '../mutate/hostile.js'
import {applyEdits, toBytes} from '../mutate/edit.js'
import type {Random} from '../random.js'
import {isTreeOrByteEdit, type Draft, type Target} from '../target.js'

/** Snapshot directories with a changed manifest: it names files, so that it must not lead outside. */
export function manifestTarget(): Target {
  const [cluster] = seedsOf('mesh')
  const files = cluster === undefined ? [] : filesOf(cluster)
  const corpus = new Corpus([{name: 'manifest', text: JSON.stringify(manifestOf(files))}])
  const directory = snapshotDirectory(files)
  return {
    name: 'manifest',
    percent: 4,
    draw: (random) => drawManifest(corpus, {random, files}),
    run: (draft, random) => expecting(() => open(directory, {manifest: changed(corpus, draft), random})),
  }
}

function manifestOf(files: readonly Seed[]): unknown {
  const entries = files.map(({name}) => ({
    path: name,
    kind: name.startsWith('proxies/') ? 'config-dump' : 'inventory',
    pod: 'p',
    namespace: 'n',
    bytes: 1,
  }))
  return {schemaVersion: 'ambientctl.snapshot/1', cluster: 'c', collectedAt: '2022-12-09T00:00:00Z', files: entries}
}

function drawManifest(corpus: Corpus, {random, files}: {readonly random: Random; readonly files: readonly Seed[]}): Draft {
  const [seed] = corpus.seeds
  const ground = corpus.ground(seed ?? {name: '', text: '{}'})
  const path = ['files', random.below(files.length), random.pick(['path', 'pod', 'namespace', 'kind', 'sha256', 'error'])]
  const value = random.pick([...HOSTILE_TEXTS, ...OUTSIDE])
  return {seed: 'manifest', edits: [{op: 'set', path, value}, ...drawEdits({ground, donor: ground, random})]}
}

const OUTSIDE = [
  '/etc/passwd',
  '../outside.json',
  'proxies/../../outside.json',
  'C:\\x',
  '..\\outside.json',
  'proxies',
  'snapshot.json',
  'a\0b',
  './proxies//x',
  'x'.repeat(300),
]

function changed(corpus: Corpus, {edits}: Draft): Buffer {
  const changes = edits.filter(isTreeOrByteEdit)
  return toBytes(applyEdits(JSON.parse(corpus.named('manifest').text), changes), changes)
}

/** Goes away with the process; only the manifest changes from case to case. */
function snapshotDirectory(files: readonly Seed[]): string {
  const root = mkdtempSync(join(tmpdir(), 'ambientctl-fuzz-'))
  process.once('exit', () => {
    rmSync(root, {recursive: true, force: true})
  })
  writeFileSync(join(root, 'outside.json'), '{"configs": []}')
  const directory = join(root, 'snapshot')
  for (const {name, text} of files) {
    mkdirSync(join(directory, name, '..'), {recursive: true})
    writeFileSync(join(directory, name), text)
  }
  return directory
}

async function open(directory: string, {manifest, random}: {readonly manifest: Buffer; readonly random: Random}): Promise<Ending> {
  writeFileSync(join(directory, 'snapshot.json'), manifest)
  const mesh = await openSources({paths: [directory], environment: {}}, {inferNames: false})
  const ending = await demandSummary(mesh, random)
  mesh.snapshot.close()
  return {...ending, work: mesh.snapshot.proxies.length}
}
