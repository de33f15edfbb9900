import {createHash} from 'node:crypto'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {readManifest, type ManifestFile} from '../../src/snapshot/manifest.js'
import type {Cluster, TextFile} from './fixture-cluster.js'

interface Packing {
  readonly cluster: Cluster
  /** The snapshot of the recording. */
  readonly plain: string
  readonly outDir: string
}

/** Copies a snapshot, its dumps changed as the cluster says, and gzipped without a time, so that the same input gives the same bytes. */
export function packSnapshot(packing: Packing): void {
  const {cluster, plain, outDir} = packing
  const {schemaVersion, files} = readManifest(readFileSync(join(plain, 'snapshot.json'), 'utf8'), 'snapshot.json')
  const member = ['Kubernetes', undefined].includes(cluster.member) ? '' : `, cluster ${cluster.member ?? ''}`
  const source = `recording ${cluster.scenario}${cluster.nameless === true ? ' without assignment names' : ''}${member}`
  const manifest = {
    schemaVersion,
    cluster: cluster.name,
    source: cluster.derived === undefined ? source : `${source}; derived: ${cluster.derived}`,
    files: [...files.flatMap((file) => packFile(file, packing)), ...(cluster.more?.() ?? []).map((file) => addFile(file, outDir))],
  }
  mkdirSync(outDir, {recursive: true})
  writeFileSync(join(outDir, 'snapshot.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

function packFile(file: ManifestFile, {cluster, plain, outDir}: Packing): readonly ManifestFile[] {
  const bytes = editFile(readFileSync(join(plain, file.path)), {cluster, path: file.path})
  if (file.kind !== 'config-dump' && cluster.member === undefined) return [writeFile(file, {bytes, outDir})]
  const zipped = {...file, path: `${file.path}.gz`}
  if (cluster.without !== undefined && file.pod === cluster.without.pod) return leaveOut(zipped, cluster.without.error)
  return [writeFile(zipped, {bytes: gzipSync(bytes, {level: 9}), outDir})]
}

function addFile({path, text}: TextFile, outDir: string): ManifestFile {
  return writeFile({path, kind: 'capture'}, {bytes: Buffer.from(text), outDir})
}

function leaveOut({path, kind, pod, namespace, node}: ManifestFile, error: string | undefined): readonly ManifestFile[] {
  return error === undefined ? [] : [{path, kind, pod, namespace, node, error}]
}

function editFile(bytes: Buffer, {cluster: {edit}, path}: {readonly cluster: Cluster; readonly path: string}): Buffer {
  return edit === undefined ? bytes : Buffer.from(edit(bytes.toString('utf8').split('\n'), path).join('\n'))
}

function writeFile(file: ManifestFile, {bytes, outDir}: {readonly bytes: Buffer; readonly outDir: string}): ManifestFile {
  const target = join(outDir, file.path)
  mkdirSync(dirname(target), {recursive: true})
  writeFileSync(target, bytes)
  return {...file, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length}
}
