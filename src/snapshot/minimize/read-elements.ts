import type {ResourceRef} from '../../json/store.js'
import type {View} from '../../json/view.js'
import type {OpenDump} from '../open-dump.js'

/** Named limit: bytes of JSON whose values are kept. What is beyond is parsed each time. */
const MAX_KEPT_BYTES = 64 * 1024 ** 2

/** Elements of several files that stay parsed once they were read: each trace of a part of a snapshot reads nearly the same ones. */
export class ReadElements {
  #left: number

  constructor(maxBytes = MAX_KEPT_BYTES) {
    this.#left = maxBytes
  }

  /** The same file, from which nothing is parsed twice as long as there is room. */
  keeping(opened: OpenDump | undefined): OpenDump | undefined {
    if (opened === undefined) return undefined
    const {index, store} = opened
    const views = new Map<number, View>()
    const read = (ref: ResourceRef): View => {
      const view = store.read(ref)
      const {start, end} = index.resources.span(ref.id)
      if (this.#take(end - start)) views.set(ref.id, view)
      return view
    }
    return {...opened, store: {...store, read: (ref) => views.get(ref.id) ?? read(ref)}}
  }

  #take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }
}
