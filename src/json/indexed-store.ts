import type {DumpIndex} from './index-builder.js'
import {parseJson} from './parse.js'
import type {DumpStore, ResourceRef} from './store.js'
import {View} from './view.js'

/** Where the bytes of an indexed dump are. */
export interface ByteSource {
  /** Exactly `length` bytes from this offset. @throws when they cannot be had. */
  read(offset: number, length: number): Uint8Array
}

export interface IndexedStore {
  readonly name: string
  readonly index: DumpIndex
  readonly bytes: ByteSource
  /** Makes the error for bytes that are no longer what was indexed. */
  readonly changed: (ref: ResourceRef, cause: unknown) => Error
}

/** A store that reads elements from their source on demand. */
export function indexedStore(options: IndexedStore): DumpStore {
  const {resources, configTypes, documentKeys, warnings} = options.index
  const {sections} = resources
  const raw = (ref: ResourceRef): Uint8Array => {
    const {start, end} = resources.span(ref.id)
    return options.bytes.read(start, end - start)
  }
  return {
    name: options.name,
    warnings,
    configTypes: () => configTypes,
    documentKeys: () => documentKeys,
    sections: () => sections,
    refs: (section) => ({[Symbol.iterator]: () => refsOf(options.index, section)}),
    find: (section, name) => resources.find(section, name),
    read: (ref) => new View(parseElement(options, {ref, bytes: raw(ref)}), ref.pointer),
    raw,
  }
}

function* refsOf(index: DumpIndex, section: string): Generator<ResourceRef, void, undefined> {
  for (const id of index.resources.ids(section)) yield index.resources.ref(id)
}

function parseElement(options: IndexedStore, element: {readonly ref: ResourceRef; readonly bytes: Uint8Array}): unknown {
  try {
    return parseJson(element.bytes)
  } catch (error) {
    throw options.changed(element.ref, error)
  }
}
