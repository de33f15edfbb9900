import {JsonScanner} from './scanner.js'

/**
 * The value of JSON text as JSON.parse gives it, except that integers beyond 2^53 - 1 become decimal strings with all their digits.
 * Keys called `__proto__` are own properties, as JSON.parse makes them.
 * @throws SyntaxError when it is no JSON, TypeError when it is no UTF-8.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
  return parseText(LONG_DIGITS.test(text) ? quoteLargeIntegers(bytes, text) : text)
}

/** An integer below 16 digits is always safe. */
const LONG_DIGITS = /[0-9]{16}/

function parseText(text: string): unknown {
  return JSON.parse(text)
}

function quoteLargeIntegers(bytes: Uint8Array, text: string): string {
  const spans = findLargeIntegers(bytes)
  if (spans.length === 0) return text
  const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})
  const decode = (start: number, end: number): string => decoder.decode(bytes.subarray(start, end))
  const pieces = spans.map(([start, end], index) => `${decode(spans[index - 1]?.[1] ?? 0, start)}"${decode(start, end)}"`)
  return pieces.join('') + decode(spans.at(-1)?.[1] ?? 0, bytes.length)
}

type Span = readonly [start: number, end: number]

function findLargeIntegers(bytes: Uint8Array): readonly Span[] {
  const spans: Span[] = []
  const ignore = (): void => undefined
  const scanner = new JsonScanner({
    open: ignore,
    close: ignore,
    key: ignore,
    scalar: (start, end) => {
      if (end - start >= 16 && isLargeInteger(bytes.subarray(start, end))) spans.push([start, end])
    },
  })
  scanner.push(bytes)
  scanner.finish()
  return spans
}

function isLargeInteger(token: Uint8Array): boolean {
  const text = Buffer.from(token).toString('latin1')
  return /^-?[0-9]+$/.test(text) && !Number.isSafeInteger(Number(text))
}
