import stringWidth from 'string-width'

/** ASCII and the signs a tree is drawn with: one column each, one code unit each. */
const NARROW = /^[\x20-\x7e→·…═─▶├└│✓✗]*$/

/** Columns a text takes on a terminal; wide characters count two. */
export function widthOf(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export interface Cell {
  readonly width: number
  /** Put in the middle of a word that is too long; without it such a word goes on in the next line. */
  readonly ellipsis?: string
}

/** Lines no wider than the cell, broken at blanks. At least one line. */
export function wrapText(text: string, cell: Cell): readonly string[] {
  const words = text.split(/ +/).flatMap((word) => fitWord(word, cell))
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= cell.width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

/** Keeps both ends: the trust domain and the account of a SPIFFE id, the direction and the host of a cluster name. */
export function truncateMiddle(text: string, cell: Required<Cell>): string {
  if (widthOf(text) <= cell.width) return text
  const room = Math.max(0, cell.width - widthOf(cell.ellipsis))
  const characters = graphemes(text)
  const tail = takeWidth(characters.toReversed(), Math.ceil(room / 2)).toReversed()
  const head = takeWidth(characters, room - widthOf(tail.join('')))
  return widthOf(cell.ellipsis) > cell.width ? '' : head.join('') + cell.ellipsis + tail.join('')
}

function fitWord(word: string, {width, ellipsis}: Cell): readonly string[] {
  if (widthOf(word) <= width) return [word]
  return ellipsis === undefined ? breakWord(word, width) : [truncateMiddle(word, {width, ellipsis})]
}

function breakWord(word: string, width: number): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  for (const character of graphemes(word)) {
    if (piece !== '' && widthOf(piece) + widthOf(character) > width) {
      pieces.push(piece)
      piece = ''
    }
    // A single character wider than the cell: nothing narrower exists, so it is left out.
    if (widthOf(character) <= width) piece += character
  }
  return [...pieces, piece]
}

function takeWidth(characters: readonly string[], width: number): readonly string[] {
  let used = 0
  const end = characters.findIndex((character) => (used += widthOf(character)) > width)
  return end === -1 ? characters : characters.slice(0, end)
}

function graphemes(text: string): readonly string[] {
  if (NARROW.test(text)) return text.split(/(?:)/u)
  return Array.from(new Intl.Segmenter('en', {granularity: 'grapheme'}).segment(text), (part) => part.segment)
}
