import {createReadStream, createWriteStream} from 'node:fs'
import {rename, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {createGzip} from 'node:zlib'
import {listFiles, openTree} from './tree.js'

const BLOCK = 512
/** What fits into the two name fields of ustar; longer names get a pax entry in front. */
const SHORT_NAME = 100
/** The largest number in eleven octal digits; nothing that is recorded is larger. */
const MAX_SIZE = 8 * 1024 ** 3

/** Packs a directory as `.tar.gz`, its files in the order of their names. The archive appears whole or not at all. */
export async function packDirectory(directory: string, archive: string): Promise<void> {
  const partial = `${archive}.${process.pid}.part`
  try {
    await pipeline(Readable.from(tarStream(directory)), createGzip(), createWriteStream(partial, {flags: 'wx', mode: 0o600}))
    await rename(partial, archive)
  } finally {
    await rm(partial, {force: true})
  }
}

/** The bytes of a tar; equal files give equal bytes. */
export async function* tarStream(directory: string): AsyncGenerator<Uint8Array, void, undefined> {
  const tree = openTree(directory)
  for (const name of listFiles(tree)) {
    const path = join(tree.root, name)
    const {size} = await stat(path)
    if (size >= MAX_SIZE) throw new Error(`${name} is too large for an archive`)
    yield* entryHead(name, size)
    const bytes: AsyncIterable<Uint8Array> = createReadStream(path, {end: Math.max(0, size - 1)})
    if (size > 0) yield* bytes
    yield padding(size)
  }
  yield Buffer.alloc(2 * BLOCK)
}

function* entryHead(name: string, size: number): Generator<Uint8Array, void, undefined> {
  const length = Buffer.byteLength(name)
  if (length > SHORT_NAME) {
    const record = paxRecord('path', name)
    yield header({name: 'pax', size: record.length, type: 'x'})
    yield record
    yield padding(record.length)
  }
  yield header({name: length > SHORT_NAME ? 'see-pax' : name, size, type: '0'})
}

/** The length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (String(length).length + Buffer.byteLength(rest) !== length) length = String(length).length + Buffer.byteLength(rest)
  return Buffer.from(`${length}${rest}`)
}

function header({name, size, type}: {readonly name: string; readonly size: number; readonly type: '0' | 'x'}): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  block.write(name, 0)
  block.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0${octal(size, 11)}\0${octal(0, 11)}\0${' '.repeat(8)}${type}`, 100)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}
