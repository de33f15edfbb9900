/** A value of the Common Expression Language; integers are bigint, doubles are number. */
export type CelValue = string | boolean | bigint | number | null | readonly CelValue[] | CelMap

/** Something with fields or keys. */
export interface CelMap {
  readonly lookup: (key: string) => CelResult
}

/** `error` is an evaluation error, which Envoy treats as a condition that does not hold; `unknown` is beyond this tool. */
export type CelResult =
  | {readonly kind: 'value'; readonly value: CelValue}
  | {readonly kind: 'error'}
  | {readonly kind: 'unknown'; readonly what: string}

export const ERROR: CelResult = {kind: 'error'}

export function known(value: CelValue): CelResult {
  return {kind: 'value', value}
}

export function unknown(what: string): CelResult {
  return {kind: 'unknown', what}
}

/** An attribute that may be missing; using a missing one is an error. */
export function optional(value: CelValue | undefined): CelResult {
  return value === undefined ? ERROR : known(value)
}

export function isMap(value: CelValue): value is CelMap {
  return typeof value === 'object' && value !== null && 'lookup' in value
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value)
}
