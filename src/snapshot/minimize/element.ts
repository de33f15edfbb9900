/** Part of a snapshot that is kept or not: an element of a file that can be taken apart, or the file with what is always in it. */
export interface Element {
  /** Name inside the snapshot; of packet rules the folder. */
  readonly file: string
  /** Number of the element in its store; `WHOLE` for the file. */
  readonly id: number
}

export const WHOLE = -1

/** Elements by their files. With an element its file is in the set. */
export class ElementSet {
  readonly #ids = new Map<string, Set<number>>()

  constructor(elements: Iterable<Element> = []) {
    for (const element of elements) this.add(element)
  }

  add({file, id}: Element): void {
    const ids = this.#ids.get(file) ?? new Set()
    if (id !== WHOLE) ids.add(id)
    this.#ids.set(file, ids)
  }

  has({file, id}: Element): boolean {
    return id === WHOLE ? this.#ids.has(file) : (this.#ids.get(file)?.has(id) ?? false)
  }

  /** Files and elements. */
  get size(): number {
    return [...this.#ids.values()].reduce((total, {size}) => total + size, this.#ids.size)
  }
}
