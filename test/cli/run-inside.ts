import path from 'node:path'
import {Config, settings} from '@oclif/core'
import {captureOutput} from '@oclif/test'
import type {Ended, RunOptions} from './run-program.js'

// As bin/run.js has it: what was built, whatever NODE_ENV says.
settings.enableAutoTranspile = false

/**
 * Runs a command of the built program in this process, which saves its start: for what many calls print. How the program starts and
 * ends, and everything about signals, terminals and kubectl, is for `runProgram`. One call after the other: output and environment
 * belong to the process.
 */
export async function runInside([id = '', ...args]: readonly string[], {env = {}}: Pick<RunOptions, 'env'> = {}): Promise<Ended> {
  const {env: usual, exitCode} = process
  process.env = {PATH: usual['PATH'], HOME: path.resolve('node_modules/.cache'), ...env}
  process.exitCode = undefined
  try {
    const config = await Config.load(path.resolve('.'))
    const {stdout, stderr, error} = await captureOutput(() => config.runCommand(id, [...args]), {stripAnsi: false})
    return {code: error === undefined ? exitCodeNow() : (error.oclif?.exit ?? null), stdout, stderr}
  } finally {
    process.env = usual
    process.exitCode = exitCode
  }
}

function exitCodeNow(): number {
  return Number(process.exitCode ?? 0)
}
