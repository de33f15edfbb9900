import {existsSync} from 'node:fs'
import {mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {dirname} from 'node:path'
import {InputError} from '../flow/errors.js'

/** Files people write by hand, and goldens, are far below this. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024

/**
 * A text file as a whole.
 * @throws InputError when it is missing, unreadable, larger than MAX_TEXT_BYTES, or no UTF-8.
 */
export async function readTextFile(file: string): Promise<string> {
  try {
    const {size} = await stat(file)
    if (size > MAX_TEXT_BYTES) {
      throw new InputError({what: 'The file is too large.', file, expected: `at most ${MAX_TEXT_BYTES} bytes`, got: `${size} bytes`})
    }
    return new TextDecoder('utf-8', {fatal: true}).decode(await readFile(file))
  } catch (thrown) {
    if (thrown instanceof InputError || !(thrown instanceof Error)) throw thrown
    throw new InputError({what: 'The file cannot be read.', file, got: thrown.message, cause: thrown})
  }
}

export function hasTextFile(file: string): boolean {
  return existsSync(file)
}

/** Writes a text file, with the directories above it. */
export async function writeTextFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), {recursive: true})
  await writeFile(file, text)
}
