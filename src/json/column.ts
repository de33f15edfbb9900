/** A list of numbers without boxes: 8 bytes per entry for offsets, 4 for everything else. */
export class Column<Numbers extends Float64Array | Uint32Array> {
  length = 0
  #numbers: Numbers
  readonly #grow: (size: number) => Numbers

  constructor(grow: (size: number) => Numbers) {
    this.#grow = grow
    this.#numbers = grow(1024)
  }

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const larger = this.#grow(this.length * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[this.length++] = value
  }

  /** The entry, which must exist. */
  at(index: number): number {
    const value = index < this.length ? this.#numbers[index] : undefined
    if (value === undefined) throw new RangeError(`no entry ${index} in a column of ${this.length}`)
    return value
  }

  truncate(length: number): void {
    this.length = Math.min(this.length, length)
  }
}

export function offsetColumn(): Column<Float64Array> {
  return new Column((size) => new Float64Array(size))
}

export function countColumn(): Column<Uint32Array> {
  return new Column((size) => new Uint32Array(size))
}
