import {realpath} from 'node:fs/promises'
import {basename, dirname, join, relative, resolve, sep} from 'node:path'
import {UsageError} from '../../flow/errors.js'
import {guarded, writeJson} from '../snapshot-writer.js'

/** What the map holds, beside its version. */
export interface MapContent {
  readonly seed: string
  readonly originals: ReadonlyMap<string, string>
}

/** Tells old names by new ones. Only its owner can read it. @throws ExternalError where there is a file already. */
export async function writeMap(map: string, {seed, originals}: MapContent): Promise<void> {
  const names = Object.fromEntries([...originals].sort(([a], [b]) => (a < b ? -1 : 1)))
  await writeJson(map, {value: {schemaVersion: 'ambientctl.anonymize-map/1', seed, originals: names}, isPrivate: true})
}

/** Whoever shares the directory must not share the map with it. @throws UsageError for a map inside. */
export async function refuseMapInside({directory, map}: {readonly directory: string; readonly map: string}): Promise<void> {
  const parent = await guarded(map, () => realpath(dirname(resolve(map))))
  const path = relative(await realpath(directory), join(parent, basename(map)))
  if (path !== '..' && !path.startsWith(`..${sep}`) && path !== resolve(path)) {
    throw new UsageError({
      what: 'The map would be shared with the snapshot.',
      where: '--map',
      expected: 'a file outside of --output-dir',
      got: map,
    })
  }
}
