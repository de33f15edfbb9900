import type {RecordedFile} from './directory.js'
import {isYamlInventory} from './layout.js'
import {openDump, type OpenDump} from './open-dump.js'
import {rawDump} from './raw-dump.js'
import {yamlAsJson} from './yaml-inventory.js'

/** The recorded files of an inventory, opened; YAML as the List it is. @throws InputError for one that cannot be read; none is open then. */
export async function openInventory(files: readonly RecordedFile[]): Promise<readonly OpenDump[]> {
  const opened: OpenDump[] = []
  try {
    for (const file of files) if (file.path !== undefined) opened.push(await openFile(file, file.path))
    return opened
  } catch (error) {
    for (const dump of opened) dump.close()
    throw error
  }
}

function openFile({name, recorded}: RecordedFile, path: string): Promise<OpenDump> {
  const from = isYamlInventory(name) ? yamlAsJson(rawDump({file: path}), name) : path
  return openDump({name, from, ...(recorded === undefined ? {} : {recorded})})
}
