import {ExternalError} from '../flow/errors.js'
import {EXIT_CODES} from '../flow/exit-code.js'

/** What holds for the whole process: a closed pipe is no error, ^C ends with 130, a stray error with 70. */
export function watchProcessEnd(): void {
  process.stdout.on('error', endOnBrokenOutput)
  process.stderr.on('error', ignore)
  process.on('SIGINT', endUnlessHandled)
  process.on('uncaughtException', endWithReport)
}

/** `ambientctl … | head` has read what it wanted. */
function endOnBrokenOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit()
}

/** A command that took the cancel signal listens too, and ends by itself after cleaning up. */
function endUnlessHandled(): void {
  if (process.listenerCount('SIGINT') === 1) process.exit(EXIT_CODES.interrupted)
}

/** What prints is loaded when there is something to print: this file is loaded for every run. */
function endWithReport(error: NodeJS.ErrnoException): void {
  const failure = error.syscall === 'write' ? unwritable(error) : error
  void Promise.all([import('./report-failure.js'), import('./terminal.js')]).then(([{reportFailure}, {hasFlag}]) => {
    process.exit(reportFailure(failure, {argv: process.argv, json: hasFlag(process.argv, '--json')}).exitCode)
  })
}

function unwritable(error: Error): ExternalError {
  return new ExternalError({
    what: 'The result cannot be written.',
    command: ['standard output'],
    exit: error.message,
    help: 'Free space on the device, or write to another place.',
    cause: error,
  })
}

/** A question that is answered before any command runs. */
export function endAnswered(): never {
  process.exit(EXIT_CODES.ok)
}

function ignore(): void {
  // Nobody reads stderr any more: there is nowhere left to say so.
}
