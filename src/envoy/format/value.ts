import type {Json} from '../../flow/connection.js'
import type {View} from '../../json/view.js'

/** What a command gives: text, nothing (Envoy prints `-`), or something the data cannot tell. */
export type CommandValue = {readonly kind: 'text'; readonly text: string} | {readonly kind: 'missing'} | {readonly kind: 'unknown'}

export const MISSING: CommandValue = {kind: 'missing'}
export const UNKNOWN: CommandValue = {kind: 'unknown'}

export function textOr(text: string | undefined, otherwise: CommandValue = MISSING): CommandValue {
  return text === undefined ? otherwise : {kind: 'text', text}
}

/** A metadata value: strings as they are, null is missing, the rest as JSON with sorted keys. */
export function jsonValue(value: Json | undefined): CommandValue {
  if (value === undefined || value === null) return MISSING
  return {kind: 'text', text: typeof value === 'string' ? value : printJson(value)}
}

/** JSON without blanks, keys sorted, as Envoy prints a Struct. */
export function printJson(value: Json): string {
  if (isList(value)) return `[${value.map(printJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${printJson(field)}`).join(',')}}`
}

/** The value a MetadataKey (`{key, path: [{key}]}`) names. */
export function metadataAtKey(key: View | undefined, metadata: ReadonlyMap<string, Json> | undefined): Json | undefined {
  const path = key?.list('path').flatMap((segment) => segment.str('key') ?? []) ?? []
  return jsonAt(metadata?.get(key?.str('key') ?? ''), path)
}

/** The value at a path of struct keys; undefined when a key is absent or a step is no struct. */
export function jsonAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (current, key) => (isStruct(current) && Object.hasOwn(current, key) ? current[key] : undefined),
    value,
  )
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isStruct(value: Json | undefined): value is {readonly [key: string]: Json} {
  return typeof value === 'object' && value !== null && !isList(value)
}
