import type {Random} from '../random.js'

/** One change of a text, line by line. Places are fractions, so that they stay valid when other edits are left out. */
export type TextEdit =
  | {readonly op: 'drop-line'; readonly at: number}
  | {readonly op: 'repeat-line'; readonly at: number; readonly times: number}
  | {readonly op: 'swap-lines'; readonly at: number; readonly with: number}
  | {readonly op: 'insert-line'; readonly at: number; readonly text: string}
  | {readonly op: 'set-word'; readonly at: number; readonly word: number; readonly text: string}
  | {readonly op: 'copy-word'; readonly at: number; readonly word: number; readonly from: number}
  | {readonly op: 'drop-word'; readonly at: number; readonly word: number}
  | {readonly op: 'cut-text'; readonly at: number}

export interface TextDrawing {
  readonly random: Random
  /** Words and whole lines that hurt this kind of text. */
  readonly words: readonly string[]
  readonly lines: readonly string[]
  /** How many at most. */
  readonly most: number
}

export function drawTextEdits({random, words, lines, most}: TextDrawing): readonly TextEdit[] {
  const count = 1 + Math.min(random.below(most), random.below(2 * most))
  return Array.from({length: count}, (): TextEdit => {
    const [at, other, word] = [random.next(), random.next(), random.next()]
    return random.pick<TextEdit>([
      {op: 'drop-line', at},
      {op: 'repeat-line', at, times: random.chance(0.1) ? 500 : 1},
      {op: 'swap-lines', at, with: other},
      {op: 'insert-line', at, text: random.pick(lines)},
      {op: 'set-word', at, word, text: random.pick(words)},
      {op: 'set-word', at, word, text: random.pick(words)},
      {op: 'copy-word', at, word, from: other},
      {op: 'copy-word', at, word, from: other},
      {op: 'drop-word', at, word},
      ...(random.chance(0.3) ? [{op: 'cut-text' as const, at}] : []),
    ])
  })
}

export function applyTextEdits(text: string, edits: readonly TextEdit[]): string {
  const lines = text.split('\n')
  for (const edit of edits) changeLines(lines, edit)
  return lines.join('\n')
}

function changeLines(lines: string[], edit: TextEdit): void {
  const index = placeIn(lines, edit.at)
  const line = lines[index] ?? ''
  switch (edit.op) {
    case 'drop-line':
      lines.splice(index, 1)
      break
    case 'repeat-line':
      lines.splice(index, 0, ...Array.from({length: edit.times}, () => line))
      break
    case 'swap-lines': {
      const other = placeIn(lines, edit.with)
      lines[index] = lines[other] ?? ''
      lines[other] = line
      break
    }
    case 'insert-line':
      lines.splice(index, 0, edit.text)
      break
    case 'cut-text':
      lines.splice(index, lines.length, line.slice(0, line.length / 2))
      break
    default:
      lines[index] = changeWord(line, {edit, from: wordsOf(lines[placeIn(lines, 'from' in edit ? edit.from : 0)] ?? '')})
  }
}

type WordEdit = Extract<TextEdit, {readonly word: number}>

function changeWord(line: string, {edit, from}: {readonly edit: WordEdit; readonly from: readonly string[]}): string {
  const words = line.split(' ')
  const index = placeIn(words, edit.word)
  const put = edit.op === 'set-word' ? [edit.text] : edit.op === 'copy-word' ? [from[placeIn(from, edit.word)] ?? ''] : []
  words.splice(index, 1, ...put)
  return words.join(' ')
}

function wordsOf(line: string): readonly string[] {
  return line.split(' ').filter((word) => word !== '')
}

function placeIn(list: readonly unknown[], at: number): number {
  return Math.floor(list.length * at)
}
