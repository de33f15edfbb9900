import {formatShare, type Share} from '../flow/share.js'
import type {Trace} from '../flow/trace.js'
import {jsonLine, printableJson} from './json-line.js'

/** JSON of the tool's own making: plain values, object keys in code unit order. */
export type JsonDocument = null | boolean | number | string | readonly JsonDocument[] | {readonly [key: string]: JsonDocument}

/** Keys that stand first, so that a reader meets the answer before the hops. */
const LEADING = ['schemaVersion', 'id', 'kind', 'name', 'question', 'flow', 'verdict', 'start']

/**
 * A trace as plain JSON (`ambientctl.trace/1`, docs/trace-format.md): shares as `{fraction, exact}`, maps as objects,
 * other 64-bit numbers as decimal strings, an absent value as null. The same trace gives the same bytes.
 */
export function traceDocument(trace: Trace): JsonDocument {
  return toDocument(trace)
}

/** The document on one line, for NDJSON. */
export function toJson(trace: Trace): string {
  return jsonLine(traceDocument(trace))
}

/** The document indented by two, for readers and goldens. */
export function renderJson(trace: Trace): string {
  return printableJson(JSON.stringify(traceDocument(trace), undefined, 2))
}

/** Any result as plain JSON, in the same manner. */
export function toDocument(value: unknown): JsonDocument {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      return objectDocument(value)
    default:
      return null
  }
}

function objectDocument(value: object | null): JsonDocument {
  if (value === null) return null
  if (Array.isArray(value)) return value.map(toDocument)
  if (isShare(value)) return {fraction: fractionOf(value), exact: value.exact}
  return sortedObject(value instanceof Map ? [...value] : Object.entries(value))
}

/** Own properties whatever the keys are: `fromEntries` defines them, so `__proto__` is a key like any other. */
function sortedObject(entries: readonly (readonly [unknown, unknown])[]): JsonDocument {
  const documents = entries.map(([key, value]) => [String(key), toDocument(value)] as const)
  return Object.fromEntries(documents.toSorted(([a], [b]) => compareKeys(a, b)))
}

function compareKeys(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || (a < b ? -1 : 1)
}

function rankOf(key: string): number {
  const rank = LEADING.indexOf(key)
  return rank === -1 ? LEADING.length : rank
}

function isShare(value: unknown): value is Share {
  return (
    typeof value === 'object' && value !== null && 'numerator' in value && typeof value.numerator === 'bigint' && 'denominator' in value
  )
}

/** `9/10` both for a known weight and for nine of ten possibilities: `exact` tells which. */
function fractionOf({numerator, denominator}: Share): string {
  return formatShare({numerator, denominator, exact: true})
}
