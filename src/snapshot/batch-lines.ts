import {createReadStream} from 'node:fs'
import {createInterface} from 'node:readline'
import {InputError} from '../flow/errors.js'

/** The lines of a file, or of standard input for `-`. @throws InputError when the file cannot be read. */
export async function* batchLines(path: string): AsyncGenerator<string> {
  const input = path === '-' ? process.stdin : createReadStream(path)
  try {
    yield* createInterface({input, crlfDelay: Infinity})
  } catch (cause) {
    throw new InputError({
      what: 'The batch cannot be read.',
      file: path,
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    })
  }
}
