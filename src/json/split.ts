import {parseJson} from './parse.js'
import type {JsonProblem} from './problem.js'
import {DumpSplitter, pointerOf, type ElementPath, type SplitElement} from './splitter.js'

export type Split =
  | {
      readonly kind: 'element'
      /** RFC 6901. */
      readonly pointer: string
      readonly path: ElementPath
      /** Byte offset in the document, byte order mark included. */
      readonly offset: number
      readonly length: number
      /** As `parseJson` gives it. */
      readonly value: unknown
    }
  | {readonly kind: 'problem'; readonly problem: JsonProblem}

/**
 * The elements of a document in document order, as they arrive (see `childRole` for what an element is).
 * A document that is damaged ends with one `problem`; what came before it is what the document says up to there.
 */
export async function* splitDump(source: AsyncIterable<Uint8Array>): AsyncGenerator<Split, void, undefined> {
  const ready: Split[] = []
  const splitter: DumpSplitter = new DumpSplitter(
    {
      element: (element) => {
        ready.push(toSplit(element, splitter.bytes(element)))
      },
      config: () => undefined,
    },
    {keepElements: true},
  )
  for await (const chunk of source) {
    splitter.push(chunk)
    yield* ready.splice(0)
    if (splitter.problem !== undefined) break
  }
  splitter.finish()
  yield* ready
  if (splitter.problem !== undefined) yield {kind: 'problem', problem: splitter.problem}
}

function toSplit(element: SplitElement, bytes: Uint8Array): Split {
  const {path, start, end} = element
  return {kind: 'element', pointer: pointerOf(path), path, offset: start, length: end - start, value: parseJson(bytes)}
}
