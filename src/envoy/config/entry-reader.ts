import type {DumpStore, ResourceRef} from '../../json/store.js'
import type {View} from '../../json/view.js'

/** Entries kept parsed. A trace touches few of them again and again; a dump may have hundreds of thousands. */
const KEPT = 256

/** Reads entries of a dump through a small cache, because a store may go to the file each time. */
export class EntryReader {
  readonly #store: DumpStore
  readonly #views = new Map<number, View>()

  constructor(store: DumpStore) {
    this.#store = store
  }

  read(ref: ResourceRef): View {
    const view = this.#views.get(ref.id) ?? this.#store.read(ref)
    this.#views.delete(ref.id)
    this.#views.set(ref.id, view)
    this.#dropOldest()
    return view
  }

  /** All elements of some sections with this name, section by section. */
  find(sections: readonly string[], name: string): ResourceRef[] {
    return sections.flatMap((section) => this.#store.find(section, name))
  }

  /** All elements of some sections, section by section. */
  refs(sections: readonly string[]): ResourceRef[] {
    return sections.flatMap((section) => [...this.#store.refs(section)])
  }

  #dropOldest(): void {
    const [oldest] = this.#views.keys()
    if (this.#views.size > KEPT && oldest !== undefined) this.#views.delete(oldest)
  }
}
