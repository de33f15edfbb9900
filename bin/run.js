#!/usr/bin/env node
import module from 'node:module'
import {execute, settings} from '@oclif/core'

module.enableCompileCache?.()
// Whatever NODE_ENV says: users run what was built.
settings.enableAutoTranspile = false
await execute({dir: import.meta.url})
