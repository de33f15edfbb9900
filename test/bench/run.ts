import {mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fetchTable} from './fetching.js'
import {lookupTable} from './lookups.js'
import {meter, type Measured} from './meter.js'
import {methodsFor, requireBuild, type Method} from './methods.js'
import {writeSynthetic} from './synthetic.js'
import {renderTable, type Row} from './table.js'

/**
 * `npm run bench [-- --write docs/performance.md]`: measures reading of large dumps in fresh processes and prints tables.
 * Then the dump of a pod in a real cluster of its own (`test/e2e`), which is left out, with a reason, where there are no programs for one.
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
    writeReport('figures', report)
    const fetching = await fetchTable(directory)
    if (fetching !== undefined) writeReport('figures of fetching', fetching)
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

function writeReport(name: string, report: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const [flag, path] = process.argv.slice(2)
  if (flag !== '--write' || path === undefined) return
  const [before, rest] = readFileSync(path, 'utf8').split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${path} has no markers ${begin} and ${end}`)
  writeFileSync(path, `${before}${begin}\n${report.trimEnd()}\n${end}${after}`)
}

await main()
