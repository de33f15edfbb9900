import {defineConfig} from 'vitest/config'

/** What `npm run test:mutation` asks whether it notices a change: the engine's own tables and properties, which are fast. */
export default defineConfig({
  test: {env: {NODE_ENV: 'production', NO_COLOR: '1'}, include: ['test/envoy/**/*.test.ts'], testTimeout: 60_000},
})
