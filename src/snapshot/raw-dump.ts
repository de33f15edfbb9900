import {closeSync, openSync} from 'node:fs'
import {inflate, pipeStream} from './byte-stream.js'
import {readFailure} from './input-problem.js'

export interface RawDump {
  /** A path, or `-`. */
  readonly file: string
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<Uint8Array>
}

/** The bytes of a dump as they stand, unpacked when they are gzip. @throws InputError when the file cannot be read. */
export async function* rawDump({file, stdin = process.stdin}: RawDump): AsyncGenerator<Uint8Array, void, undefined> {
  if (file === '-') yield* guarded('<stdin>', inflate(stdin))
  else yield* guarded(file, fromFile(file))
}

async function* fromFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = openSync(path, 'r')
  try {
    yield* inflate(pipeStream(file))
  } finally {
    closeSync(file)
  }
}

async function* guarded(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bytes
  } catch (error) {
    throw readFailure(name, error)
  }
}
