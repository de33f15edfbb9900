/** What JSON.stringify leaves as it is, but a terminal would obey or a reader would not see. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A value as JSON on one line; characters that are not safe to print are escaped, so that it still reads the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => escapeUnits(character))
}

function escapeUnits(character: string): string {
  return Array.from({length: character.length}, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
}
