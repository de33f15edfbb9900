import type {Json} from '../../flow/connection.js'
import type {FormatContext} from './context.js'
import {jsonAt, jsonValue, MISSING, UNKNOWN, type CommandValue} from './value.js'

type Source = 'dynamic' | 'cluster' | 'host'

const TYPED_SOURCES: ReadonlyMap<string, Source> = new Map<string, Source>([
  ['DYNAMIC', 'dynamic'],
  ['CLUSTER', 'cluster'],
  ['UPSTREAM_HOST', 'host'],
])

/** `%DYNAMIC_METADATA(…)%` and its like; `any` is `%METADATA(TYPE:…)%`, which names the source first. */
export function metadataCommand(source: Source | 'any'): (argument: string, context: FormatContext) => CommandValue {
  return (argument, context) => {
    const path = metadataPath(argument)
    const from = source === 'any' ? TYPED_SOURCES.get(path.shift() ?? '') : source
    const [namespace = '', ...keys] = path
    const all = from === undefined ? undefined : metadataOf(from, context)
    if (all === undefined) return UNKNOWN
    return all.has(namespace) ? jsonValue(jsonAt(all.get(namespace), keys)) : MISSING
  }
}

/** envoy-2022 A.4: two spellings, `ns:key:key` and `["ns", "key"]`. */
function metadataPath(argument: string): string[] {
  if (!argument.trimStart().startsWith('[')) return argument.split(':')
  const items = argument.match(/"(?:[^"\\]|\\.)*"/g) ?? []
  return items.map((item) => item.slice(1, -1).replaceAll(/\\(.)/g, '$1'))
}

/** A request has dynamic metadata of its own: that of its connection is not visible in it. */
function metadataOf(source: Source, {connection, stream, upstream}: FormatContext): ReadonlyMap<string, Json> | undefined {
  switch (source) {
    case 'dynamic':
      return (stream ?? connection).metadata
    case 'cluster':
      return upstream?.clusterMetadata
    case 'host':
      return upstream?.hostMetadata
    default:
      return source satisfies never
  }
}
