import {countColumn} from './column.js'

const SLAB_BYTES = 1024 * 1024

/** Many short texts as UTF-8 in a few large buffers: the garbage collector never walks them. */
export class TextTable {
  readonly #slabs: Buffer[] = []
  readonly #slabOf = countColumn()
  readonly #startOf = countColumn()
  readonly #lengthOf = countColumn()
  readonly #hashOf = countColumn()
  #free = 0

  /** Number of the text; equal texts added twice have two numbers. */
  add(text: string): number {
    const bytes = Buffer.from(text, 'utf8')
    const slab = this.#slabWith(bytes.length)
    bytes.copy(slab, this.#free)
    this.#slabOf.push(this.#slabs.length - 1)
    this.#startOf.push(this.#free)
    this.#lengthOf.push(bytes.length)
    this.#hashOf.push(hashText(text))
    this.#free += bytes.length
    return this.#hashOf.length - 1
  }

  get(number: number): string {
    const start = this.#startOf.at(number)
    return this.#slabs[this.#slabOf.at(number)]?.toString('utf8', start, start + this.#lengthOf.at(number)) ?? ''
  }

  /** Its `hashText`. */
  hashOf(number: number): number {
    return this.#hashOf.at(number)
  }

  #slabWith(size: number): Buffer {
    const last = this.#slabs.at(-1)
    if (last !== undefined && last.length - this.#free >= size) return last
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size))
    this.#slabs.push(slab)
    this.#free = 0
    return slab
  }
}

/** FNV-1a over UTF-16 units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
