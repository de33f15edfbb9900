import {execFile} from 'node:child_process'
import {existsSync} from 'node:fs'
import {readdir, rename, rm, stat, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {argv} from 'node:process'
import {fileURLToPath} from 'node:url'
import {promisify} from 'node:util'
import {Plugin} from '@oclif/core/config'

const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..')
const MANIFEST = path.join(ROOT, 'oclif.manifest.json')

/**
 * Compiles src to dist and writes oclif's manifest from the compiled commands. The `oclif` CLI would do the second
 * with 54 MB of dependencies (libraries.md 3). Types are not checked here: that is `npm run typecheck`.
 */
export async function build(): Promise<void> {
  await removeOrphans()
  await promisify(execFile)(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
  })
  await writeManifest()
}

/** Whether the manifest, written last, is older than a source or dist lacks or keeps a file. */
export async function isStale(): Promise<boolean> {
  if (!existsSync(MANIFEST)) return true
  const [sources, outputs] = await Promise.all([modules('src', '.ts'), modules('dist', '.js')])
  if (sources.join('\n') !== outputs.join('\n')) return true
  const inputs = [...sources.map((name) => `src/${name}.ts`), 'package.json', 'tsconfig.json', 'tsconfig.build.json']
  const times = await Promise.all(inputs.map(async (file) => (await stat(path.join(ROOT, file))).mtimeMs))
  return Math.max(...times) > (await stat(MANIFEST)).mtimeMs
}

/** The commands that src defines: one per module but the base class and modules of flags, `a/b.ts` is `a:b`. */
export async function commandIds(): Promise<readonly string[]> {
  const names = await modules('src/commands', '.ts')
  return names.filter((name) => name !== 'base' && !name.endsWith('flags')).map((name) => name.replaceAll(path.sep, ':'))
}

/** A deleted source must not live on as a command. */
async function removeOrphans(): Promise<void> {
  const sources = new Set(await modules('src', '.ts'))
  const orphans = (await modules('dist', '.js')).filter((name) => !sources.has(name))
  await Promise.all(orphans.map((name) => rm(path.join(ROOT, 'dist', `${name}.js`))))
}

/** Paths of the modules in a folder without their extension, sorted. */
async function modules(folder: string, extension: string): Promise<readonly string[]> {
  const directory = path.join(ROOT, folder)
  if (!existsSync(directory)) return []
  const files = await readdir(directory, {recursive: true})
  return files
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort()
}

async function writeManifest(): Promise<void> {
  const plugin = new Plugin({root: ROOT, type: 'core', ignoreManifest: true, errorOnManifestCreate: true})
  await plugin.load()
  // oclif only warns about a command it cannot load, and leaves it out.
  const lost = (await commandIds()).filter((id) => !(id in plugin.manifest.commands))
  if (lost.length > 0) throw new Error(`These commands cannot be loaded: ${lost.join(', ')}`)
  const temporary = `${MANIFEST}.${process.pid}`
  await writeFile(temporary, JSON.stringify(plugin.manifest))
  await rename(temporary, MANIFEST)
}

if (argv[1] === fileURLToPath(import.meta.url) && (!argv.includes('--if-stale') || (await isStale()))) await build()
