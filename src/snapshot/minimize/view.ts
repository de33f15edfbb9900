import type {DumpStore} from '../../json/store.js'
import type {OpenDump} from '../open-dump.js'
import type {LoadedDump, ProxyDump} from '../snapshot.js'
import {filteredStore} from './filtered-store.js'
import {frameOf} from './frame.js'
import {WHOLE, type Element} from './element.js'
import {splitDump, type DumpPart} from './part.js'

/** Which part of a snapshot is to be seen. */
export interface ViewOptions {
  readonly keeps: (element: Element) => boolean
  /** Told of each element that somebody reads, and of the files that can only be read whole. */
  readonly noteRead: (element: Element) => void
}

export function storeOf({file, opened}: {readonly file: string; readonly opened: OpenDump}, {keeps, noteRead}: ViewOptions): DumpStore {
  const isFrame = frameOf(opened.index.resources)
  return filteredStore(opened.store, {
    keeps: (id) => isFrame(id) || keeps({file, id}),
    noteRead: (id) => {
      noteRead({file, id: isFrame(id) ? WHOLE : id})
    },
  })
}

export function dumpView(part: DumpPart, options: ViewOptions): ProxyDump {
  const {file, name, namespace, node} = part.dump
  const load = async (): Promise<LoadedDump> => {
    const loaded = await part.load()
    options.noteRead({file, id: WHOLE})
    const [store] = splitDump(part, (dump) => storeOf(dump, options))
    return loaded.kind === 'unusable' || store === undefined ? loaded : {...loaded, store}
  }
  return {file, name, load, ...(namespace === undefined ? {} : {namespace}), ...(node === undefined ? {} : {node})}
}
