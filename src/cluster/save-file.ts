import {open, rename, rm} from 'node:fs/promises'
import {ExternalError} from '../flow/errors.js'

/**
 * The same bytes, saved on the way. The file appears whole or not at all: it is written beside its place and renamed at the end.
 * @throws ExternalError when it cannot be written.
 */
export async function* saving(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const temporary = `${path}.${process.pid}.part`
  const file = await guarded(path, () => open(temporary, 'wx'))
  let whole = false
  try {
    for await (const chunk of source) {
      await guarded(path, () => file.writeFile(chunk))
      yield chunk
    }
    whole = true
  } finally {
    await file.close()
    if (!whole) await rm(temporary, {force: true})
  }
  await guarded(path, () => moveOrRemove(temporary, path))
}

async function moveOrRemove(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, {force: true})
    throw error
  }
}

async function guarded<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (cause) {
    throw new ExternalError({
      what: 'The file cannot be written.',
      command: ['--output-file', path],
      exit: cause instanceof Error ? cause.message : String(cause),
      help: 'Check that the directory exists and may be written.',
      cause,
    })
  }
}
