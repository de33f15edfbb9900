import {closeSync, openSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {InputError} from '../flow/errors.js'
import {IndexBuilder} from '../json/index-builder.js'
import {fileStream, inflate} from './byte-stream.js'
import {isCapturePath, type CaptureFile} from './captures.js'
import {roughKind} from './dump-kind.js'
import {readFailure} from './input-problem.js'
import {isControlPlane, isYamlInventory, mayBeJson, placeFrom} from './layout.js'
import type {Manifest, ManifestFile} from './manifest.js'
import {listFiles, locate, openTree, type Tree} from './tree.js'

/** A file of a snapshot directory. */
export interface RecordedFile {
  /** Path inside the directory, with `/`. */
  readonly name: string
  /** Absolute; absent when it was not recorded. */
  readonly path?: string
  readonly recorded?: {readonly sha256?: string | undefined}
  /** How it was had. */
  readonly method?: string | undefined
  readonly pod?: string | undefined
  readonly namespace?: string | undefined
  readonly node?: string | undefined
  /** Why there is no file. */
  readonly error?: string | undefined
}

/** What a snapshot directory holds, before any dump is read. */
export interface Contents {
  /** The cluster, as the manifest names it. */
  readonly cluster?: string
  /** When it was recorded, RFC 3339. */
  readonly collectedAt?: string
  /** Where names without a namespace were looked up first. */
  readonly namespace?: string
  /** The flows that it was reduced to. */
  readonly minimizedFor?: readonly string[]
  readonly dumps: readonly RecordedFile[]
  readonly inventory: readonly RecordedFile[]
  /** Texts of packet rules, sets and routes. */
  readonly captures: readonly CaptureFile[]
  /** What istiod says that it tells ztunnels. */
  readonly controlPlane?: RecordedFile
  readonly warnings: readonly string[]
}

/** Largest manifest that is read. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

/**
 * Reads a directory by its manifest (design §7), or without one by the names of files (`layout.ts`) and by looking at
 * every `.json` and `.json.gz` file in it. `shown` is what the user called it.
 * @throws InputError for a bad manifest, and for a directory without dumps and inventory.
 */
export async function readDirectory(path: string, shown = path): Promise<Contents> {
  const contents = await readContents(path, shown)
  if (contents.dumps.length > 0 || contents.inventory.length > 0 || contents.captures.length > 0) return contents
  throw new InputError({
    what: 'The directory holds neither dumps nor inventory.',
    file: shown,
    expected: 'snapshot.json, or config dumps and kubectl Lists as .json or .json.gz',
  })
}

async function readContents(path: string, shown: string): Promise<Contents> {
  try {
    const tree = {...openTree(path), shown}
    const manifest = locate(tree, 'snapshot.json')
    return manifest === undefined
      ? await readTree(tree)
      : fromManifest(tree, await readManifestFile(manifest, join(shown, 'snapshot.json')))
  } catch (error) {
    throw readFailure(shown, error)
  }
}

async function readManifestFile(path: string, shown: string): Promise<Manifest> {
  const {size} = statSync(path)
  if (size > MAX_MANIFEST_BYTES) {
    throw new InputError({what: 'The snapshot manifest is too large.', file: shown, expected: `at most ${MAX_MANIFEST_BYTES} bytes`})
  }
  const {readManifest} = await import('./manifest.js')
  return readManifest(readFileSync(path, 'utf8'), shown)
}

function fromManifest(tree: Tree, manifest: Manifest): Contents {
  const files = (kind: string): readonly RecordedFile[] =>
    manifest.files.filter((file) => file.kind === kind).map((file) => toRecorded(tree, file))
  const dumps = files('config-dump')
  const inventory = files('inventory')
  const captures = files('capture').filter(({name}) => isCapturePath(name))
  const absent = [...dumps, ...inventory, ...captures].filter((file) => file.path === undefined)
  return {
    ...headOf(manifest),
    ...controlPlaneOf(files('istiod-debug')),
    dumps,
    inventory: inventory.filter((file) => file.path !== undefined),
    captures: captures.flatMap(({name, path}) => (path === undefined ? [] : [{name, path}])),
    warnings: [...absent.map((file) => `${file.name}: ${file.error ?? ''}`), ...reductionOf(manifest)],
  }
}

function headOf({
  cluster,
  collectedAt,
  namespace,
  minimizedFor,
}: Manifest): Omit<Contents, 'controlPlane' | 'dumps' | 'inventory' | 'captures' | 'warnings'> {
  return {
    ...(cluster === undefined ? {} : {cluster}),
    ...(collectedAt === undefined ? {} : {collectedAt}),
    ...(namespace === undefined ? {} : {namespace}),
    ...(minimizedFor === undefined ? {} : {minimizedFor}),
  }
}

function reductionOf({minimizedFor}: Manifest): readonly string[] {
  return minimizedFor === undefined
    ? []
    : [`the snapshot was reduced to what these flows need, others may get wrong answers: ${minimizedFor.join(', ')}`]
}

function toRecorded(tree: Tree, file: ManifestFile): RecordedFile {
  const path = locate(tree, file.path)
  const {pod, namespace, node, method, sha256} = file
  const place = {name: file.path, pod, namespace, node, method, recorded: {sha256}}
  if (file.error !== undefined) return {...place, error: file.error}
  return path === undefined ? {...place, error: 'the manifest lists it, but the file is not there'} : {...place, path}
}

async function readTree(tree: Tree): Promise<Contents> {
  const dumps: RecordedFile[] = []
  const inventory: RecordedFile[] = []
  const files = listFiles(tree)
  const captures = files.filter(isCapturePath).map((name) => ({name, path: join(tree.root, name)}))
  for (const name of files.filter((file) => mayBeJson(file) && !isCapturePath(file))) {
    const path = join(tree.root, name)
    const kind = await sniff(path)
    if (kind === 'config-dump') dumps.push({name, path, ...placeFrom(name)})
    if (kind === 'inventory') inventory.push({name, path})
  }
  const yaml = files.filter(isYamlInventory).map((name) => ({name, path: join(tree.root, name)}))
  const debug = files.map((name) => ({name, path: join(tree.root, name)}))
  return {...controlPlaneOf(debug), dumps, inventory: [...inventory, ...yaml], captures, warnings: []}
}

/** Of several istiods the first: they all tell the same. */
function controlPlaneOf(files: readonly RecordedFile[]): Pick<Contents, 'controlPlane'> {
  const [controlPlane] = files.filter(({name, path}) => path !== undefined && isControlPlane(name))
  return controlPlane === undefined ? {} : {controlPlane}
}

/** Enough to see the first keys of a document. */
const SNIFFED_BYTES = 64 * 1024

async function sniff(path: string): Promise<ReturnType<typeof roughKind>> {
  const builder = new IndexBuilder()
  const file = openSync(path, 'r')
  let bytes = 0
  try {
    for await (const chunk of inflate(fileStream(file))) {
      builder.push(chunk)
      bytes += chunk.length
      if (bytes >= SNIFFED_BYTES || builder.problem !== undefined) break
    }
    return roughKind(builder.documentKeys)
  } catch {
    return 'other'
  } finally {
    closeSync(file)
  }
}
