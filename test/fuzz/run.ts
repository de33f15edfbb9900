import {fork} from 'node:child_process'
import {randomInt} from 'node:crypto'
import {availableParallelism} from 'node:os'
import {performance} from 'node:perf_hooks'
import {fileURLToPath} from 'node:url'
import type {CasePlace, Failure, FromWorker} from './messages.js'
import {planFrom, type Plan} from './plan.js'
import {Tally} from './tally.js'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** A case takes milliseconds; whatever takes this long on however busy a machine hangs. */
const HANG_MS = 120_000
const MEMORY_MB = 512
const PROGRESS = 5000

/** ^C ends the run early, and what was seen is told. `npm run test:fuzz -- [--seed N] [--count N] [--target NAME]… [--case I] [--workers N]` */
async function main(): Promise<void> {
  const plan = planFrom(process.argv.slice(2), {cores: availableParallelism(), randomSeed: randomInt(2 ** 32)})
  const total = plan.only === undefined ? plan.targets.reduce((sum, {count}) => sum + count, 0) : 1
  say(`seed ${plan.seed}, ${total} cases, ${plan.workers} workers`)
  const started = performance.now()
  const tally = new Tally()
  await Promise.all(Array.from({length: plan.workers}, (_, number) => runWorker({plan, number, tally})))
  const seconds = (performance.now() - started) / 1000
  say(tally.table())
  for (const failure of firstOfEach(tally.failures)) say(describe(failure, plan))
  const peak = Math.round(tally.peakBytes / 1024 ** 2)
  say(
    `${tally.cases} cases in ${seconds.toFixed(1)} s (${(tally.cases / seconds).toFixed(0)} per second), peak memory of a worker ${peak} MiB`,
  )
  // The form that the runner of all tests counts.
  say(`${tally.cases - tally.failures.length} passed, ${tally.failures.length} failed`)
  process.exitCode = tally.failures.length === 0 ? 0 : 1
}

interface Running {
  readonly plan: Plan
  readonly number: number
  readonly tally: Tally
}

/** A process that a case took down is followed by one that goes on behind that case. */
async function runWorker(running: Running): Promise<void> {
  let after = await runProcess(running)
  while (after !== undefined && running.plan.only === undefined) after = await runProcess({...running, after})
}

/** The case that took the process down; undefined when its share is done. */
function runProcess({plan, number, tally, after}: Running & {readonly after?: CasePlace}): Promise<CasePlace | undefined> {
  const child = fork(WORKER, {
    execArgv: ['--import', 'tsx', `--max-old-space-size=${MEMORY_MB}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  return new Promise((resolve) => {
    let current: CasePlace = {target: '', index: -1}
    let done = false
    let interrupted = false
    const hang = setTimeout(() => child.kill('SIGKILL'), HANG_MS)
    child.on('message', (message: FromWorker) => {
      hang.refresh()
      if (message.kind === 'begin') current = {target: message.target, index: message.index}
      done ||= message.kind === 'done'
      tally.take(message)
      if (message.kind === 'begin' && tally.cases % PROGRESS === 0) say(`${tally.cases} cases`)
    })
    process.once('SIGINT', () => {
      interrupted = true
      child.kill('SIGKILL')
    })
    child.on('close', (code, signal) => {
      clearTimeout(hang)
      const isTaken = !done && !interrupted
      if (isTaken) tally.take({kind: 'failed', failure: endedEarly(current, {code, signal})})
      resolve(isTaken && current.index >= 0 ? current : undefined)
    })
    child.send({plan, number, ...(after === undefined ? {} : {after})})
  })
}

function endedEarly(at: CasePlace, end: {readonly code: number | null; readonly signal: string | null}): Failure {
  const what =
    end.signal === 'SIGKILL' ? `hang: no end after ${HANG_MS / 1000} s` : `the worker ended: ${end.signal ?? `exit code ${end.code}`}`
  return {...at, signature: what, message: what}
}

function firstOfEach(failures: readonly Failure[]): readonly Failure[] {
  return [...new Map(failures.toReversed().map((failure) => [`${failure.target} ${failure.signature}`, failure])).values()]
}

function describe({target, index, message, draft}: Failure, {seed}: Plan): string {
  return [
    '',
    `${target} case ${index}: ${message}`,
    `  edits of ${draft?.seed ?? 'the seed'}${draft?.part === undefined ? '' : ` (${draft.part})`}:`,
    ...(draft?.edits ?? []).map((edit) => `    ${JSON.stringify(edit).slice(0, 400)}`),
    `  replay: npm run test:fuzz -- --seed ${seed} --target ${target} --case ${index}`,
  ].join('\n')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main()
