#!/usr/bin/env node
import {rmSync} from 'node:fs'
import {execute} from '@oclif/core'

// oclif reads the manifest before the sources, and would not see what changed since the last build.
rmSync(new URL('../oclif.manifest.json', import.meta.url), {force: true})
await execute({development: true, dir: import.meta.url})
