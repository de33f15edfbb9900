import {createHash} from 'node:crypto'
import {createReadStream, createWriteStream} from 'node:fs'
import {mkdir, readdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {PassThrough, Readable, type Transform} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {createGzip} from 'node:zlib'
import {ExpectedError, refusedBySystem, UsageError} from '../flow/errors.js'
import {observe} from './byte-stream.js'
import type {Manifest, ManifestFile} from './manifest.js'

/** What a file of the new snapshot is, before it is written. */
export interface Place {
  readonly kind: string
  readonly path: string
  readonly pod?: string | undefined
  readonly namespace?: string | undefined
  readonly node?: string | undefined
  readonly method?: string | undefined
}

export type Bytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Writes a snapshot anew: its files, then the manifest with their digests. */
export class SnapshotWriter {
  readonly #files: ManifestFile[] = []

  private constructor(private readonly directory: string) {}

  /** @throws UsageError when the directory is not empty. @throws ExternalError when it cannot be made. */
  static async open(directory: string): Promise<SnapshotWriter> {
    await guarded(directory, () => mkdir(directory, {recursive: true, mode: 0o700}))
    await requireEmpty(directory)
    return new SnapshotWriter(directory)
  }

  get count(): number {
    return this.#files.length
  }

  /** Size of what was written so far. */
  get bytes(): number {
    return this.#files.reduce((total, {bytes = 0}) => total + bytes, 0)
  }

  /** Writes a file, packed where its name says so. */
  async add(place: Place, content: Bytes): Promise<void> {
    await this.#write(place, {content: Readable.from(content), packing: place.path.endsWith('.gz') ? createGzip() : new PassThrough()})
  }

  /** Takes a file over, byte for byte. */
  async copy(place: Place, path: string): Promise<void> {
    await this.#write(place, {content: createReadStream(path), packing: new PassThrough()})
  }

  /** Something that was not recorded, and why. */
  addMissing(place: Place, error: string): void {
    this.#files.push({...place, error})
  }

  async finish(head: Omit<Manifest, 'schemaVersion' | 'files'>): Promise<void> {
    const manifest = {schemaVersion: 'ambientctl.snapshot/1', ...head, files: this.#files}
    await writeJson(join(this.directory, 'snapshot.json'), {value: manifest})
  }

  async #write(place: Place, {content, packing}: {readonly content: Readable; readonly packing: Transform}): Promise<void> {
    const file = join(this.directory, ...place.path.split('/'))
    const hash = createHash('sha256')
    let bytes = 0
    const count = (chunk: Uint8Array): void => {
      hash.update(chunk)
      bytes += chunk.length
    }
    const counted = (source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => observe(source, count)
    await guarded(file, async () => {
      await mkdir(dirname(file), {recursive: true})
      await pipeline(content, packing, counted, createWriteStream(file, {flags: 'wx'}))
    })
    this.#files.push({...place, sha256: hash.digest('hex'), bytes})
  }
}

/** @throws UsageError for a directory that holds something. */
export async function requireEmpty(directory: string): Promise<void> {
  const found = await guarded(directory, () => readdir(directory))
  if (found.length > 0) throw new UsageError({what: 'The directory is not empty.', where: '--output-dir', got: directory})
}

/** Writes a new file of JSON, which only its owner reads where it is private. */
export async function writeJson(
  path: string,
  {value, isPrivate = false}: {readonly value: object; readonly isPrivate?: boolean},
): Promise<void> {
  const options = {flag: 'wx', ...(isPrivate ? {mode: 0o600} : {})}
  await guarded(path, () => writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`, options))
}

/** @throws ExternalError for what the system refuses. */
export async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof ExpectedError) throw cause
    throw refusedBySystem({what: 'The file cannot be written.', command: ['--output-dir', path], cause})
  }
}
