import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gunzipSync} from 'node:zlib'

/** The project's own copy, every file gzipped. */
export const RECORDINGS = fileURLToPath(new URL('recordings', import.meta.url))

/** Folder of the recordings: AMBIENTCTL_ORACLE, else `../shared/oracle` beside the repository, else the unpacked copy inside it. */
export function oracleRoot(): string {
  const set = process.env['AMBIENTCTL_ORACLE']
  if (set !== undefined && set !== '') return set
  const shared = fileURLToPath(new URL('../../../shared/oracle', import.meta.url))
  return existsSync(shared) ? shared : unpack()
}

/** Unpacks the copy into a temporary folder that goes away with the process. */
function unpack(): string {
  const root = mkdtempSync(join(tmpdir(), 'ambientctl-recordings-'))
  process.once('exit', () => rmSync(root, {recursive: true, force: true}))
  for (const file of recordedFiles()) {
    const target = join(root, file)
    mkdirSync(dirname(target), {recursive: true})
    writeFileSync(target, recordedBytes(file))
  }
  return root
}

/** Paths inside the copy, without `.gz`. */
export function recordedFiles(): string[] {
  const files = readdirSync(RECORDINGS, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.gz'))
  return files.map((name) => name.slice(0, -'.gz'.length)).sort()
}

export function recordedBytes(file: string): Buffer {
  return gunzipSync(readFileSync(join(RECORDINGS, `${file}.gz`)))
}
