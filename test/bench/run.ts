import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {lookupTable} from './lookups.js'
import {meter, type Measured} from './meter.js'
import {methodsFor, requireBuild, type Method} from './methods.js'
import {writeSynthetic} from './synthetic.js'
import {renderTable, type Row} from './table.js'

/**
 * `npm run bench [-- --write docs/performance.md]`: measures reading of large dumps in fresh processes and prints tables.
 * With `--write` the tables replace what stands between the markers of that file.
 * AMBIENTCTL_BENCH_MB: sizes, default `200,700`. AMBIENTCTL_BENCH_RUNS: runs of each method, default 3; the median counts.
 */
async function main(): Promise<void> {
  requireBuild()
  const sizes = (process.env['AMBIENTCTL_BENCH_MB'] ?? '200,700').split(',').map(Number)
  const runs = Number(process.env['AMBIENTCTL_BENCH_RUNS'] ?? 3)
  const directory = mkdtempSync(join(tmpdir(), 'ambientctl-bench-'))
  try {
    const tables: string[] = []
    for (const megabytes of sizes) tables.push(await measureSize({path: join(directory, 'dump.json'), megabytes, runs}))
    const report = [...tables, lookupTable()].join('\n\n')
    process.stdout.write(`${report}\n`)
    writeReport(report)
  } finally {
    rmSync(directory, {recursive: true, force: true})
  }
}

async function measureSize(options: {readonly path: string; readonly megabytes: number; readonly runs: number}): Promise<string> {
  const {services, resources} = writeSynthetic(options.path, options.megabytes * 1e6)
  const rows: Row[] = []
  for (const method of methodsFor(options.path, services)) rows.push({...method, runs: await repeat(method, options.runs)})
  return renderTable({megabytes: statSync(options.path).size / 1e6, resources, rows})
}

async function repeat(method: Method, runs: number): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  process.stderr.write(`${method.name}\n`)
  for (let run = 0; run < runs; run++) measured.push(await meter(method.command).catch(notRun))
  return measured
}

/** A program that is not installed is no reason to stop. */
function notRun(error: unknown): Measured {
  return {
    seconds: 0,
    cpuSeconds: undefined,
    peakMegabytes: undefined,
    exitCode: null,
    complaint: error instanceof Error ? error.message : String(error),
  }
}

const MARKERS = ['<!-- figures -->', '<!-- end of figures -->'] as const

function writeReport(report: string): void {
  const [flag, path] = process.argv.slice(2)
  if (flag !== '--write' || path === undefined) return
  const [before, rest] = readFileSync(path, 'utf8').split(MARKERS[0])
  const after = rest?.split(MARKERS[1])[1]
  if (before === undefined || after === undefined) throw new Error(`${path} has no markers ${MARKERS.join(' and ')}`)
  writeFileSync(path, `${before}${MARKERS[0]}\n${report}\n${MARKERS[1]}${after}`)
}

await main()
