import {handle} from '@oclif/core/handle'
import {watchProcessEnd} from '../../src/hooks/process-end.js'
import {ProbeCommand} from '../commands/probe-command.js'

/** The probe command as a program of its own, set up as bin/run.js and its hooks do. */
watchProcessEnd()
try {
  await ProbeCommand.run(process.argv.slice(2), {root: process.cwd()})
} catch (error) {
  await handle(error instanceof Error ? error : new Error(String(error)))
}
