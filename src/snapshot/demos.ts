import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {UsageError} from '../flow/errors.js'
import {View} from '../json/view.js'

/** A recorded snapshot, or those of several clusters, shipped with the package. */
export interface Demo {
  readonly name: string
  /** One line on what it shows. */
  readonly about: string
  /** A whole command to try first. */
  readonly first?: string
  /** Directory of the snapshot; that of the first cluster where several are opened. */
  readonly directory: string
  /** Every cluster with its name, where the demo shows a mesh of several. */
  readonly clusters?: readonly {readonly name: string; readonly directory: string}[]
}

/** The demos that `demos.json` lists, in its order; paths in it are relative to it. */
export function listDemos(fixtures = PACKAGE_FIXTURES): readonly Demo[] {
  const file = new View(JSON.parse(readFileSync(join(fixtures, 'demos.json'), 'utf8')), '')
  return file.list('demos').map((demo) => {
    const first = demo.str('first')
    const clusters = demo.list('clusters').map((one) => ({name: one.str('name') ?? '', directory: join(fixtures, one.str('path') ?? '')}))
    return {
      name: demo.str('name') ?? '',
      about: demo.str('about') ?? '',
      directory: clusters[0]?.directory ?? join(fixtures, demo.str('path') ?? ''),
      ...(clusters.length === 0 ? {} : {clusters}),
      ...(first === undefined ? {} : {first}),
    }
  })
}

const PACKAGE_FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))

/** @throws UsageError that lists the demos. */
export function findDemo(name: string, demos = listDemos()): Demo {
  const demo = demos.find((candidate) => candidate.name === name)
  if (demo !== undefined) return demo
  throw new UsageError({
    what: `There is no demo "${name}".`,
    where: '--demo',
    expected: demos.map((candidate) => candidate.name).join(', '),
    got: name,
  })
}
