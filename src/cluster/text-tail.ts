/** The last bytes of a stream that may be long. */
export class TextTail {
  #kept = Buffer.alloc(0)

  constructor(private readonly limit: number) {}

  push(chunk: Uint8Array): void {
    const joined = Buffer.concat([this.#kept, chunk])
    this.#kept = joined.subarray(Math.max(0, joined.length - this.limit))
  }

  toString(): string {
    return this.#kept.toString('utf8')
  }
}
