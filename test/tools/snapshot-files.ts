import {createHash} from 'node:crypto'
import {mkdirSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'

/** A file of a snapshot as its manifest lists it. */
export interface FileEntry {
  readonly path: string
  readonly kind: 'config-dump' | 'inventory'
  readonly pod?: string
  readonly namespace?: string
  readonly node?: string
  readonly sha256: string
  readonly bytes: number
}

/** What a manifest says beside its files. */
export interface ManifestHead {
  readonly cluster: string
  readonly source: string
}

/** Writes the manifest over files that are written already. Returns all paths. */
export function writeManifest(outDir: string, {files, ...head}: ManifestHead & {readonly files: readonly FileEntry[]}): readonly string[] {
  const manifest = {
    schemaVersion: 'ambientctl.snapshot/1',
    ...head,
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  }
  writeFileSync(join(outDir, 'snapshot.json'), pretty(manifest))
  return ['snapshot.json', ...manifest.files.map((file) => file.path)]
}

export function write(file: {
  readonly outDir: string
  readonly path: string
  readonly bytes: Buffer
}): Pick<FileEntry, 'path' | 'sha256' | 'bytes'> {
  const target = join(file.outDir, file.path)
  mkdirSync(dirname(target), {recursive: true})
  writeFileSync(target, file.bytes)
  return {path: file.path, sha256: createHash('sha256').update(file.bytes).digest('hex'), bytes: file.bytes.length}
}

export function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
