import type {Measured} from './meter.js'

export interface Row {
  readonly name: string
  readonly isFloor?: true | undefined
  readonly runs: readonly Measured[]
}

export interface Figures {
  readonly megabytes: number
  readonly resources: number
  readonly rows: readonly Row[]
}

/** The baseline of all ratios; on a dump it cannot read there are none. */
const BASELINE = 'JSON.parse(readFile)'

/** Medians of the runs as a Markdown table, with ratios to the baseline of the same dump. */
export function renderTable({megabytes, resources, rows}: Figures): string {
  const baseline = rows.find((row) => row.name === BASELINE && succeeded(row))
  const lines = rows.map((row) => renderRow(row, {megabytes, baseline}))
  return [
    `${Math.round(megabytes)} MB, ${resources} resources`, '',
    '| method | seconds | MB/s | peak RSS (MB) | time ÷ JSON.parse | RSS ÷ JSON.parse |', '|---|---|---|---|---|---|', ...lines,
  ].join('\n')
}

function renderRow(row: Row, {megabytes, baseline}: {readonly megabytes: number; readonly baseline: Row | undefined}): string {
  if (!succeeded(row)) return `| ${row.name} | fails: ${row.runs[0]?.complaint ?? ''} | | ${round(peakOf(row), 0)} | | |`
  const seconds = secondsOf(row)
  const speed = row.isFloor === true ? '' : (megabytes / seconds).toFixed(0)
  const ratios = baseline === undefined || row.isFloor === true ? ['', ''] : [seconds / secondsOf(baseline), ratio(peakOf(row), peakOf(baseline))]
  return `| ${[row.name, seconds.toFixed(2), speed, round(peakOf(row), 0), ...ratios.map((value) => (typeof value === 'string' ? value : round(value, 2)))].join(' | ')} |`
}

function succeeded(row: Row): boolean {
  return row.runs.every((run) => run.exitCode === 0)
}

function secondsOf(row: Row): number {
  return median(row.runs.map((run) => run.seconds)) ?? Number.NaN
}

function peakOf(row: Row): number | undefined {
  return median(row.runs.flatMap((run) => run.peakMegabytes ?? []))
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function ratio(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined ? undefined : value / base
}

function round(value: number | undefined, digits: number): string {
  return value === undefined ? '?' : value.toFixed(digits)
}
