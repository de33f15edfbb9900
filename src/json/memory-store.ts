import {IndexBuilder} from './index-builder.js'
import {indexedStore} from './indexed-store.js'
import {JsonError} from './problem.js'
import type {DumpStore} from './store.js'

/** A store over a document that is already parsed. Its `raw` is a new print of the value. @throws JsonError when it is no object. */
export function memoryStore(options: {readonly name: string; readonly document: unknown}): DumpStore {
  const bytes = Buffer.from(JSON.stringify(options.document))
  const builder = new IndexBuilder()
  builder.push(bytes)
  const index = builder.finish()
  if (index.problem !== undefined) throw new JsonError(index.problem)
  return indexedStore({
    name: options.name,
    index,
    bytes: {read: (offset, length) => bytes.subarray(offset, offset + length)},
    changed: (_, cause) => new Error('changed', {cause}),
  })
}
