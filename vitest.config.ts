import {availableParallelism} from 'node:os'
import {defineConfig} from 'vitest/config'

/** As users run it, and the same wherever the tests run; another NODE_ENV makes oclif look for TypeScript sources. */
const env = {NODE_ENV: 'production', NO_COLOR: '1'}

/** Milliseconds. It ends what hangs; a slow machine is no failure. */
const testTimeout = 60_000

/** No module keeps what another file could see, so that the files of one worker load each module once. */
const isolate = false

/** Of two cores vitest would use one. */
const maxWorkers = availableParallelism()

const SCRATCH = 'test/tools/scratch-setup.ts'

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    maxWorkers,
    projects: [
      {test: {name: 'unit', env, isolate, include: ['test/**/*.test.ts'], exclude: ['test/cli/**'], globalSetup: [SCRATCH], testTimeout}},
      {
        test: {
          name: 'cli',
          env,
          isolate,
          include: ['test/cli/**/*.test.ts'],
          globalSetup: [SCRATCH, 'test/tools/global-setup.ts'],
          testTimeout,
        },
      },
    ],
  },
})
