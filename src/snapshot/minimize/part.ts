import type {CaptureFile} from '../captures.js'
import type {RecordedFile} from '../directory.js'
import type {OpenDump} from '../open-dump.js'
import {recordedDump} from '../open-snapshot.js'
import type {LazyDump} from '../proxy-dump.js'
import type {LoadedDump} from '../snapshot.js'
import {isJoinedByContent} from './frame.js'
import type {ReadElements} from './read-elements.js'

/** A file of JSON, and the elements it can be taken apart into, once it was read. */
export interface FilePart {
  readonly kind: 'config-dump' | 'inventory' | 'istiod-debug'
  readonly recorded: RecordedFile
  /**
   * Absent for what was not read, could not be recorded, is damaged, is an extract, or has endpoints without names: such a file stays
   * or goes as a whole.
   */
  readonly split: () => OpenDump | undefined
  /** Reads it, if nobody did yet. */
  readonly load: () => Promise<unknown>
  readonly close: () => void
}

export interface DumpPart extends FilePart {
  readonly dump: LazyDump
  readonly load: () => Promise<LoadedDump>
}

export interface PartOptions {
  readonly recorded: RecordedFile
  /** What was read of it stays here. */
  readonly read: ReadElements
}

/** The texts of the packet rules of one node or pod: they stay or go together. */
export interface CapturePart {
  readonly folder: string
  readonly files: readonly CaptureFile[]
}

/** A dump that is read when it is first asked for. */
export function dumpPart(kind: FilePart['kind'], {recorded, read}: PartOptions): DumpPart {
  const dump = recordedDump(recorded)
  let known: OpenDump | undefined
  let canSplit: boolean | undefined
  const opened = (): OpenDump | undefined => (known ??= read.keeping(dump.opened))
  return {
    kind,
    recorded,
    dump,
    split: () => {
      const own = opened()
      if (own === undefined) return undefined
      canSplit ??= own.extract === undefined && !isJoinedByContent(own.index.resources)
      return canSplit ? own : undefined
    },
    load: async () => {
      const loaded = await dump.load()
      const store = opened()?.store
      return loaded.kind === 'unusable' || store === undefined ? loaded : {...loaded, store}
    },
    close: () => {
      dump.close()
    },
  }
}

/** A file of the inventory, among those that were opened. */
export function filePart(opened: readonly OpenDump[], {recorded, read}: PartOptions): FilePart {
  const own = read.keeping(opened.find(({store}) => store.name === recorded.name))
  return {kind: 'inventory', recorded, split: () => own, load: () => Promise.resolve(), close: () => own?.close()}
}

/** Packet rules by their folders, in the order of their names. */
export function capturesOf(files: readonly CaptureFile[]): readonly CapturePart[] {
  const folders = new Map<string, CaptureFile[]>()
  for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const folder = file.name.slice(0, file.name.lastIndexOf('/'))
    folders.set(folder, [...(folders.get(folder) ?? []), file])
  }
  return [...folders].map(([folder, own]) => ({folder, files: own}))
}

/** What is made of the elements of a file; nothing where it cannot be taken apart. */
export function splitDump<T>(
  {recorded, split}: FilePart,
  use: (dump: {readonly file: string; readonly opened: OpenDump}) => T,
): readonly [T] | readonly [] {
  const opened = split()
  return opened === undefined ? [] : [use({file: recorded.name, opened})]
}
