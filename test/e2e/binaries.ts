import {execFile} from 'node:child_process'
import {existsSync} from 'node:fs'
import {mkdir, mkdtemp, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {promisify} from 'node:util'
import {cacheDirectory} from '../tools/cache-directory.js'

const run = promisify(execFile)
const BUILD_LIMIT_MS = 40 * 60 * 1000

/** A program and the public Go module it is built from. */
interface Recipe {
  readonly name: string
  readonly module: string
  readonly version: string
  readonly package: string
  /** What stands for the modules that the module itself replaces by folders of its repository. */
  readonly replacedBy?: string
}

const RECIPES = [
  {name: 'etcd', module: 'go.etcd.io/etcd/server/v3', version: 'v3.5.21', package: 'go.etcd.io/etcd/server/v3'},
  {
    name: 'kube-apiserver',
    module: 'k8s.io/kubernetes',
    version: 'v1.34.1',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    replacedBy: 'v0.34.1',
  },
  {name: 'kwok', module: 'sigs.k8s.io/kwok', version: 'v0.8.0', package: 'sigs.k8s.io/kwok/cmd/kwok'},
] as const satisfies readonly Recipe[]

export interface Binaries {
  readonly etcd: string
  readonly apiServer: string
  readonly kwok: string
}

export type Found = {readonly kind: 'ready'; readonly binaries: Binaries} | {readonly kind: 'unavailable'; readonly reason: string}

/** The programs of a cluster: from KUBEBUILDER_ASSETS, else as they were built before, else built now where Go is at hand. */
export async function findBinaries(print: (line: string) => void): Promise<Found> {
  const cache = path.join(await cacheDirectory(), 'e2e')
  try {
    await run('kubectl', ['version', '--client'])
    const [etcd, apiServer, kwok] = RECIPES
    return {
      kind: 'ready',
      binaries: {
        etcd: await findOne(etcd, {cache, print}),
        apiServer: await findOne(apiServer, {cache, print}),
        kwok: await findOne(kwok, {cache, print}),
      },
    }
  } catch (error) {
    return {kind: 'unavailable', reason: error instanceof Error ? error.message : String(error)}
  }
}

interface Workshop {
  readonly cache: string
  readonly print: (line: string) => void
}

async function findOne(recipe: Recipe, {cache, print}: Workshop): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS'] ?? ''
  const given = path.join(assets, recipe.name)
  if (assets !== '' && existsSync(given)) return given
  const built = path.join(cache, `${recipe.name}-${recipe.version}`)
  if (existsSync(built)) return built
  print(`building ${recipe.name} ${recipe.version} from its Go module; this takes some minutes, once`)
  await mkdir(cache, {recursive: true})
  await build(recipe, built)
  return built
}

/** Built beside its place and moved there whole. */
async function build(recipe: Recipe, target: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ambientctl-build-'))
  const partial = `${target}.${process.pid}.partial`
  const options = {cwd: folder, timeout: BUILD_LIMIT_MS, env: {...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0'}}
  try {
    await writeFile(path.join(folder, 'go.mod'), await moduleText(recipe, options))
    await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', partial, recipe.package], options)
    await rename(partial, target)
  } finally {
    await rm(folder, {recursive: true, force: true})
    await rm(partial, {force: true})
  }
}

async function moduleText({module, version, replacedBy}: Recipe, options: {readonly cwd: string}): Promise<string> {
  const lines = ['module ambientctl.local/e2e', '', 'go 1.24.0', '', `require ${module} ${version}`]
  if (replacedBy === undefined) return `${lines.join('\n')}\n`
  const {stdout} = await run('go', ['mod', 'download', '-json', `${module}@${version}`], options)
  const file: unknown = JSON.parse(stdout)
  const at = typeof file === 'object' && file !== null && 'GoMod' in file ? String(file.GoMod) : ''
  const replaced = [...(await readFile(at, 'utf8')).matchAll(/^\t(\S+) => \.\//gm)].map(([, name = '']) => name)
  return `${[...lines, ...replaced.map((name) => `replace ${name} => ${name} ${replacedBy}`)].join('\n')}\n`
}
