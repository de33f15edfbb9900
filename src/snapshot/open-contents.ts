import {readDirectory, type Contents} from './directory.js'
import {openDump} from './open-dump.js'
import {isDirectory} from './tree.js'
import {isArchive, unpackArchive} from './unpack-archive.js'

export interface OpenedContents {
  readonly contents: Contents
  readonly close: () => void
}

/**
 * What a directory or an archive holds; an archive is unpacked until it is closed.
 * @throws InputError when it cannot be read, or holds nothing.
 */
export async function openContents(path: string): Promise<OpenedContents> {
  if (!isArchive(path)) return {contents: await readDirectory(path), close: () => undefined}
  const unpacked = await unpackArchive(path)
  try {
    return {contents: await readDirectory(unpacked.directory, path), close: unpacked.close}
  } catch (error) {
    unpacked.close()
    throw error
  }
}

/** The same for what may be a single dump too, which is looked at at once. */
export async function openRecorded(path: string): Promise<OpenedContents> {
  if (isDirectory(path) || isArchive(path)) return openContents(path)
  const name = path.replace(/^.*[\\/]/, '')
  const dump = await openDump({name, from: path})
  dump.close()
  const contents: Contents = {dumps: [{name, path}], inventory: [], captures: [], warnings: []}
  return {contents, close: () => undefined}
}
