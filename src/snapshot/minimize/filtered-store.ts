import type {DumpStore, ResourceRef} from '../../json/store.js'

export interface StoreFilter {
  readonly keeps: (id: number) => boolean
  /** Told of each element that somebody reads. */
  readonly noteRead: (id: number) => void
}

/** The store as a dump would show it that holds no more than what is kept. Pointers stay those of the whole dump. */
export function filteredStore(store: DumpStore, {keeps, noteRead}: StoreFilter): DumpStore {
  const refs = (section: string): Iterable<ResourceRef> => ({[Symbol.iterator]: () => kept(store.refs(section), keeps)})
  return {
    name: store.name,
    warnings: store.warnings,
    configTypes: () => store.configTypes(),
    documentKeys: () => store.documentKeys(),
    sections: () => store.sections().filter((section) => refs(section)[Symbol.iterator]().next().done !== true),
    refs,
    find: (section, name) => store.find(section, name).filter(({id}) => keeps(id)),
    read: (ref) => {
      noteRead(ref.id)
      return store.read(ref)
    },
    raw: (ref) => {
      noteRead(ref.id)
      return store.raw(ref)
    },
  }
}

function* kept(refs: Iterable<ResourceRef>, keeps: StoreFilter['keeps']): Generator<ResourceRef, void, undefined> {
  for (const ref of refs) if (keeps(ref.id)) yield ref
}
