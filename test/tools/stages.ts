import path from 'node:path'
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

/** All stages in order. `reportFile` is where vitest puts its report, outside the tree. */
export function stages(reportFile: string): readonly Stage[] {
  return [
    tool('typecheck', ['tsc', '-p', '.']),
    tool('lint', ['eslint', '.']),
    tool('format', ['biome', 'format', '.']),
    tool('boundaries', ['depcruise', 'src', 'bin', 'test', '--config', '.dependency-cruiser.mjs']),
    tool('dead code', ['knip']),
    {name: 'build', command: script('test/tools/build.ts', '--if-stale'), live: false, count: countOne},
    tool('package', ['publint', '--strict']),
    {
      name: 'unit',
      command: [bin('vitest'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      live: true,
      count: countVitest,
    },
    {name: 'conformance', command: script('test/conformance/run.ts', '--no-write'), live: true, count: countOutput},
  ]
}

function tool(name: string, [program, ...args]: readonly [string, ...string[]]): Stage {
  return {name, command: [bin(program), ...args], live: false, count: countOne}
}

function bin(program: string): string {
  return path.join('node_modules', '.bin', program)
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

function countOutput(end: StageEnd): Tally {
  const tally = tallyOutput(end.output)
  return tally === undefined ? countOne({...end, succeeded: false}) : atLeastOneFailure(end, tally)
}

function atLeastOneFailure({succeeded}: StageEnd, tally: Tally): Tally {
  return succeeded || tally.failed > 0 ? tally : addTallies([tally, {passed: 0, failed: 1}])
}
