import {spawn} from 'node:child_process'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {availableParallelism, tmpdir} from 'node:os'
import path from 'node:path'
import {performance} from 'node:perf_hooks'
import {fileURLToPath} from 'node:url'
import {type Stage, type StageEnd, stages} from './stages.js'
import {addTallies, formatTally, type Tally} from './tally.js'

const ROOT = path.resolve(fileURLToPath(import.meta.url), '../../..')
/** It ends what hangs; a slow machine is no failure. */
const STAGE_LIMIT_MS = 25 * 60 * 1000
/** What a program counts by itself; the sum stands at the end, so that only one such line is printed. */
const COUNT_LINE = /^\d+ passed, \d+ failed\r?\n/gm

/** Runs every stage, whatever the ones before gave, and ends with `N passed, N failed` alone on a line. */
async function main(): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'ambientctl-test-'))
  const tallies: Tally[] = []
  try {
    const [envoy, kernel] = ['--envoy', '--kernel'].map((option) => process.argv.includes(option))
    const all = stages(path.join(scratch, 'vitest.json'), {envoy: envoy === true, kernel: kernel === true})
    for (const group of all) tallies.push(...(await runGroup(group, scratch)))
  } finally {
    await rm(scratch, {recursive: true, force: true})
  }
  const sum = addTallies(tallies)
  process.stdout.write(`\n${formatTally(sum)}\n`)
  process.exitCode = sum.failed === 0 ? 0 : 1
}

/** As many at a time as there are cores. */
async function runGroup(group: readonly Stage[], scratch: string): Promise<readonly Tally[]> {
  const waiting = [...group]
  const tallies: Tally[] = []
  const work = async (): Promise<void> => {
    for (let stage = waiting.shift(); stage !== undefined; stage = waiting.shift()) tallies.push(await runStage(stage, scratch))
  }
  await Promise.all(Array.from({length: availableParallelism()}, work))
  return tallies
}

async function runStage(stage: Stage, scratch: string): Promise<Tally> {
  const started = performance.now()
  if (stage.live) process.stdout.write(`──── ${stage.name}\n`)
  const {succeeded, output} = await runProgram(stage)
  const tally = stage.count({succeeded, output, report: await readReport(scratch)})
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (!stage.live && tally.failed > 0) process.stdout.write(output)
  process.stdout.write(
    `${tally.failed === 0 ? 'ok    ' : 'FAILED'} ${stage.name}  (${seconds} s, ${tally.passed}/${tally.passed + tally.failed})\n`,
  )
  return tally
}

function runProgram({command: [program, ...args], live}: Stage): Promise<Pick<StageEnd, 'succeeded' | 'output'>> {
  const env = {...process.env, NODE_ENV: 'production', NO_COLOR: '1', FORCE_COLOR: undefined}
  return new Promise((resolve) => {
    const child = spawn(program, args, {cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: STAGE_LIMIT_MS})
    let output = ''
    const take = (chunk: string): void => {
      output += chunk
      if (live) process.stdout.write(chunk.replace(COUNT_LINE, ''))
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => {
      take(`${error.message}\n`)
      resolve({succeeded: false, output})
    })
    child.on('close', (code) => {
      resolve({succeeded: code === 0, output})
    })
  })
}

async function readReport(scratch: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(scratch, 'vitest.json'), 'utf8')
  } catch {
    return undefined
  }
}

await main()
