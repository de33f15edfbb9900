/** The bytes of the current chunk, plus those of earlier chunks that are still needed. */
export class Window {
  #kept: Uint8Array[] = []
  #keptFrom = 0
  #keptBytes = 0
  #chunk: Uint8Array = new Uint8Array(0)
  #chunkFrom = 0

  /** Bytes kept from earlier chunks. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Starts a new chunk that begins at this offset of the document. */
  enter(chunk: Uint8Array, from: number): void {
    this.#chunk = chunk
    this.#chunkFrom = from
  }

  /** Ends the chunk and keeps its bytes from this offset on, as a copy, so that readers may reuse their buffer. */
  leave(keepFrom: number | undefined): void {
    if (keepFrom === undefined || keepFrom >= this.#chunkFrom) this.#forget(keepFrom ?? 0)
    if (keepFrom === undefined) return
    const copy = Buffer.from(this.#chunk.subarray(Math.max(0, keepFrom - this.#chunkFrom)))
    this.#kept.push(copy)
    this.#keptBytes += copy.length
  }

  /** Bytes of the document from `start` up to `end`, both inside what is kept. */
  slice(start: number, end: number): Uint8Array {
    if (start >= this.#chunkFrom) return this.#chunk.subarray(start - this.#chunkFrom, end - this.#chunkFrom)
    const tail = this.#chunk.subarray(0, Math.max(0, end - this.#chunkFrom))
    return Buffer.concat([...this.#kept, tail]).subarray(start - this.#keptFrom, end - this.#keptFrom)
  }

  #forget(keptFrom: number): void {
    this.#kept = []
    this.#keptBytes = 0
    this.#keptFrom = keptFrom
  }
}
