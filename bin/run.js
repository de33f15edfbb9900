#!/usr/bin/env node
import module from 'node:module'
import {fileURLToPath} from 'node:url'

module.enableCompileCache?.()
// Loading what follows takes longer than all that a dump needs of this process: kubectl works meanwhile.
const [command, ...words] = process.argv.slice(2)
const headStart = command === 'dump' ? await (await import('../dist/cluster/head-start.js')).HeadStart.begin(words) : undefined

const {execute, settings} = await import('@oclif/core')
// Whatever NODE_ENV says: users run what was built.
settings.enableAutoTranspile = false
await execute({loadOptions: {root: fileURLToPath(import.meta.url), headStart}})
