import {defineConfig} from 'vitest/config'

/** As users run it; any other value makes oclif look for TypeScript sources. */
const env = {NODE_ENV: 'production'}

export default defineConfig({
  test: {
    disableConsoleIntercept: true,
    projects: [
      {test: {name: 'unit', env, include: ['test/**/*.test.ts'], exclude: ['test/cli/**']}},
      {test: {name: 'cli', env, include: ['test/cli/**/*.test.ts'], globalSetup: ['test/tools/global-setup.ts'], testTimeout: 60_000}},
    ],
  },
})
