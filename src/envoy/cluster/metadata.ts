import type {Json} from '../../flow/connection.js'
import {isObject, type View} from '../../json/view.js'

/** `metadata.filter_metadata` of a host, a cluster or a locality, by namespace. */
export function filterMetadata(holder: View | undefined): ReadonlyMap<string, Json> {
  return structFields(holder?.path('metadata', 'filter_metadata'))
}

/** The fields of a Struct, or of a map of Structs. */
export function structFields(struct: View | undefined): ReadonlyMap<string, Json> {
  return new Map(jsonEntries((struct?.entries() ?? []).map(([key, field]) => [key, field.value])))
}

/** The fields of a Struct that is already plain JSON. */
export function jsonFields(struct: Json | undefined): ReadonlyMap<string, Json> {
  return new Map(isObject(struct) ? jsonEntries(Object.entries(struct)) : [])
}

/** Equality of protobuf Values: same kind, same content; the order of struct fields means nothing. */
function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item: Json, index) => sameJson(item, at(b, index)))
  if (!isObject(a) || !isObject(b)) return a === b
  const [left, right] = [jsonFields(a), jsonFields(b)]
  return left.size === right.size && [...left].every(([key, field]) => right.has(key) && sameJson(field, right.get(key)))
}

/**
 * Whether metadata holds every label with exactly that value; no labels match everything.
 * With `listAsAny` a list in the metadata matches by any of its items. Source: Envoy Config::Metadata::metadataLabelMatch.
 */
export function holdsLabels(input: {
  readonly labels: ReadonlyMap<string, Json>
  readonly metadata: Json | undefined
  readonly listAsAny?: boolean
}): boolean {
  const fields = jsonFields(input.metadata)
  const any = input.listAsAny === true
  return [...input.labels].every(([key, wanted]) => fields.has(key) && holdsValue({field: fields.get(key), wanted, any}))
}

function holdsValue({field, wanted, any}: {readonly field: Json | undefined; readonly wanted: Json; readonly any: boolean}): boolean {
  return any && Array.isArray(field) ? field.some((item: Json) => sameJson(item, wanted)) : sameJson(field, wanted)
}

function at(list: readonly Json[], index: number): Json | undefined {
  return list[index]
}

function jsonEntries(entries: readonly (readonly [string, unknown])[]): [string, Json][] {
  return entries.flatMap(([key, field]): [string, Json][] => (isJson(field) ? [[key, field]] : []))
}

/** Values of a parsed dump are JSON all the way down, so that one look is enough. */
function isJson(value: unknown): value is Json {
  return value === null || ['boolean', 'number', 'string', 'object'].includes(typeof value)
}
