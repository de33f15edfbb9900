import {closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {ByteSource} from '../json/indexed-store.js'

/** Bytes held in memory before they go to a file. */
const SPOOL_MEMORY_BYTES = 8 * 1024 * 1024

/**
 * Keeps a stream so that it can be read again at any offset: in memory while it is small, else in a private temporary file.
 * The file has no name once it is open (where the system allows that), so that nothing stays behind however the process ends.
 */
export class Spool implements ByteSource {
  #chunks: Buffer[] = []
  #length = 0
  #file: number | undefined
  readonly #memoryBytes: number

  constructor(memoryBytes = SPOOL_MEMORY_BYTES) {
    this.#memoryBytes = memoryBytes
  }

  write(chunk: Uint8Array): void {
    this.#length += chunk.length
    if (this.#file === undefined && this.#length > this.#memoryBytes) this.#moveToFile()
    if (this.#file === undefined) this.#chunks.push(Buffer.from(chunk))
    else writeAll(this.#file, chunk)
  }

  read(offset: number, length: number): Uint8Array {
    if (offset + length > this.#length) throw new Error(`the data ends at byte ${this.#length}`)
    if (this.#file !== undefined) return readExactly(this.#file, {offset, length})
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]?.subarray(offset, offset + length) ?? Buffer.alloc(0)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    this.#chunks = []
    this.#length = 0
  }

  #moveToFile(): void {
    this.#file = openPrivateFile()
    for (const chunk of this.#chunks) writeAll(this.#file, chunk)
    this.#chunks = []
  }
}

/** @throws Error when the file ends before. */
export function readExactly(file: number, range: {readonly offset: number; readonly length: number}): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(range.length)
  let done = 0
  while (done < range.length) {
    const count = readSync(file, bytes, done, range.length - done, range.offset + done)
    if (count === 0) throw new Error(`the file ends at byte ${range.offset + done}`)
    done += count
  }
  return bytes
}

function openPrivateFile(): number {
  const directory = mkdtempSync(join(tmpdir(), 'ambientctl-'))
  const remove = (): void => {
    rmSync(directory, {recursive: true, force: true})
  }
  const file = openSync(join(directory, 'dump'), 'wx+', 0o600)
  try {
    remove()
  } catch {
    // Some systems keep the name of an open file: it goes when the process ends.
    process.once('exit', remove)
  }
  return file
}

function writeAll(file: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done)
}
