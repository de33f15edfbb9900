/** What JSON.stringify leaves as it is, but a terminal would obey or a reader would not see; line feeds are its own. */
const UNSAFE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A value as JSON on one line; characters that are not safe to print are escaped, so that it still reads the same. */
export function jsonLine(value: unknown): string {
  return printableJson(JSON.stringify(value))
}

/** JSON text with everything escaped that is not safe to print. */
export function printableJson(text: string): string {
  return text.replace(UNSAFE, (character) => escapeUnits(character))
}

function escapeUnits(character: string): string {
  return Array.from({length: character.length}, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
}
