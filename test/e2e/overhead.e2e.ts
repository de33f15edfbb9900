import {existsSync, rmSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, it} from 'vitest'
import {meter, type Measured} from '../bench/meter.js'
import {runningCluster, scratch} from './harness.js'

const {kubeconfig, folder} = runningCluster()
const RUNS = 3
/** What `docs/performance.md` promises of a dump of 200 MB. */
const MOST_MEGABYTES = 150

const WAYS = ['exec-curl', 'port-forward'] as const

/** The median of a few runs, each way after the other, so that what else the machine does falls on both. */
describe('a dump of 200 MB', () => {
  it('costs little beside kubectl alone, and never holds it in memory', async () => {
    const file = path.join(scratch(), 'dump.json')
    const raw: Measured[] = []
    const own = new Map(WAYS.map((way): [string, Measured[]] => [way, []]))
    for (let run = 0; run < RUNS; run++) {
      raw.push(await arriving(file, ['sh', '-c', `kubectl --kubeconfig=${kubeconfig} exec -n lab huge -c istio-proxy -- curl > ${file}`]))
      for (const way of WAYS) own.get(way)?.push(await arriving(file, dumpCommand(way, file)))
    }
    const rows = [...own].map(([way, runs]) => rowOf(way, {runs, raw}))
    const table = [
      '| way | seconds | ÷ kubectl exec > file | peak RSS (MB) |',
      '|---|---|---|---|',
      rowOf('kubectl exec > file', {runs: raw, raw}),
      ...rows,
    ]
    process.stdout.write(`${table.join('\n')}\n`)
    const target = process.env['AMBIENTCTL_E2E_FIGURES'] ?? ''
    if (target !== '') writeFileSync(target, `${table.join('\n')}\n`)
    for (const runs of own.values()) expect(median(runs, ({peakMegabytes}) => peakMegabytes ?? 0)).toBeLessThan(MOST_MEGABYTES)
  }, 900_000)
})

/** @throws Error when the dump did not arrive whole. */
async function arriving(file: string, command: readonly string[]): Promise<Measured> {
  if (existsSync(file)) rmSync(file)
  const measured = await meter(command)
  expect(measured.exitCode === 0 ? '' : measured.complaint).toBe('')
  expect(statSync(file).size).toBe(statSync(path.join(folder, 'huge.json')).size)
  return measured
}

function dumpCommand(way: string, file: string): readonly string[] {
  const cluster = ['--kubeconfig', kubeconfig, '--timeout', '170']
  return [process.execPath, path.resolve('bin/run.js'), 'dump', 'lab/huge', '--transport', way, '--output-file', file, ...cluster]
}

function rowOf(way: string, {runs, raw}: {readonly runs: readonly Measured[]; readonly raw: readonly Measured[]}): string {
  const seconds = median(runs, (run) => run.seconds)
  const ratio = seconds / median(raw, (run) => run.seconds)
  const peak = way.startsWith('kubectl') ? '' : median(runs, ({peakMegabytes}) => peakMegabytes ?? 0).toFixed(0)
  return `| ${way} | ${seconds.toFixed(2)} | ${ratio.toFixed(2)} | ${peak} |`
}

function median(runs: readonly Measured[], of: (run: Measured) => number): number {
  return runs.map(of).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0
}
