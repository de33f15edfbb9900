#!/usr/bin/env node
import {execute, settings} from '@oclif/core'

// kubectl runs this as `kubectl_complete-ambient` with the words after `kubectl ambient`; the last one is being typed.
settings.enableAutoTranspile = false
await execute({args: ['complete', '--', ...process.argv.slice(2)], dir: import.meta.url})
