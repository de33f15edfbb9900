import {isYamlInventory} from '../layout.js'
import type {Manifest} from '../manifest.js'
import {SnapshotWriter, type Place} from '../snapshot-writer.js'
import {jsonName} from '../yaml-inventory.js'
import {composeDump} from './compose-dump.js'
import {droppableIds, frameOf} from './frame.js'
import {WHOLE, type Element} from './element.js'
import type {FilePart} from './part.js'
import type {SnapshotParts} from './parts.js'

export interface WriteRequest {
  /** New, or empty. */
  readonly directory: string
  readonly keeps: (element: Element) => boolean
  readonly tool: Manifest['tool']
  readonly minimizedFor: readonly string[]
}

export interface Written {
  readonly files: number
  readonly bytes: number
}

/**
 * Writes what is kept of a snapshot, with a manifest. A file of which everything is kept is taken over byte for byte.
 * @throws ExternalError when it cannot be written. @throws InputError for a file that changed meanwhile.
 */
export async function writeParts(parts: SnapshotParts, {directory, keeps, tool, minimizedFor}: WriteRequest): Promise<Written> {
  const writer = await SnapshotWriter.open(directory)
  for (const part of parts.files) if (keeps({file: part.recorded.name, id: WHOLE})) await writePart(part, {writer, keeps})
  for (const {folder, files} of parts.captures) {
    if (keeps({file: folder, id: WHOLE})) for (const {name, path} of files) await writer.copy({kind: 'capture', path: name}, path)
  }
  const {cluster, namespace, collectedAt} = parts.contents
  await writer.finish({cluster, namespace, collectedAt, tool, minimizedFor: [...minimizedFor]})
  return {files: writer.count, bytes: writer.bytes}
}

interface Writing {
  readonly writer: SnapshotWriter
  readonly keeps: WriteRequest['keeps']
}

async function writePart(part: FilePart, {writer, keeps}: Writing): Promise<void> {
  const {kind, recorded} = part
  const {name: file, path, pod, namespace, node, method, error} = recorded
  const place: Place = {kind, path: isYamlInventory(file) ? jsonName(file) : file, pod, namespace, node, method}
  if (path === undefined) {
    writer.addMissing(place, error ?? 'it was not recorded')
    return
  }
  await part.load()
  const opened = part.split()
  if (opened === undefined || (place.path === file && isWhole(part, keeps))) return writer.copy(place, path)
  const isFrame = frameOf(opened.index.resources)
  await writer.add(
    place,
    composeDump(opened, (id) => isFrame(id) || keeps({file, id})),
  )
}

function isWhole({recorded: {name: file}, split}: FilePart, keeps: WriteRequest['keeps']): boolean {
  const opened = split()
  if (opened !== undefined) for (const id of droppableIds(opened.index.resources)) if (!keeps({file, id})) return false
  return true
}
