import {archiveError, type ArchiveEntry} from './archive-entry.js'
import {ByteReader} from './byte-reader.js'
import {passOver} from './byte-stream.js'

const BLOCK = 512
/** Names and attributes that stand in entries of their own are far below this. */
const MAX_HEADER_BYTES = 1024 * 1024

/**
 * The entries of an unpacked tar stream: ustar, pax and GNU long names.
 * @throws InputError when it is damaged or ends early.
 */
export async function* tarEntries(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  const reader = new ByteReader(source)
  let extended: Attributes = new Map()
  try {
    for (let header = await nextHeader(reader, file); header !== undefined; header = await nextHeader(reader, file)) {
      const body = {size: sizeOf(header, {extended, reader, file}), file}
      const start = reader.position
      if (EXTENSIONS.has(header.type)) extended = new Map([...extended, ...(await attributesIn(reader, {...body, type: header.type}))])
      else if (!IGNORED.has(header.type)) {
        yield {name: extended.get('path') ?? header.name, kind: KINDS.get(header.type) ?? 'other', bytes: whole(reader, body)}
        extended = new Map()
      }
      await skipRest(reader, {...body, start})
    }
  } finally {
    await reader.close()
  }
}

/** What entries of their own say about the next one. */
type Attributes = ReadonlyMap<string, string>

interface Body {
  readonly size: number
  readonly file: string
}

function sizeOf(header: Header, {extended, reader, file}: {extended: Attributes; reader: ByteReader; file: string}): number {
  const size = Number(extended.get('size') ?? header.size)
  if (!Number.isSafeInteger(size) || size < 0) throw damaged(file, reader)
  return size
}

async function skipRest(reader: ByteReader, {start, size, file}: Body & {readonly start: number}): Promise<void> {
  await passOver(reader.stream(start + padded(size) - reader.position))
  if (reader.position < start + size) throw endsEarly(file)
}

/** `x`: pax attributes of the next entry; `L`: its GNU long name. */
const EXTENSIONS: ReadonlySet<string> = new Set(['x', 'L'])
/** `g`: pax attributes of all entries; `K`: the target of a link, which is never followed. */
const IGNORED: ReadonlySet<string> = new Set(['g', 'K'])

const KINDS: ReadonlyMap<string, ArchiveEntry['kind']> = new Map([
  ['0', 'file'],
  ['\0', 'file'],
  ['7', 'file'],
  ['5', 'directory'],
  ['1', 'link'],
  ['2', 'link'],
])

interface Header {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** Undefined at the end: an empty block, or nothing more. */
async function nextHeader(reader: ByteReader, file: string): Promise<Header | undefined> {
  const block = await reader.take(BLOCK)
  if (block.length === 0 || (block.length === BLOCK && block.every((byte) => byte === 0))) return undefined
  if (block.length < BLOCK) throw endsEarly(file)
  if (numberAt(block, {start: 148, length: 8}) !== checksum(block)) throw damaged(file, reader)
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? textAt(block, {start: 345, length: 155}) : ''
  const name = textAt(block, {start: 0, length: 100})
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: numberAt(block, {start: 124, length: 12}),
    type: block.toString('latin1', 156, 157),
  }
}

interface Field {
  readonly start: number
  readonly length: number
}

function textAt(block: Buffer, {start, length}: Field): string {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? length : end)
}

/** Octal digits; a number that needs more is binary, marked by its first bit. */
function numberAt(block: Buffer, {start, length}: Field): number {
  if ((block[start] ?? 0) >= 0x80) return Number(BigInt(`0x${block.toString('hex', start + 1, start + length)}`))
  const digits = block
    .toString('latin1', start, start + length)
    .replaceAll('\0', ' ')
    .trim()
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

/** The sum of all bytes, those of the sum itself taken as blanks. */
function checksum(block: Buffer): number {
  const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0)
  return sum(block) - sum(block.subarray(148, 156)) + 8 * 32
}

async function* whole(reader: ByteReader, {size, file}: Body): AsyncGenerator<Uint8Array, void, undefined> {
  const end = reader.position + size
  yield* reader.stream(size)
  if (reader.position < end) throw endsEarly(file)
}

async function attributesIn(reader: ByteReader, {size, file, type}: Body & {readonly type: string}): Promise<Attributes> {
  if (size > MAX_HEADER_BYTES) throw damaged(file, reader)
  const text = (await reader.take(size)).toString('utf8')
  return new Map(type === 'L' ? [['path', text.replace(/\0.*$/s, '')]] : paxRecords(text))
}

/** `<length> <key>=<value>\n`, one after the other. */
function paxRecords(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/^\d+ ([^=\n]+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value] as const)
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

function endsEarly(file: string): Error {
  return archiveError(file, {what: 'The archive ends in the middle.'})
}

function damaged(file: string, {position}: ByteReader): Error {
  return archiveError(file, {what: 'The archive is damaged.', got: `no tar header at byte ${Math.max(0, position - BLOCK)}, unpacked`})
}
