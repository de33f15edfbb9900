import type {ZtunnelDetails} from '../app/ztunnel-summary.js'
import {padEnd, truncateMiddle, widthOf, wrapText} from './text-width.js'
import type {Theme} from './theme.js'
import {visible} from './visible.js'

export interface SummaryLook {
  readonly theme: Theme
  readonly width: number
}

/** Rows of one table that are printed; JSON has them all. */
const MAX_ROWS = 40

/** The lists of a Rust ztunnel: who is captured, policies, certificates, and what looks wrong, which comes last to be seen first. */
export function renderZtunnelDetails(details: ZtunnelDetails, look: SummaryLook): string {
  const {policies, certificates, captured, findings} = details
  return [
    ...capturedLines(captured, look),
    ...table({title: 'policies', rows: policies.map(policyRow)}, look),
    ...table({title: 'certificates', rows: certificates.map(certificateRow)}, look),
    ...findingLines(findings, look),
  ].join('\n')
}

type Row = readonly string[]

function policyRow({name, action, scope, rules, dryRun}: ZtunnelDetails['policies'][number]): Row {
  return [name, action.toUpperCase(), scope, rules === 1 ? '1 rule' : `${rules} rules`, dryRun ? 'dry run' : '']
}

function certificateRow({identity, state, expires}: ZtunnelDetails['certificates'][number]): Row {
  return [identity, state, expires === undefined ? '' : `expires ${expires}`]
}

function capturedLines(captured: ZtunnelDetails['captured'], look: SummaryLook): readonly string[] {
  if (captured === undefined) return ['', look.theme.dim('captured pods: not in this dump')]
  const rows = captured.map(({pod, state, inbound, outbound}) => [pod, state, `${inbound} in`, `${outbound} out`])
  return captured.length === 0 ? ['', 'captured pods: none'] : table({title: 'captured pods', rows}, look)
}

const GAP = '  '

/** Columns as wide as they need; the first, a name, gives way in its middle, or has a line of its own where even that is too wide. */
function table({title, rows}: {readonly title: string; readonly rows: readonly Row[]}, {theme, width}: SummaryLook): readonly string[] {
  if (rows.length === 0) return []
  const shown = rows.slice(0, MAX_ROWS).map((row) => row.map(visible))
  const columns = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => widthOf(row[column] ?? ''))))
  const others = columns.slice(1).reduce((sum, columnWidth) => sum + columnWidth + GAP.length, GAP.length)
  const first = Math.min(columns[0] ?? 0, width - others)
  const isNarrow = first < Math.min(columns[0] ?? 0, MINIMUM_NAME)
  const lines = shown.flatMap((row) => (isNarrow ? stacked(row, width) : [inColumns(row, [first, ...columns.slice(1)])]))
  const more = rows.length > MAX_ROWS ? [`${GAP}and ${rows.length - MAX_ROWS} more: -o json lists them all`] : []
  return ['', theme.heading(title), ...lines, ...more]
}

const MINIMUM_NAME = 24

function inColumns([name = '', ...rest]: Row, [first = 0, ...others]: readonly number[]): string {
  const start = GAP + padEnd(shorten(name, first), first)
  return [start, ...rest.map((cell, column) => padEnd(cell, others[column] ?? 0))].join(GAP).trimEnd()
}

function stacked([name = '', ...rest]: Row, width: number): readonly string[] {
  const below = wrapText(rest.filter((cell) => cell !== '').join(', '), {width: width - 2 * GAP.length})
  return [GAP + shorten(name, width - GAP.length), ...below.map((part) => GAP + GAP + part)]
}

function shorten(name: string, width: number): string {
  return truncateMiddle(name, {width, ellipsis: '…'})
}

function findingLines(findings: ZtunnelDetails['findings'], {theme, width}: SummaryLook): readonly string[] {
  if (findings.length === 0) return ['', `${theme.ok('✓')} nothing looks wrong`]
  const lines = findings.flatMap(({what, items}) => [
    ...hanging(`${theme.bad('✗')} `, {text: `${what} (${items.length})`, width}),
    ...items.slice(0, MAX_ROWS).flatMap(({name}) => hanging(GAP + GAP, {text: visible(name), width})),
    ...(items.length > MAX_ROWS ? [`${GAP}${GAP}and ${items.length - MAX_ROWS} more: -o json lists them all`] : []),
  ])
  return ['', theme.heading('what looks wrong'), ...lines]
}

function hanging(start: string, {text, width}: {readonly text: string; readonly width: number}): readonly string[] {
  const [first = '', ...rest] = wrapText(text, {width: width - GAP.length - GAP.length})
  return [start + first, ...rest.map((line) => GAP + GAP + line)]
}
