import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {unpackFiles, type RecordedFile} from './recording-pack.js'

/** The project's own copy: one block per layer. */
export const RECORDINGS = fileURLToPath(new URL('recordings', import.meta.url))

const ENDING = '.pack.br'

/** Folder of the recordings: AMBIENTCTL_ORACLE, else `../shared/oracle` beside the repository, else the unpacked copy inside it. */
export function oracleRoot(): string {
  const set = process.env['AMBIENTCTL_ORACLE']
  if (set !== undefined && set !== '') return set
  const shared = fileURLToPath(new URL('../../../shared/oracle', import.meta.url))
  return existsSync(shared) ? shared : unpackedCopy()
}

/** Layers that are in the copy. */
export function packedLayers(): readonly string[] {
  return readdirSync(RECORDINGS)
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length))
    .sort()
}

/** File of the copy that holds a layer. */
export function packOf(layer: string): string {
  return join(RECORDINGS, `${layer}${ENDING}`)
}

export function recordedFiles(layer: string): readonly RecordedFile[] {
  return unpackFiles(readFileSync(packOf(layer)))
}

/** The copy as files, unpacked once per content, so that not every test file unpacks it anew. */
export function unpackedCopy(cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))): string {
  const root = join(cache, `ambientctl-recordings-${digestOfCopy()}`)
  if (existsSync(root)) return root
  mkdirSync(cache, {recursive: true})
  const fresh = mkdtempSync(`${root}-`)
  for (const layer of packedLayers()) for (const file of recordedFiles(layer)) writeInto(join(fresh, layer), file)
  return settle(fresh, root)
}

/** Another process may have been faster: its files are the same. */
function settle(fresh: string, root: string): string {
  try {
    renameSync(fresh, root)
  } catch (error) {
    if (!existsSync(root)) throw error
    rmSync(fresh, {recursive: true, force: true})
  }
  return root
}

function writeInto(folder: string, {path, bytes}: RecordedFile): void {
  const target = join(folder, path)
  mkdirSync(dirname(target), {recursive: true})
  writeFileSync(target, bytes)
}

function digestOfCopy(): string {
  const digest = createHash('sha256')
  for (const layer of packedLayers()) digest.update(`${layer}\n`).update(readFileSync(packOf(layer)))
  return digest.digest('hex').slice(0, 16)
}
