import {closeSync, openSync, rmSync, statSync} from 'node:fs'
import {mkdir, mkdtemp, open, readdir} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {archiveError, type ArchiveEntry} from './archive-entry.js'
import {fileStream, inflate, observe, passOver} from './byte-stream.js'
import {isYamlInventory, mayBeJson} from './layout.js'
import {readFailure} from './input-problem.js'
import {tarEntries} from './tar-entries.js'
import {zipEntries} from './zip-entries.js'

/** An archive whose recordings lie in a private directory until it is closed. */
export interface Unpacked {
  readonly directory: string
  readonly close: () => void
}

/** Whether a path is read as an archive. */
export function isArchive(path: string): boolean {
  return ARCHIVE.test(path) && statSync(path, {throwIfNoEntry: false})?.isFile() === true
}

const ARCHIVE = /\.(?:tar|tgz|tar\.gz|zip)$/i

/**
 * Takes out of an archive what may be a recording, entry by entry, and nothing else.
 * @throws InputError with the name of the entry that leads outside, is a link, or unpacks to more than any recording; and for a damaged archive.
 */
export async function unpackArchive(file: string): Promise<Unpacked> {
  const root = await mkdtemp(join(tmpdir(), 'ambientctl-archive-'))
  const remove = (): void => {
    rmSync(root, {recursive: true, force: true})
  }
  process.once('exit', remove)
  const close = (): void => {
    process.off('exit', remove)
    remove()
  }
  try {
    await unpackInto(root, file)
    return {directory: await innerDirectory(root), close}
  } catch (error) {
    close()
    throw readFailure(file, error)
  }
}

const MAX_ENTRIES = 200_000
const MAX_BYTES = 16 * 1024 ** 3
/** JSON of proxies packs to a fiftieth; what unpacks to far more was made to. Small archives may be anything. */
const MAX_RATIO = 500
const HARMLESS_BYTES = 64 * 1024 * 1024

async function unpackInto(root: string, file: string): Promise<void> {
  const descriptor = openSync(file, 'r')
  const budget = new Budget(file)
  try {
    for await (const entry of entriesOf({descriptor, file}, budget)) {
      budget.enter(entry)
      refuseHostile(entry, file)
      const isKept = entry.kind === 'file' && isRecording(entry.name)
      await save(budget.count(entry), isKept ? join(root, ...partsOf(entry.name)) : undefined)
    }
  } finally {
    closeSync(descriptor)
  }
}

function entriesOf(
  opened: {readonly descriptor: number; readonly file: string},
  budget: Budget,
): AsyncIterable<ArchiveEntry> | Iterable<ArchiveEntry> {
  const {descriptor, file} = opened
  if (/\.zip$/i.test(file)) return zipEntries(opened)
  const packed = observe(fileStream(descriptor), (chunk) => {
    budget.pack(chunk.length)
  })
  return tarEntries(inflate(packed), file)
}

/** What readers of a directory look at: the rest, logs above all, would only cost space. */
function isRecording(name: string): boolean {
  return mayBeJson(name) || isYamlInventory(name) || /(?:^|\/)capture\/[^/]+\/[^/]+\/[^/]+$/.test(name)
}

function refuseHostile({name, kind}: ArchiveEntry, file: string): void {
  const isOutside = /^(?:[\\/]|[A-Za-z]:)/.test(name) || name.includes('\0') || name.split(/[\\/]/).includes('..')
  if (isOutside) throw archiveError(file, {what: 'An entry of the archive leads outside.', entry: name})
  if (kind === 'link') throw archiveError(file, {what: 'An entry of the archive is a link.', entry: name})
  if (kind === 'other') throw archiveError(file, {what: 'An entry of the archive is no file.', entry: name})
}

function partsOf(name: string): readonly string[] {
  return name.split('/').filter((part) => part !== '' && part !== '.')
}

async function save(bytes: AsyncIterable<Uint8Array>, path: string | undefined): Promise<void> {
  if (path === undefined) {
    await passOver(bytes)
    return
  }
  await mkdir(dirname(path), {recursive: true})
  // An entry that comes twice is refused by the system: nobody could say which one counts.
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of bytes) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}

/** Counts what an archive grows to. */
class Budget {
  #entries = 0
  #packed = 0
  #unpacked = 0

  constructor(private readonly file: string) {}

  pack(bytes: number): void {
    this.#packed += bytes
  }

  enter({name, packed}: ArchiveEntry): void {
    this.#entries++
    this.#packed += packed ?? 0
    if (this.#entries > MAX_ENTRIES) throw archiveError(this.file, {what: `The archive has more than ${MAX_ENTRIES} entries.`, entry: name})
  }

  /** The bytes of an entry, as long as they are not too many. */
  count({name, bytes}: ArchiveEntry): AsyncIterable<Uint8Array> {
    return observe(bytes, (chunk) => {
      this.#unpacked += chunk.length
      const isBomb = this.#unpacked > HARMLESS_BYTES && this.#unpacked > this.#packed * MAX_RATIO
      if (!isBomb && this.#unpacked <= MAX_BYTES) return
      throw archiveError(this.file, {what: 'The archive unpacks to far more than it is.', entry: name, got: `${this.#unpacked} bytes`})
    })
  }
}

/** Most archives hold one folder with everything in it. */
async function innerDirectory(root: string): Promise<string> {
  const [only, ...others] = await readdir(root, {withFileTypes: true})
  const isWrapped = only?.isDirectory() === true && others.length === 0 && !PARTS.has(only.name)
  return isWrapped ? innerDirectory(join(root, only.name)) : root
}

/** Folders whose names say what is in them. */
const PARTS: ReadonlySet<string> = new Set(['proxies', 'inventory', 'capture', 'namespaces', 'cluster'])
