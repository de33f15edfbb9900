import {PartialFile} from './partial-file.js'

/** Writes into the file, and gives the bytes that stand in it as they come. A chunk is good until the next one is asked for. */
export type Fill = (file: PartialFile) => AsyncIterable<Uint8Array>

/**
 * The bytes of a file while it is filled. The file appears whole or not at all: it is written beside its place and renamed at the end.
 * The place is a path, or a file that was begun before.
 * @throws ExternalError when it cannot be written.
 */
export async function* saving(fill: Fill, place: string | PartialFile): AsyncGenerator<Uint8Array, void, undefined> {
  const file = typeof place === 'string' ? await PartialFile.create(place) : place
  let whole = false
  try {
    yield* fill(file)
    whole = true
  } finally {
    if (!whole) await file.discard()
  }
  await file.keep()
}

/** The same bytes, each chunk written first. What stood in the file is forgotten. */
export async function* written(source: AsyncIterable<Uint8Array>, into: PartialFile): AsyncGenerator<Uint8Array, void, undefined> {
  await into.empty()
  for await (const chunk of source) {
    into.append(chunk)
    yield chunk
  }
}
