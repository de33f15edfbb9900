import {createHash} from 'node:crypto'
import {mkdir, readdir, realpath, writeFile} from 'node:fs/promises'
import {basename, dirname, join, relative, resolve, sep} from 'node:path'
import {gzipSync} from 'node:zlib'
import {ExternalError, UsageError} from '../../flow/errors.js'
import type {ManifestFile} from '../manifest.js'

export interface WriterTarget {
  readonly directory: string
  readonly map: string
  readonly version: string
}

/** What a file of the new snapshot is. */
export interface Place {
  readonly kind: string
  readonly path: string
  readonly pod: string | undefined
  readonly namespace: string | undefined
  readonly node: string | undefined
}

/** What the map holds, beside its version. */
export interface MapContent {
  readonly seed: string
  readonly originals: ReadonlyMap<string, string>
  readonly namespace: string | undefined
}

/** Writes an anonymized snapshot: its files, the manifest, and the map, which only its owner can read. */
export class SnapshotWriter {
  readonly #files: ManifestFile[] = []

  private constructor(private readonly target: WriterTarget) {}

  /** @throws UsageError when the directory is not empty, or the map would be in it. */
  static async open(target: WriterTarget): Promise<SnapshotWriter> {
    await guarded(target.directory, () => mkdir(target.directory, {recursive: true, mode: 0o700}))
    const found = await readdir(target.directory)
    if (found.length > 0) throw new UsageError({what: 'The directory is not empty.', where: '--output-dir', got: target.directory})
    await refuseInside(target)
    return new SnapshotWriter(target)
  }

  get count(): number {
    return this.#files.length
  }

  async add(place: Place, bytes: Uint8Array): Promise<void> {
    const written = place.path.endsWith('.gz') ? gzipSync(bytes) : bytes
    const file = join(this.target.directory, ...place.path.split('/'))
    await guarded(file, async () => {
      await mkdir(dirname(file), {recursive: true})
      await writeFile(file, written, {flag: 'wx'})
    })
    this.#files.push({...place, sha256: createHash('sha256').update(written).digest('hex'), bytes: written.length})
  }

  /** Something that was not recorded, without the text that said why. */
  addMissing(place: Place): void {
    this.#files.push({...place, error: 'it could not be recorded'})
  }

  async finish({seed, originals, namespace}: MapContent): Promise<void> {
    const {directory, map, version} = this.target
    const tool = {name: 'ambientctl', version}
    const manifest = {schemaVersion: 'ambientctl.snapshot/1', namespace, tool, files: this.#files}
    const names = Object.fromEntries([...originals].sort(([a], [b]) => (a < b ? -1 : 1)))
    const content = {schemaVersion: 'ambientctl.anonymize-map/1', seed, originals: names}
    await guarded(directory, () => writeFile(join(directory, 'snapshot.json'), jsonText(manifest), {flag: 'wx'}))
    await guarded(map, () => writeFile(map, jsonText(content), {flag: 'wx', mode: 0o600}))
  }
}

const jsonText = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`

/** Whoever shares the directory must not share the map with it. */
async function refuseInside({directory, map}: WriterTarget): Promise<void> {
  const parent = await guarded(map, () => realpath(dirname(resolve(map))))
  const path = relative(await realpath(directory), join(parent, basename(map)))
  if (path !== '..' && !path.startsWith(`..${sep}`) && path !== resolve(path)) {
    throw new UsageError({
      what: 'The map would be shared with the snapshot.',
      where: '--map',
      expected: 'a file outside of --output-dir',
      got: map,
    })
  }
}

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    throw new ExternalError({
      what: 'The file cannot be written.',
      command: ['--output-dir', path],
      exit: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
}
