import {padEnd, truncateMiddle, widthOf, wrapText} from './text-width.js'
import type {Theme} from './theme.js'
import type {Row, Tone} from './tree-row.js'

export type TreeTheme = Pick<Theme, 'ok' | 'bad' | 'unsure' | 'dim' | 'strong' | 'proxy'>

export interface Layout {
  readonly width: number
  readonly theme: TreeTheme
  /** Set while words that are too long may lose their middle. */
  readonly ellipsis?: string
}

type RowOf<K extends Row['kind']> = Extract<Row, {kind: K}>

interface Columns {
  readonly number: number
  readonly name: number
}

const LABEL_WIDTH = 11
const GAP = 2
/** A detail column narrower than this goes below the name instead. */
const MINIMUM_DETAIL = 16
const NAME_PART = 0.4

/** Lines of the rows, none wider than `width`; the columns are as wide as the widest row of the tree needs. */
export function layOutRows(rows: readonly Row[], layout: Layout): readonly string[] {
  const hops = rows.filter((row) => row.kind === 'hop')
  const columns = {
    number: GAP + widest(hops.map((row) => String(row.number))),
    name: widest(hops.map((row) => row.name)),
  }
  return rows.flatMap((row) => layOutRow({row, columns}, layout))
}

/** Wraps a text over the whole width, all its lines `indent` columns to the right. */
export function layOutText(paragraph: {text: string; indent: number; tone: Tone; isWhole?: boolean}, layout: Layout): readonly string[] {
  const {text, indent, tone, isWhole = false} = paragraph
  const paint = painter(tone, layout.theme)
  return wrapText(text, cellOf(layout.width - indent, isWhole ? {} : layout)).map((line) => ' '.repeat(indent) + paint(line))
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, widthOf(text)), 1)
}

function layOutRow({row, columns}: {row: Row; columns: Columns}, layout: Layout): readonly string[] {
  const inner = {...layout, width: layout.width - widthOf(row.rails.first)}
  return linesOf({row, columns}, inner).map((line, index) => layout.theme.dim(index === 0 ? row.rails.first : row.rails.rest) + line)
}

function linesOf({row, columns}: {row: Row; columns: Columns}, layout: Layout): readonly string[] {
  switch (row.kind) {
    case 'hop':
      return hopLines({row, columns}, layout)
    case 'step':
      return stepLines({row, columns}, layout)
    case 'leg':
      return legLines({row, columns}, layout)
    case 'text':
      return layOutText({text: row.text, indent: row.indented ? columns.number : 0, tone: row.tone}, layout)
    default:
      return row satisfies never
  }
}

function hopLines({row, columns}: {row: RowOf<'hop'>; columns: Columns}, layout: Layout): readonly string[] {
  const indent = columns.number + LABEL_WIDTH
  const head = padEnd(String(row.number), columns.number) + padEnd(row.label, LABEL_WIDTH)
  const room = layout.width - indent
  const nameWidth = Math.min(columns.name, Math.floor(room * NAME_PART))
  const detailWidth = room - nameWidth - GAP
  const cells =
    detailWidth < MINIMUM_DETAIL ? stackedCells({row, width: room}, layout) : sideBySideCells({row, nameWidth, detailWidth}, layout)
  return cells.map((cell, index) => (index === 0 ? head : ' '.repeat(indent)) + cell)
}

function sideBySideCells(options: {row: RowOf<'hop'>; nameWidth: number; detailWidth: number}, layout: Layout): readonly string[] {
  const {row, nameWidth, detailWidth} = options
  const paint = painter(row.tone, layout.theme)
  const names = wrapText(row.name, cellOf(nameWidth, layout))
  const details = wrapText(row.detail, cellOf(detailWidth, layout))
  return Array.from({length: Math.max(names.length, details.length)}, (_, index) => {
    const name = names[index] ?? ''
    const detail = details[index] ?? ''
    return detail === '' ? paint(name) : paint(name) + ' '.repeat(nameWidth + GAP - widthOf(name)) + detail
  })
}

function stackedCells({row, width}: {row: RowOf<'hop'>; width: number}, layout: Layout): readonly string[] {
  const paint = painter(row.tone, layout.theme)
  const names = wrapText(row.name, cellOf(width, layout)).map((line) => paint(line))
  return row.detail === '' ? names : [...names, ...wrapText(row.detail, cellOf(width, layout))]
}

function stepLines({row, columns}: {row: RowOf<'step'>; columns: Columns}, layout: Layout): readonly string[] {
  const paint = painter(row.tone, layout.theme)
  const head = ' '.repeat(columns.number) + paint(row.label) + ' '.repeat(Math.max(1, LABEL_WIDTH - widthOf(row.label)))
  const indent = columns.number + LABEL_WIDTH
  const cell = cellOf(layout.width - indent, row.isWhole === true ? {} : layout)
  return wrapText(row.text, cell).map((line, index) => (index === 0 ? head : ' '.repeat(indent)) + line)
}

/** The whole leg on one line while its longest word (an identity) can lose its middle for that; else wrapped below itself. */
function legLines({row, columns}: {row: RowOf<'leg'>; columns: Columns}, layout: Layout): readonly string[] {
  const paint = painter(row.tone, layout.theme)
  const open = ' '.repeat(columns.number) + padEnd(row.open, LABEL_WIDTH)
  const room = cellOf(layout.width - widthOf(open) - widthOf(row.close) - 1, layout)
  const lines = wrapText(shortenLongest(row.text, room), room)
  return lines.map((line, index) => {
    const close = index === lines.length - 1 ? ` ${row.close}` : ''
    return paint((index === 0 ? open : ' '.repeat(widthOf(open))) + line + close)
  })
}

/** Shorter than this an identity tells nothing any more. */
const MINIMUM_WORD = 24

function shortenLongest(text: string, {width, ellipsis}: {width: number; ellipsis?: string}): string {
  const excess = widthOf(text) - width
  const words = text.split(' ')
  const longest = words.reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a), '')
  const target = widthOf(longest) - excess
  if (excess <= 0 || ellipsis === undefined || target < MINIMUM_WORD) return text
  return words.map((word) => (word === longest ? truncateMiddle(word, {width: target, ellipsis}) : word)).join(' ')
}

function cellOf(width: number, {ellipsis}: Pick<Layout, 'ellipsis'>): {width: number; ellipsis?: string} {
  return {width: Math.max(1, width), ...(ellipsis === undefined ? {} : {ellipsis})}
}

function painter(tone: Tone, theme: TreeTheme): (text: string) => string {
  return tone === 'plain' ? (text) => text : theme[tone]
}
