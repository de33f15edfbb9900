import {splitDump, type Split} from '../../src/json/split.js'

export function cutInto(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({length: Math.ceil(bytes.length / size)}, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}

export async function split(chunks: readonly Uint8Array[]): Promise<readonly Split[]> {
  const parts: Split[] = []
  for await (const part of splitDump(streamOf(chunks))) parts.push(part)
  return parts
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
}

type Pair = readonly [pointer: string, value: unknown]

/** The elements of a parsed document by a plain walk: what the splitter must find. */
export function elementsOf(document: unknown): readonly Pair[] {
  return members(document, '').flatMap(([pointer, value]): readonly Pair[] => {
    if (pointer === '/configs' && Array.isArray(value)) return members(value, pointer).flatMap(elementsOfConfig)
    return isContainer(value) ? members(value, pointer) : [[pointer, value]]
  })
}

function elementsOfConfig([pointer, value]: Pair): readonly Pair[] {
  if (!isContainer(value) || Array.isArray(value)) return [[pointer, value]]
  return members(value, pointer).flatMap(([at, member]): readonly Pair[] => (Array.isArray(member) ? members(member, at) : [[at, member]]))
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function members(container: unknown, pointer: string): readonly Pair[] {
  if (!isContainer(container)) return []
  return Object.entries(container).map(([key, value]: [string, unknown]) => [
    `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    value,
  ])
}
