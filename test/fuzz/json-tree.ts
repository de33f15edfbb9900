/** JSON that can be changed in place; `unknown` narrowed by guards instead of casts. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value)
}

export type Path = readonly (string | number)[]

/** Every value of a document with its path, containers first. Keys of the document only, never inherited ones. */
export function* nodesOf(value: unknown, path: Path = []): Generator<{readonly path: Path; readonly value: unknown}> {
  yield {path, value}
  if (isList(value)) for (const [index, item] of value.entries()) yield* nodesOf(item, [...path, index])
  else if (isRecord(value)) for (const key of Object.keys(value)) yield* nodesOf(value[key], [...path, key])
}

export function valueAt(document: unknown, path: Path): unknown {
  let value = document
  for (const key of path) {
    if (isList(value) && typeof key === 'number') value = value[key]
    else if (isRecord(value) && Object.hasOwn(value, key)) value = value[key]
    else return undefined
  }
  return value
}

/** Sets an own member, whatever it is called: assigning to `__proto__` would change the prototype instead. */
export function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(record, key, {value, enumerable: true, configurable: true, writable: true})
}
