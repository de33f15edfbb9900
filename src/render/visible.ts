/** C0, C1 and DEL, invisible format characters (bidi overrides among them), lone surrogates, line and paragraph separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/**
 * Text from a dump, safe to print: what a terminal would obey, or a reader would not see, becomes a visible escape
 * (`\x1b`, `\n`, `\u{202e}`). Everything else stays as it is.
 */
export function visible(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : text.replace(UNSAFE, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  return SHORT.get(character) ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`)
}
