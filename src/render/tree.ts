import {glyphsFor} from './glyphs.js'
import {placeNamer} from './place-text.js'
import {layOutRows, layOutText, type Layout, type TreeTheme} from './tree-layout.js'
import {closingTexts} from './tree-closing.js'
import {headingTexts, type Paragraph} from './tree-heading.js'
import type {TreeStyle} from './tree-style.js'
import {treeRows} from './tree-walk.js'
import type {Trace} from '../flow/trace.js'

export interface TreeOptions {
  /** Columns no line is wider than; 40 at least. */
  readonly width: number
  /** Colours; none without it. */
  readonly theme?: TreeTheme
  /** Unfolds every listener passage and packet rule, with the candidates that were ruled out. */
  readonly verbose?: boolean
  /** Adds `file#pointer` below each step. */
  readonly evidence?: boolean
  /** False on a terminal without UTF-8. */
  readonly unicode?: boolean
}

const PLAIN: TreeTheme = {ok: same, bad: same, unsure: same, dim: same, strong: same, proxy: same}

/** The trace as a person reads it: question and verdict, the hops with what decided, then what to do. No newline at the end. */
export function renderTree(trace: Trace, options: TreeOptions): string {
  const glyphs = glyphsFor(options.unicode ?? true)
  const {width, verbose = false, evidence = false} = options
  const style: TreeStyle = {trace, glyphs, width, verbose, evidence, name: placeNamer(trace)}
  const layout: Layout = {width, theme: options.theme ?? PLAIN, ...(verbose ? {} : {ellipsis: glyphs.ellipsis})}
  const blocks = [
    writeParagraphs(headingTexts(style), layout),
    layOutRows(treeRows(style), layout),
    ...closingTexts(style).map((block) => writeParagraphs(block, layout)),
  ]
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')
}

function writeParagraphs(paragraphs: readonly Paragraph[], layout: Layout): readonly string[] {
  return paragraphs.flatMap(({label, text, tone, isWhole}) => {
    const indent = label === undefined ? 0 : label.length === 1 ? SIGN_WIDTH : LABEL_WIDTH
    const lines = layOutText({text, indent, tone, ...(isWhole === undefined ? {} : {isWhole})}, layout)
    return label === undefined ? lines : lines.map((line, index) => (index === 0 ? label.padEnd(indent) + line.slice(indent) : line))
  })
}

const LABEL_WIDTH = 10
const SIGN_WIDTH = 2

function same(text: string): string {
  return text
}
