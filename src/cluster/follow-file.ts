import {setImmediate as turn, setTimeout as delay} from 'node:timers/promises'
import type {PartialFile} from './partial-file.js'

/** As much as a fast pod sends between two looks. */
const READ_BYTES = 1024 * 1024
const LOOK_EVERY_MS = 10

/**
 * The bytes of a file that grows until `ended`. All chunks share one buffer: each is good until the next one is asked for.
 * @throws ExternalError when the file cannot be read.
 */
export async function* followFile(file: PartialFile, ended: Promise<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const end = {hasCome: false}
  const untilEnd = ended.then(() => (end.hasCome = true))
  let position = 0
  for (;;) {
    // Asked before the look: what is written until the end is seen by a look after it.
    const isLast = end.hasCome
    const length = file.read(buffer, position)
    if (length > 0) yield buffer.subarray(0, length)
    else if (isLast) return
    position += length
    await (length === READ_BYTES ? turn() : Promise.race([untilEnd, delay(LOOK_EVERY_MS)]))
  }
}
