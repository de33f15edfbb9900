import {defineConfig} from 'vitest/config'

/** As users run it, and the same wherever the tests run; another NODE_ENV makes oclif look for TypeScript sources. */
const env = {NODE_ENV: 'production', NO_COLOR: '1'}

/** Milliseconds. It ends what hangs; a slow machine is no failure. */
const testTimeout = 60_000

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    projects: [
      {test: {name: 'unit', env, include: ['test/**/*.test.ts'], exclude: ['test/cli/**'], testTimeout}},
      {test: {name: 'cli', env, include: ['test/cli/**/*.test.ts'], globalSetup: ['test/tools/global-setup.ts'], testTimeout}},
    ],
  },
})
