import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {z} from 'zod'
import {UsageError} from '../flow/errors.js'

/** A recorded snapshot that is shipped with the package. */
export interface Demo {
  readonly name: string
  /** One line on what it shows. */
  readonly about: string
  /** Directory of the snapshot. */
  readonly directory: string
}

/** The demos in `fixtures/demos.json` of the package, by name. */
export function listDemos(): readonly Demo[] {
  const root = fileURLToPath(new URL('../../fixtures/', import.meta.url))
  const {demos} = demosFile.parse(JSON.parse(readFileSync(join(root, 'demos.json'), 'utf8')))
  return demos.map(({name, about, path}) => ({name, about, directory: join(root, path)}))
}

/** @throws UsageError that lists the demos. */
export function findDemo(name: string): Demo {
  const demos = listDemos()
  const demo = demos.find((candidate) => candidate.name === name)
  if (demo !== undefined) return demo
  throw new UsageError({what: `there is no demo "${name}"`, where: '--demo', expected: demos.map((candidate) => candidate.name).join(', '), got: name})
}

const demosFile = z.object({
  demos: z.array(z.object({name: z.string(), about: z.string(), path: z.string()})),
})
