import {defineConfig} from 'vitest/config'

/** One file after the other: one of them takes the API server away. `npm run test:e2e` starts the cluster first. */
export default defineConfig({
  test: {
    name: 'e2e',
    env: {NODE_ENV: 'production', NO_COLOR: '1'},
    include: ['test/e2e/**/*.e2e.ts'],
    exclude: process.env['AMBIENTCTL_E2E_CONTEXT'] === undefined ? ['test/e2e/given-cluster.e2e.ts'] : [],
    globalSetup: ['test/tools/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    disableConsoleIntercept: true,
  },
})
