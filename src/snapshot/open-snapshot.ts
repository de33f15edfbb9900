import {existsSync} from 'node:fs'
import {basename} from 'node:path'
import type {ControlPlane} from '../flow/control-plane.js'
import {UsageError} from '../flow/errors.js'
import {readCaptures} from './captures.js'
import {readControlPlane} from './control-plane.js'
import {findDemo} from './demos.js'
import type {RecordedFile} from './directory.js'
import {openInventory} from './inventory-files.js'
import {openContents, type OpenedContents} from './open-contents.js'
import {openDump} from './open-dump.js'
import {LazyDump} from './proxy-dump.js'
import {readInventory, type InventoryResult} from './read-inventory.js'
import type {Snapshot, SnapshotSources} from './snapshot.js'
import {isDirectory} from './tree.js'
import {isArchive} from './unpack-archive.js'

/**
 * Opens what was recorded. Dumps of a directory are read on demand; dumps the user named are read at once.
 * @throws UsageError without a source, for an unknown demo, and for names that come twice.
 * @throws InputError for a source that cannot be read.
 */
export async function openSnapshot(sources: SnapshotSources): Promise<Snapshot> {
  const {directory, files, name} = chooseSources(sources)
  const {contents, close} = directory === undefined ? NOTHING : await openContents(directory)
  const named = files.map((file) => namedDump(file, sources))
  const proxies = [...contents.dumps.map(recordedDump), ...named].sort((a, b) => (a.file < b.file ? -1 : 1))
  refuseEqualNames(named)
  await requireUsable(named)
  const {inventory, warnings} = await inventoryOf(contents.inventory)
  const {namespace} = contents
  return {
    name,
    ...(namespace === undefined ? {} : {namespace}),
    proxies,
    ...(inventory === undefined ? {} : {inventory}),
    controlPlane: once(() => controlPlaneOf(contents.controlPlane)),
    captures: () => readCaptures(contents.captures),
    warnings: [...contents.warnings, ...warnings],
    close: () => {
      for (const proxy of proxies) proxy.close()
      close()
    },
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => (asked ??= ask())
}

/** It only explains: what cannot be read is as if it had not been recorded. */
async function controlPlaneOf(file: RecordedFile | undefined): Promise<ControlPlane | undefined> {
  if (file?.path === undefined) return undefined
  try {
    const opened = await openDump({name: file.name, from: file.path})
    try {
      return readControlPlane(opened.store)
    } finally {
      opened.close()
    }
  } catch {
    return undefined
  }
}

const NOTHING: OpenedContents = {contents: {dumps: [], inventory: [], captures: [], warnings: []}, close: () => undefined}
const STDIN = '-'

interface NamedFile {
  readonly file: string
  readonly name: string
}

interface Chosen {
  readonly name: string
  readonly directory: string | undefined
  readonly files: readonly NamedFile[]
}

function chooseSources(sources: SnapshotSources): Chosen {
  const files = (sources.files ?? []).map(parseFile)
  const paths = choosePaths(sources)
  if (paths.length === 0 && files.length === 0) throw noSource()
  const isWhole = (path: string): boolean => isDirectory(path) || isArchive(path)
  const dumps = paths.filter((path) => !isWhole(path)).map((path) => ({file: path, name: nameFrom(path)}))
  const [directory, ...others] = paths.filter(isWhole)
  if (others.length > 0) {
    throw new UsageError({what: 'Only one snapshot directory can be read at a time.', where: '--snapshot', got: paths.join(', ')})
  }
  const shown = sources.demo === undefined ? [...paths, ...files.map((file) => file.file)] : [`demo ${sources.demo}`]
  return {name: shown.join(', '), directory, files: [...dumps, ...files]}
}

function choosePaths(sources: SnapshotSources): readonly string[] {
  const {paths = [], files = [], demo, environment = process.env} = sources
  if (demo !== undefined) return [...paths, findDemo(demo).directory]
  const fallback = environment['AMBIENTCTL_SNAPSHOT'] ?? ''
  return paths.length === 0 && files.length === 0 && fallback !== '' ? [fallback] : paths
}

function noSource(): UsageError {
  return new UsageError({
    what: 'Nothing to read was given.',
    expected: '--snapshot, --file or --demo',
    help: 'List the recorded examples with --demo alone.',
  })
}

/** `FILE` or `FILE=NAME`; a file whose own name has a `=` is taken as it is. */
function parseFile(argument: string): NamedFile {
  const at = argument.lastIndexOf('=')
  if (at <= 0 || existsSync(argument)) return {file: argument, name: nameFrom(argument)}
  return {file: argument.slice(0, at), name: argument.slice(at + 1)}
}

function nameFrom(path: string): string {
  return path === STDIN
    ? 'stdin'
    : basename(path)
        .replace(/\.gz$/, '')
        .replace(/\.json$/, '')
        .replace(/[._-]config[_-]dump$/, '')
}

function namedDump({file, name}: NamedFile, sources: SnapshotSources): LazyDump {
  const shown = file === STDIN ? '<stdin>' : file
  return new LazyDump({file: shown, name, open: {name: shown, from: file === STDIN ? (sources.stdin ?? process.stdin) : file}})
}

/** A dump of a snapshot. */
export function recordedDump(file: RecordedFile): LazyDump {
  const {namespace, node, path, recorded} = file
  const open =
    path === undefined
      ? {missing: file.error ?? 'not recorded'}
      : {name: file.name, from: path, ...(recorded === undefined ? {} : {recorded})}
  return new LazyDump({file: file.name, name: file.pod ?? nameFrom(file.name), namespace, node, open})
}

function refuseEqualNames(dumps: readonly LazyDump[]): void {
  const twice = dumps.find((dump, index) =>
    dumps.slice(0, index).some((earlier) => earlier.name === dump.name || earlier.file === dump.file),
  )
  if (twice !== undefined) {
    throw new UsageError({what: `Two dumps are called "${twice.name}".`, where: '--file', help: 'Give each a name: --file FILE=NAME.'})
  }
}

async function requireUsable(dumps: readonly LazyDump[]): Promise<void> {
  for (const dump of dumps) {
    const loaded = await dump.load()
    if (loaded.kind === 'unusable') throw loaded.error
  }
}

async function inventoryOf(files: readonly RecordedFile[]): Promise<InventoryResult> {
  const opened = await openInventory(files)
  try {
    const result = await readInventory(opened.map((dump) => dump.store))
    return {...result, warnings: [...opened.flatMap((dump) => dump.store.warnings), ...result.warnings]}
  } finally {
    for (const dump of opened) dump.close()
  }
}
