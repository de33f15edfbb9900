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
    `${Math.round(megabytes)} MB, ${resources} resources`,
    '',
    '| method | seconds | CPU seconds | MB per CPU second | peak RSS (MB) | CPU ÷ JSON.parse | RSS ÷ JSON.parse |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function renderRow(row: Row, {megabytes, baseline}: {readonly megabytes: number; readonly baseline: Row | undefined}): string {
  const peak = round(medianOf(row, 'peakMegabytes'), 0)
  if (!succeeded(row)) return `| ${row.name} | fails: ${row.runs[0]?.complaint ?? ''} | | | ${peak} | | |`
  const cpu = medianOf(row, 'cpuSeconds')
  const figures = [row.name, round(medianOf(row, 'seconds'), 2), round(cpu, 2)]
  if (row.isFloor === true) return `| ${[...figures, '', peak, '', ''].join(' | ')} |`
  const ratios =
    baseline === undefined
      ? ['', '']
      : (['cpuSeconds', 'peakMegabytes'] as const).map((key) => round(ratio(medianOf(row, key), medianOf(baseline, key)), 2))
  return `| ${[...figures, round(ratio(megabytes, cpu), 0), peak, ...ratios].join(' | ')} |`
}

function succeeded(row: Row): boolean {
  return row.runs.every((run) => run.exitCode === 0)
}

function medianOf(row: Row, key: 'seconds' | 'cpuSeconds' | 'peakMegabytes'): number | undefined {
  const values = row.runs.flatMap((run) => run[key] ?? []).toSorted((a, b) => a - b)
  return values[Math.floor(values.length / 2)]
}

function ratio(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined || base === 0 ? undefined : value / base
}

function round(value: number | undefined, digits: number): string {
  return value === undefined ? '?' : value.toFixed(digits)
}
