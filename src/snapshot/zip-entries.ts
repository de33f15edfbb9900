import {createReadStream, fstatSync} from 'node:fs'
import {Readable} from 'node:stream'
import {createInflateRaw} from 'node:zlib'
import {archiveError, type ArchiveEntry} from './archive-entry.js'
import {readExactly} from './spool.js'

const END_SIGNATURE = 0x0605_4b50
const END_BYTES = 22
const MAX_COMMENT = 0xffff
const ENTRY_SIGNATURE = 0x0201_4b50
const ENTRY_BYTES = 46
const LOCAL_BYTES = 30
/** Larger directories than this belong to no recording. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024

/** A zip that is open. */
export interface ZipFile {
  readonly descriptor: number
  /** For messages. */
  readonly file: string
}

/**
 * The entries of a zip, as its directory lists them: stored or deflated, not encrypted, below 4 GiB.
 * @throws InputError when it is damaged, or packed in another way.
 */
export function* zipEntries(zip: ZipFile): Generator<ArchiveEntry, void, undefined> {
  const directory = readDirectory(zip)
  for (let at = 0; at + ENTRY_BYTES <= directory.length; ) {
    if (directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw damaged(zip, 'its directory')
    const entry = readEntry(directory, at)
    at = entry.next
    yield {name: entry.name, kind: kindOf(entry), packed: entry.packed, bytes: unpack(zip, entry)}
  }
}

interface Entry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly packed: number
  readonly mode: number
  readonly offset: number
  readonly next: number
}

function readDirectory(zip: ZipFile): Buffer {
  const {size} = fstatSync(zip.descriptor)
  const tail = read(zip, {offset: Math.max(0, size - END_BYTES - MAX_COMMENT), length: Math.min(size, END_BYTES + MAX_COMMENT)})
  let at = tail.length - END_BYTES
  while (at >= 0 && tail.readUInt32LE(at) !== END_SIGNATURE) at--
  if (at < 0) throw damaged(zip, 'no directory at its end')
  const length = tail.readUInt32LE(at + 12)
  const offset = tail.readUInt32LE(at + 16)
  if (offset === 0xffff_ffff || length > MAX_DIRECTORY_BYTES) throw damaged(zip, 'a directory of zip64, or a huge one')
  return read(zip, {offset, length})
}

function readEntry(directory: Buffer, at: number): Entry {
  const nameBytes = directory.readUInt16LE(at + 28)
  const start = at + ENTRY_BYTES
  return {
    name: directory.toString('utf8', start, start + nameBytes),
    flags: directory.readUInt16LE(at + 8),
    method: directory.readUInt16LE(at + 10),
    packed: directory.readUInt32LE(at + 20),
    mode: directory.readUInt32LE(at + 38) >>> 16,
    offset: directory.readUInt32LE(at + 42),
    next: start + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32),
  }
}

const TYPE_BITS = 0o170_000
const SYMBOLIC_LINK = 0o120_000

function kindOf({name, mode}: Entry): ArchiveEntry['kind'] {
  if ((mode & TYPE_BITS) === SYMBOLIC_LINK) return 'link'
  return name.endsWith('/') ? 'directory' : 'file'
}

const ENCRYPTED = 1
const STORED = 0
const DEFLATED = 8

async function* unpack(zip: ZipFile, {name, offset, packed, method, flags}: Entry): AsyncGenerator<Uint8Array, void, undefined> {
  if ((flags & ENCRYPTED) !== 0 || (method !== STORED && method !== DEFLATED)) {
    throw archiveError(zip.file, {what: 'The archive is packed in a way that is not understood.', entry: name})
  }
  if (packed === 0) return
  const local = read(zip, {offset, length: LOCAL_BYTES})
  const start = offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28)
  const source = createReadStream('', {fd: zip.descriptor, start, end: start + packed - 1, autoClose: false})
  const bytes: AsyncIterable<Uint8Array> = method === STORED ? source : Readable.from(source).pipe(createInflateRaw())
  yield* bytes
}

function read(zip: ZipFile, range: {readonly offset: number; readonly length: number}): Buffer {
  try {
    return Buffer.from(readExactly(zip.descriptor, range))
  } catch {
    throw damaged(zip, 'it ends in the middle')
  }
}

function damaged({file}: ZipFile, got: string): Error {
  return archiveError(file, {what: 'The archive is damaged.', got})
}
