import {existsSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/** Folder of the recordings: AMBIENTCTL_ORACLE, else `../shared/oracle` beside the repository, else the copy inside it. */
export function oracleRoot(): string {
  const set = process.env['AMBIENTCTL_ORACLE']
  if (set !== undefined && set !== '') return set
  const shared = fileURLToPath(new URL('../../../shared/oracle', import.meta.url))
  return existsSync(shared) ? shared : fileURLToPath(new URL('recordings', import.meta.url))
}
