import {compareText} from '../flow/compare-text.js'

/**
 * A text that is equal for equal values, whatever the order of object keys and Map entries. Undefined members count as absent.
 * Meant for values made by this tool, whose depth the readers of the dumps have bounded.
 */
export function canonicalText(value: unknown): string {
  return JSON.stringify(plain(value))
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return {integer: String(value)}
  if (value instanceof Map) return {map: sorted([...value].map(([key, item]: [unknown, unknown]) => [String(key), plain(item)]))}
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return {
    fields: sorted(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, plain(item)]),
    ),
  }
}

/** Pairs instead of an object: a key such as `__proto__` stays an ordinary key. */
function sorted(pairs: [string, unknown][]): [string, unknown][] {
  return pairs.toSorted(([a], [b]) => compareText(a, b))
}
