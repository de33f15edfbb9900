import {JsonScanner} from '../../json/scanner.js'

/** A string of a JSON document: a key, or a value with the keys above it. */
export interface JsonString {
  readonly text: string
  readonly isKey: boolean
  /** The key it stands under; items of arrays have that of the array. */
  readonly field: string
  /** The keys above `field`, from the outside. */
  readonly above: readonly string[]
}

/**
 * The document with its strings renamed; every other byte stays, so that the structure and large numbers do.
 * Undefined when it is no JSON.
 */
export function renameStrings(bytes: Uint8Array, rename: (string: JsonString) => string): Uint8Array | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: Uint8Array[] = []
  const keys: string[] = ['']
  let written = 0
  const write = (start: number, string: {readonly end: number; readonly isKey: boolean}): string => {
    const {end, isKey} = string
    const text = decode(buffer.toString('utf8', start, end))
    const renamed = rename({text, isKey, field: keys.at(-1) ?? '', above: keys.slice(0, -1)})
    if (renamed !== text) {
      pieces.push(buffer.subarray(written, start), Buffer.from(JSON.stringify(renamed)))
      written = end
    }
    return text
  }
  const scanner = new JsonScanner({
    open: () => keys.push(keys.at(-1) ?? ''),
    close: () => keys.pop(),
    key: (start, end) => (keys[keys.length - 1] = write(start, {end, isKey: true})),
    scalar: (start, end) => {
      if (buffer[start] === QUOTE) write(start, {end, isKey: false})
    },
  })
  scanner.push(buffer)
  scanner.finish()
  return scanner.problem === undefined ? Buffer.concat([...pieces, buffer.subarray(written)]) : undefined
}

const QUOTE = 0x22

function decode(token: string): string {
  const value: unknown = JSON.parse(token)
  return typeof value === 'string' ? value : ''
}
