import {createHash} from 'node:crypto'
import {closeSync, fstatSync, open, readSync} from 'node:fs'
import {promisify} from 'node:util'
import {InputError} from '../flow/errors.js'
import {IndexBuilder, type DumpIndex} from '../json/index-builder.js'
import {indexedStore, type ByteSource} from '../json/indexed-store.js'
import type {DumpStore} from '../json/store.js'
import {fileStream, inflate, isGzip, observe, pipeStream} from './byte-stream.js'
import {changedFile, inputErrorFrom, readFailure} from './input-problem.js'
import {MAX_PASTED_BYTES, mayBePasted, readPastedDump, type PastedDump} from './pasted-dump.js'
import {readExactly, Spool} from './spool.js'

/** Largest dump that is read, unpacked. */
const MAX_DUMP_BYTES = 4 * 1024 ** 3

export interface DumpFile {
  /** Name inside the snapshot. */
  readonly name: string
  /** A file to open, or bytes that come once. */
  readonly from: string | AsyncIterable<Uint8Array>
  /** What the manifest says about the file. */
  readonly recorded?: {readonly sha256?: string | undefined}
  /** Largest size, unpacked; default 4 GiB. */
  readonly maxBytes?: number
}

export interface OpenDump {
  readonly index: DumpIndex
  readonly store: DumpStore
  /** Set when the dump is an extract that lacks what decides: what is lost. */
  readonly extract?: string
  close(): void
}

/**
 * Indexes a dump in one pass. Plain files are read again in place; pipes and gzip are spooled. A ztunnel dump may stand in other text,
 * or be a bare list (`readPastedDump`).
 * @throws InputError when it cannot be read, is no JSON object, or is larger than `MAX_DUMP_BYTES`.
 */
export async function openDump(dump: DumpFile): Promise<OpenDump> {
  const source = await openSource(dump)
  try {
    const read = await indexSource(dump, source)
    const {index, bytes, extract} = readable(read, {dump, source})
    const store = indexedStore({
      name: dump.name,
      index: {...index, warnings: [...index.warnings, ...warningsOf(dump.name, {differs: read.differs, extract})]},
      bytes,
      changed: (ref, cause) => changedFile({file: dump.name, pointer: ref.pointer}, cause),
    })
    return {
      index,
      store,
      ...(extract === undefined ? {} : {extract}),
      close: () => {
        source.close()
      },
    }
  } catch (error) {
    source.close()
    throw readFailure(dump.name, error)
  }
}

function warningsOf(
  name: string,
  {differs, extract}: {readonly differs: boolean; readonly extract: string | undefined},
): readonly string[] {
  return [
    ...(differs ? [`${name} is not the file that was recorded: its digest differs from the manifest`] : []),
    ...(extract === undefined ? [] : [extract]),
  ]
}

/** @throws InputError with the first problem when the bytes hold no ztunnel dump in another form either. */
function readable({index, length}: Indexed, {dump, source}: {readonly dump: DumpFile; readonly source: Source}): PastedDump {
  if (index.problem === undefined) return {index, bytes: source.bytes}
  const pasted = length === undefined ? undefined : readPastedDump(source.bytes.read(0, length))
  if (pasted === undefined) throw inputErrorFrom(index.problem, dump.name)
  return pasted
}

interface Source {
  readonly stream: AsyncIterable<Uint8Array>
  /** Where the bytes can be read again. */
  readonly bytes: ByteSource
  readonly spool?: Spool
  close(): void
}

async function openSource(dump: DumpFile): Promise<Source> {
  if (typeof dump.from !== 'string') return spooled(dump.from, () => undefined)
  const file = await openFile(dump.from, dump.name)
  const close = once(() => {
    closeSync(file)
  })
  if (!fstatSync(file).isFile()) return spooled(pipeStream(file), close)
  const start = Buffer.alloc(2)
  readSync(file, start, 0, 2, 0)
  return isGzip(start) ? spooled(fileStream(file), close) : {stream: fileStream(file), bytes: fileBytes(file, dump.name), close}
}

/** Off the main thread, because opening a pipe waits for its writer. */
const openAsync = promisify(open)

async function openFile(path: string, name: string): Promise<number> {
  try {
    return await openAsync(path, 'r')
  } catch (error) {
    throw readFailure(name, error)
  }
}

function spooled(stream: AsyncIterable<Uint8Array>, closeStream: () => void): Source {
  const spool = new Spool()
  return {
    stream,
    bytes: spool,
    spool,
    close: () => {
      closeStream()
      spool.close()
    },
  }
}

function fileBytes(file: number, name: string): ByteSource {
  return {
    read: (offset, length) => {
      try {
        return readExactly(file, {offset, length})
      } catch (error) {
        throw changedFile({file: name}, error)
      }
    },
  }
}

interface Indexed {
  readonly index: DumpIndex
  /** Bytes of the whole text, unpacked; undefined when it was not read to its end. */
  readonly length?: number
}

async function indexSource(dump: DumpFile, source: Source): Promise<Indexed & {readonly differs: boolean}> {
  const expected = dump.recorded?.sha256
  const digest = expected === undefined ? undefined : createHash('sha256')
  const bytes = inflate(observe(source.stream, (packed) => digest?.update(packed)))
  const indexed = await indexBytes(bytes, {dump, spool: source.spool})
  return {...indexed, differs: indexed.length !== undefined && digest?.digest('hex') !== expected}
}

async function indexBytes(
  bytes: AsyncIterable<Uint8Array>,
  {dump, spool}: {readonly dump: DumpFile; readonly spool: Spool | undefined},
): Promise<Indexed> {
  const {maxBytes = MAX_DUMP_BYTES} = dump
  const builder = new IndexBuilder()
  let total = 0
  for await (const chunk of bytes) {
    total += chunk.length
    if (total > maxBytes) throw tooLarge(dump.name, maxBytes)
    spool?.write(chunk)
    builder.push(chunk)
    if (!isWorthReading(builder, total)) return {index: builder.finish()}
  }
  const index = builder.finish()
  return index.problem === undefined || mayBePasted(index.problem.code) ? {index, length: total} : {index}
}

/** What is no document from its start may still hold one, if it is not too large to look for it. */
function isWorthReading({problem}: IndexBuilder, total: number): boolean {
  return problem === undefined || (mayBePasted(problem.code) && total <= MAX_PASTED_BYTES)
}

function tooLarge(file: string, maxBytes: number): InputError {
  return new InputError({what: 'The dump is too large.', file, expected: `at most ${maxBytes} bytes`})
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
