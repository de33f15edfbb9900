import {UsageError} from '../flow/errors.js'
import {openSnapshot} from '../snapshot/open-snapshot.js'
import type {SnapshotSources} from '../snapshot/snapshot.js'
import {openMesh, type Mesh, type MeshOptions} from './mesh.js'

/**
 * Opens the sources a command was given. A live cluster will be one more source here.
 * @throws UsageError without a source.
 * @throws InputError for a source that cannot be read.
 */
export async function openSources(sources: SnapshotSources, options: MeshOptions = {}): Promise<Mesh> {
  const isGiven = [sources.paths, sources.files].some((list) => (list ?? []).length > 0) || sources.demo !== undefined
  const fallback = sources.environment?.['AMBIENTCTL_SNAPSHOT'] ?? ''
  if (!isGiven && fallback === '') {
    throw new UsageError({
      what: 'There is nothing to read.',
      expected: '--snapshot PATH, --file DUMP or --demo NAME, or AMBIENTCTL_SNAPSHOT',
      help: 'A live cluster cannot be asked directly yet: record its dumps first.',
    })
  }
  return openMesh(await openSnapshot(sources), options)
}
