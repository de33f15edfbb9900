import {createHash} from 'node:crypto'
import {createReadStream, existsSync, readdirSync, readFileSync, statSync} from 'node:fs'
import {mkdir, rename, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {refusedBySystem, UsageError} from '../flow/errors.js'
import type {Manifest, ManifestFile} from '../snapshot/manifest.js'
import {packDirectory} from '../snapshot/tar-writer.js'
import {saving, type Fill} from './save-file.js'

/** One file of a snapshot, and how it is had. */
export interface RecordTask {
  readonly file: ManifestFile
  readonly open: Fill
  /** How it was had, afterwards. */
  readonly method?: () => string | undefined
  /** Why it may be left out without a failure: not every cluster has each kind, nor each image every program. */
  readonly mayLack?: 'no-kind' | 'no-program'
}

/** What the manifest says beside its files. */
export type RecordingHead = Pick<Manifest, 'cluster' | 'namespace' | 'collectedAt' | 'tool'>

const MANIFEST = 'snapshot.json'
/** How often the manifest is renewed while files come in. */
const SAVE_EVERY_MS = 1000

/** A snapshot directory that is being written. The manifest is always valid: it lists what is there, and what failed. */
export class Recording {
  readonly #files = new Map<string, ManifestFile>()
  #savedAt = 0
  #saving: Promise<void> = Promise.resolve()

  private constructor(
    readonly directory: string,
    private readonly head: Partial<Manifest>,
  ) {}

  /**
   * Opens a new directory, or one that was recorded before: its files are kept where their digest is right.
   * @throws UsageError for a directory that holds something else.
   * @throws InputError for a manifest that cannot be read.
   */
  static async open(directory: string, head: RecordingHead): Promise<Recording> {
    const path = join(directory, MANIFEST)
    if (!existsSync(path)) {
      refuseOther(directory)
      await makeDirectory(directory)
      return new Recording(directory, head)
    }
    // Most recordings begin anew, and most dumps are none: they need not wait for the schema of manifests.
    const {readManifest} = await import('../snapshot/manifest.js')
    const {files, ...earlier} = readManifest(readFileSync(path, 'utf8'), path)
    const recording = new Recording(directory, {...head, ...earlier})
    for (const file of files) {
      if (await isWhole(join(directory, file.path), file)) recording.#files.set(file.path, file)
    }
    return recording
  }

  has(path: string): boolean {
    return this.#files.has(path)
  }

  /** Saves the bytes whole or not at all, and lists them with their digest. The method is asked when they are there. */
  async save({file, open, method}: RecordTask): Promise<ManifestFile> {
    const path = join(this.directory, file.path)
    await makeDirectory(dirname(path))
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of saving(open, path)) {
      hash.update(chunk)
      bytes += chunk.length
    }
    const way = method?.()
    const saved = {...file, ...(way === undefined ? {} : {method: way}), sha256: hash.digest('hex'), bytes}
    await this.list(saved)
    return saved
  }

  /** Lists a file, or why there is none. */
  async list(file: ManifestFile): Promise<void> {
    this.#files.set(file.path, file)
    if (Date.now() - this.#savedAt >= SAVE_EVERY_MS) await this.writeManifest()
  }

  /** Writes the manifest beside its place and moves it there. */
  async writeManifest(): Promise<void> {
    this.#savedAt = Date.now()
    this.#saving = this.#saving.then(() => this.#write())
    await this.#saving
  }

  async #write(): Promise<void> {
    const files = [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    const path = join(this.directory, MANIFEST)
    await writeFile(`${path}.part`, `${JSON.stringify({schemaVersion: 'ambientctl.snapshot/1', ...this.head, files}, null, 1)}\n`)
    await rename(`${path}.part`, path)
  }
}

/** Packs a finished recording as `.tar.gz` and removes its directory. @throws ExternalError when it cannot be written. */
export async function packRecording(directory: string, archive: string): Promise<void> {
  try {
    await packDirectory(directory, archive)
    await rm(directory, {recursive: true})
  } catch (cause) {
    const help = `What was recorded is in ${directory}.`
    throw refusedBySystem({what: 'The archive cannot be written.', command: ['--output', archive], help, cause})
  }
}

function refuseOther(directory: string): void {
  const stat = statSync(directory, {throwIfNoEntry: false})
  if (stat === undefined || (stat.isDirectory() && readdirSync(directory).every((name) => name.startsWith('.')))) return
  throw new UsageError({
    what: 'The place is taken by something that is no recording.',
    where: '--output-dir',
    expected: 'a new or empty directory, or one that was recorded before',
    got: directory,
  })
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, {recursive: true})
  } catch (cause) {
    const help = 'Give a place that may be written.'
    throw refusedBySystem({what: 'The directory cannot be made.', command: ['mkdir', directory], help, cause})
  }
}

async function isWhole(path: string, {sha256, error}: ManifestFile): Promise<boolean> {
  if (error !== undefined || sha256 === undefined || !existsSync(path)) return false
  const hash = createHash('sha256')
  const bytes: AsyncIterable<Uint8Array> = createReadStream(path)
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex') === sha256
}
