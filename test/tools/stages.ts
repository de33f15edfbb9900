import {addTallies, type Tally, tallyOutput, tallyVitest} from './tally.js'

/** One step of `npm test`: a program, and how its end is counted. */
export interface Stage {
  readonly name: string
  readonly command: readonly [program: string, ...args: string[]]
  /** Whether its output is shown while it runs, or only when it fails. */
  readonly live: boolean
  readonly count: (end: StageEnd) => Tally
}

export interface StageEnd {
  readonly succeeded: boolean
  readonly output: string
  /** What the program wrote to the stage's report file. */
  readonly report: string | undefined
}

/** All stages in order; those of one group touch nothing of each other, and may run at the same time. `reportFile` is where vitest puts its report, outside the tree; `envoy` adds the run against real Envoys, `kernel` the one against this machine's kernel. */
export function stages(reportFile: string, {envoy, kernel}: {envoy: boolean; kernel: boolean}): readonly (readonly Stage[])[] {
  const build: Stage = {name: 'build', command: script('test/tools/build.ts', '--if-stale'), live: false, count: countOne}
  const unit: Stage = {
    name: 'unit',
    command: ['node_modules/.bin/vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
    live: true,
    count: countVitest,
  }
  return [
    // The longest first.
    [tool('lint'), tool('typecheck'), tool('boundaries'), tool('dead-code'), build, tool('format:check')],
    [tool('package:check')],
    [unit],
    [{name: 'conformance', command: script('test/conformance/run.ts', '--no-write'), live: true, count: countOutput}],
    ...(envoy ? [[{name: 'test:envoy', command: script('test/envoy-live/run.ts'), live: true, count: countUnlessSkipped}]] : []),
    ...(kernel ? [[{name: 'test:kernel', command: script('test/kernel-live/run.ts'), live: true, count: countUnlessSkipped}]] : []),
  ]
}

/** A script of package.json. */
function tool(name: string): Stage {
  return {name, command: ['npm', 'run', '--silent', name], live: false, count: countOne}
}

function script(file: string, ...args: readonly string[]): Stage['command'] {
  return [process.execPath, '--import', 'tsx', file, ...args]
}

/** A tool is one test: it is content or not. */
function countOne({succeeded}: StageEnd): Tally {
  return succeeded ? {passed: 1, failed: 0} : {passed: 0, failed: 1}
}

/** Without a report nothing was tested, which is a failure; so is a bad end that no test accounts for. */
function countVitest(end: StageEnd): Tally {
  return end.report === undefined ? countOne({...end, succeeded: false}) : atLeastOneFailure(end, tallyVitest(end.report))
}

/** A run of no cases proved nothing. */
function countOutput(end: StageEnd): Tally {
  const tally = tallyOutput(end.output)
  return tally === undefined || tally.passed + tally.failed === 0 ? countOne({...end, succeeded: false}) : atLeastOneFailure(end, tally)
}

/** A machine that cannot have the other side of a comparison says so, and nothing is counted. */
function countUnlessSkipped(end: StageEnd): Tally {
  return end.succeeded && /^0 passed, 0 failed, 1 skipped$/m.test(end.output) ? {passed: 0, failed: 0} : countOutput(end)
}

function atLeastOneFailure({succeeded}: StageEnd, tally: Tally): Tally {
  return succeeded || tally.failed > 0 ? tally : addTallies([tally, {passed: 0, failed: 1}])
}
