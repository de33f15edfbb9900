import {createReadStream} from 'node:fs'
import {Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'

/** Large reads cost fewer turns of the event loop; more than this gains nothing. */
const CHUNK_BYTES = 256 * 1024
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** A regular file from its start, whatever was read of it before. The file stays open. */
export function fileStream(file: number): AsyncIterable<Uint8Array> {
  return createReadStream('', {fd: file, start: 0, autoClose: false, highWaterMark: CHUNK_BYTES})
}

/** What can only be read once, from where it stands: a pipe, a terminal. The file stays open. */
export function pipeStream(file: number): AsyncIterable<Uint8Array> {
  return createReadStream('', {fd: file, autoClose: false, highWaterMark: CHUNK_BYTES})
}

export function isGzip(start: Uint8Array): boolean {
  return start.length >= 2 && GZIP_MAGIC.equals(start.subarray(0, 2))
}

/** The same bytes, unpacked when they begin like gzip. @throws Error when the gzip data is damaged. */
export async function* inflate(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  let next = await iterator.next()
  while (next.done !== true && start.length + next.value.length < 2) {
    start = Buffer.concat([start, next.value])
    next = await iterator.next()
  }
  if (next.done !== true) start = Buffer.concat([start, next.value])
  const whole = chain(start, iterator)
  yield* isGzip(start) ? unpack(whole) : whole
}

async function* chain(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (start.length > 0) yield start
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function* unpack(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = Readable.from(packed)
  const gunzip = createGunzip({chunkSize: CHUNK_BYTES})
  source.once('error', (error) => gunzip.destroy(error))
  const unpacked: AsyncIterable<Uint8Array> = source.pipe(gunzip)
  yield* unpacked
}

/** The same bytes, each chunk shown to `look` first. */
export async function* observe(
  source: AsyncIterable<Uint8Array>,
  look: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    look(chunk)
    yield chunk
  }
}

/** Reads to the end, for what comes after. */
export async function passOver(source: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}
