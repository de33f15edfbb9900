import {describeFailure} from '../flow/errors.js'
import type {ExitCode} from '../flow/exit-code.js'
import {renderFailure, renderFailureJson} from '../render/failure.js'
import {streamTheme} from './terminal.js'

export interface ReportOptions {
  readonly argv: readonly string[]
  readonly json: boolean
}

/**
 * Prints a failure (JSON on stdout, words on stderr) and gives it the exit code in both places oclif looks at:
 * `exitCode` is read under `--json`, `oclif.exit` otherwise (libraries.md 2, @oclif/core).
 */
export function reportFailure(thrown: unknown, options: ReportOptions): ReportedError {
  const failure = describeFailure(thrown)
  if (options.json) process.stdout.write(renderFailureJson(failure))
  else process.stderr.write(renderFailure(failure, streamTheme(process.stderr, options.argv)))
  return new ReportedError(failure.exitCode, thrown)
}

/** An error that was printed already; oclif only has to leave with its exit code. */
export class ReportedError extends Error {
  readonly skipOclifErrorHandling = true
  readonly exitCode: ExitCode
  readonly oclif: {readonly exit: ExitCode}

  constructor(exitCode: ExitCode, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), {cause})
    this.exitCode = exitCode
    this.oclif = {exit: exitCode}
  }
}
