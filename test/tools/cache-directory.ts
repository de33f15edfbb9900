import {access, constants, mkdir} from 'node:fs/promises'
import {homedir, tmpdir} from 'node:os'
import path from 'node:path'

/** Outside the tree, where later runs find what was built or fetched. */
export async function cacheDirectory(): Promise<string> {
  const configured = process.env['XDG_CACHE_HOME'] ?? ''
  const preferred = path.join(configured === '' ? path.join(homedir(), '.cache') : configured, 'ambientctl')
  try {
    await mkdir(preferred, {recursive: true})
    await access(preferred, constants.W_OK)
    return preferred
  } catch {
    const fallback = path.join(tmpdir(), 'ambientctl-cache')
    await mkdir(fallback, {recursive: true})
    return fallback
  }
}
