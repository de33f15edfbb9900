/** Lower case of ASCII letters only, as absl::AsciiStrToLower does: other letters stay as they are. */
export function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
