/** Rows by the hash of their name: chained, without an object per row. */
export class NameTable {
  /** Newest row of each bucket plus 1; 0 for an empty bucket. */
  readonly #heads: Uint32Array
  /** The row before in the same bucket plus 1. */
  readonly #before: Uint32Array
  readonly #mask: number

  constructor(rows: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(rows, 1)))
    this.#heads = new Uint32Array(buckets)
    this.#before = new Uint32Array(rows)
    this.#mask = buckets - 1
  }

  add(row: number, hash: number): void {
    const bucket = (hash & this.#mask) >>> 0
    this.#before[row] = this.#heads[bucket] ?? 0
    this.#heads[bucket] = row + 1
  }

  /** Rows that may have this hash, in the order they were added. */
  candidates(hash: number): readonly number[] {
    const rows: number[] = []
    for (let entry = this.#heads[(hash & this.#mask) >>> 0] ?? 0; entry > 0; entry = this.#before[entry - 1] ?? 0) rows.push(entry - 1)
    return rows.reverse()
  }
}
