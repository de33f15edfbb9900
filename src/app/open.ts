import {UsageError} from '../flow/errors.js'
import {findDemo} from '../snapshot/demos.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import type {SnapshotSources} from '../snapshot/snapshot.js'
import {openMesh, openMeshes, type Mesh, type MeshOptions, type NamedSnapshot} from './mesh.js'

/** Whether something recorded is to be read. */
export function isSourceGiven({paths, files, demo, environment}: SnapshotSources): boolean {
  const isNamed = [paths, files].some((list) => (list ?? []).length > 0) || demo !== undefined
  return isNamed || (environment?.['AMBIENTCTL_SNAPSHOT'] ?? '') !== ''
}

/**
 * Opens the recorded sources a command was given.
 * @throws UsageError without a source.
 * @throws InputError for a source that cannot be read.
 */
export async function openSources(sources: SnapshotSources, options: MeshOptions = {}): Promise<Mesh> {
  if (!isSourceGiven(sources)) {
    throw new UsageError({
      what: 'There is nothing to read.',
      expected: '--snapshot PATH, --file DUMP or --demo NAME, or AMBIENTCTL_SNAPSHOT',
      help: 'Of a live cluster, first make a recording: `ambientctl record DIR`.',
    })
  }
  const clusters = demoClusters(sources) ?? namedClusters(sources)
  return clusters === undefined ? openMesh(await openSnapshot(sources), options) : openMeshes(await openEach(clusters), options)
}

interface NamedPath {
  readonly name: string
  readonly path: string
}

/** `--snapshot NAME=PATH` for each cluster of a mesh; undefined where no snapshot has a name. A path with a slash before the `=` has none. */
function namedClusters({paths = [], files = [], demo}: SnapshotSources): readonly [NamedPath, ...NamedPath[]] | undefined {
  const named = paths.flatMap((text): readonly NamedPath[] => {
    const [, name, path] = /^([\w.-]+)=(.+)$/.exec(text) ?? []
    return name === undefined || path === undefined ? [] : [{name, path}]
  })
  const [first, ...others] = named
  if (first === undefined) return undefined
  if (named.length < paths.length || files.length > 0 || demo !== undefined) {
    throw new UsageError({
      what: 'Snapshots of several clusters cannot be mixed with other sources.',
      where: '--snapshot',
      got: paths.join(', '),
      help: 'Give each cluster as --snapshot NAME=PATH.',
    })
  }
  const twice = named.find(({name}, index) => named.findIndex((one) => one.name === name) !== index)
  if (twice !== undefined) throw new UsageError({what: `Two clusters are called "${twice.name}".`, where: '--snapshot'})
  return [first, ...others]
}

/** A demo of several clusters. */
function demoClusters({paths = [], files = [], demo}: SnapshotSources): readonly [NamedPath, ...NamedPath[]] | undefined {
  if (paths.length > 0 || files.length > 0 || demo === undefined) return undefined
  const [first, ...others] = (findDemo(demo).clusters ?? []).map(({name, directory}) => ({name, path: directory}))
  return first === undefined ? undefined : [first, ...others]
}

async function openEach([first, ...others]: readonly [NamedPath, ...NamedPath[]]): Promise<readonly [NamedSnapshot, ...NamedSnapshot[]]> {
  const open = async ({name, path}: NamedPath): Promise<NamedSnapshot> => ({name, snapshot: await openSnapshot({paths: [path]})})
  return [await open(first), ...(await Promise.all(others.map(open)))]
}
