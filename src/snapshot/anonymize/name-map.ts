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

/**
 * Whoever shares the directory, which need not be there yet, must not share the map with it.
 * @throws UsageError for a map inside. @throws ExternalError where the map has no place.
 */
export async function refuseMapInside({directory, map}: {readonly directory: string; readonly map: string}): Promise<void> {
  const path = relative(await realPlace(directory), join(await realPlace(dirname(resolve(map))), basename(map)))
  if (path !== '..' && !path.startsWith(`..${sep}`) && path !== resolve(path)) {
    throw new UsageError({
      what: 'The map would be shared with the snapshot.',
      where: '--map',
      expected: 'a file outside of --output-dir',
      got: map,
    })
  }
  await guarded(map, () => realpath(dirname(resolve(map))))
}

/** Without links, as far as the path exists. */
async function realPlace(path: string): Promise<string> {
  const whole = resolve(path)
  try {
    return await realpath(whole)
  } catch {
    return dirname(whole) === whole ? whole : join(await realPlace(dirname(whole)), basename(whole))
  }
}
