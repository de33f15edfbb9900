import {z} from 'zod'

/** How many tests passed and failed in one stage. */
export interface Tally {
  readonly passed: number
  readonly failed: number
}

const VITEST_REPORT = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({name: z.string(), status: z.string(), assertionResults: z.array(z.unknown())})),
})

/** Reads vitest's JSON report. A file that could not be loaded, and a skipped test, count as one failure each. */
export function tallyVitest(report: string): Tally {
  const run = VITEST_REPORT.parse(JSON.parse(report))
  const unloaded = run.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {passed: run.numPassedTests, failed: run.numFailedTests + run.numPendingTests + run.numTodoTests + unloaded.length}
}

const COUNTS = /^(\d+) passed, (\d+) failed$/gm

/** Reads the last `N passed, N failed` line of a program's output; undefined when there is none. */
export function tallyOutput(output: string): Tally | undefined {
  const last = [...output.matchAll(COUNTS)].at(-1)
  return last === undefined ? undefined : {passed: Number(last[1]), failed: Number(last[2])}
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
  }
}

export function formatTally(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed`
}
