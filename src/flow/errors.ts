import {EXIT_CODES, type ExitCode} from './exit-code.js'

/** The families of expected failures; whatever belongs to none of them is a bug. */
export type ErrorFamily = 'usage' | 'input' | 'external' | 'interrupted'

/** What a failure tells its reader. Every text is one sentence, without an exclamation mark. */
export interface Problem {
  readonly what: string
  /** The flag, the file with pointer or line, or the command that failed. */
  readonly where?: string | undefined
  readonly expected?: string | undefined
  readonly got?: string | undefined
  /** What to do next. */
  readonly help?: string | undefined
  readonly cause?: unknown
}

/** A failure as data: what the tool prints, in words or as JSON. */
export interface Failure {
  readonly kind: ErrorFamily | 'bug'
  readonly message: string
  readonly where?: string
  readonly expected?: string
  readonly got?: string
  readonly help?: string
  readonly exitCode: ExitCode
  /** Only of a bug. */
  readonly stack?: string
}

/**
 * An expected failure. `family` is the brand: it is read as a plain field, so that an error made by a
 * second copy of this module (linked packages, tests) is still recognised.
 */
export abstract class ExpectedError extends Error {
  abstract readonly family: ErrorFamily
  abstract readonly exitCode: ExitCode
  readonly where?: string
  readonly expected?: string
  readonly got?: string
  readonly help?: string

  constructor(problem: Problem) {
    super(problem.what, problem.cause === undefined ? undefined : {cause: problem.cause})
    this.name = new.target.name
    if (problem.where !== undefined) this.where = problem.where
    if (problem.expected !== undefined) this.expected = problem.expected
    if (problem.got !== undefined) this.got = problem.got
    if (problem.help !== undefined) this.help = problem.help
  }
}

/** The tool was called in a way it does not offer: exit code 64. */
export class UsageError extends ExpectedError {
  readonly family = 'usage'
  readonly exitCode = EXIT_CODES.usage
}

/** A place in an input file: an RFC 6901 pointer into JSON, or a line (from 1) of a text. */
export interface InputPlace {
  readonly file: string
  readonly pointer?: string | undefined
  readonly line?: number | undefined
}

/** Data that was given cannot be read as what it should be: exit code 65. */
export class InputError extends ExpectedError {
  readonly family = 'input'
  readonly exitCode = EXIT_CODES.input

  constructor(problem: Omit<Problem, 'where'> & InputPlace) {
    super({...problem, where: formatPlace(problem)})
  }
}

/** How a command of another program ended. */
export interface CommandEnd {
  readonly command: readonly string[]
  /** Exit code, or the name of what ended it: a signal, `ENOENT`, `timeout`. */
  readonly exit?: number | string | undefined
  readonly stderr?: string | undefined
}

/** Another program, the cluster or the network failed: exit code 69. */
export class ExternalError extends ExpectedError {
  readonly family = 'external'
  readonly exitCode = EXIT_CODES.external

  constructor(problem: Omit<Problem, 'where' | 'got'> & CommandEnd) {
    super({...problem, where: problem.command.join(' '), got: formatEnd(problem)})
  }
}

/** What the operating system refused, in its own words. */
export function refusedBySystem(
  problem: Omit<ConstructorParameters<typeof ExternalError>[0], 'exit'> & {readonly cause: unknown},
): ExternalError {
  const {cause} = problem
  return new ExternalError({...problem, exit: cause instanceof Error ? cause.message : String(cause)})
}

/** The user stopped the tool: exit code 130. */
export class InterruptedError extends ExpectedError {
  readonly family = 'interrupted'
  readonly exitCode = EXIT_CODES.interrupted
}

/** Reads any thrown value as a failure. What is no expected error is a bug and keeps its stack. */
export function describeFailure(thrown: unknown): Failure {
  return isExpectedError(thrown) ? describeExpected(thrown) : describeBug(thrown)
}

/** Recognises expected errors by their brand. */
export function isExpectedError(thrown: unknown): thrown is ExpectedError {
  return thrown instanceof Error && 'family' in thrown && FAMILIES.has(thrown.family) && 'exitCode' in thrown
}

const FAMILIES: ReadonlySet<unknown> = new Set<ErrorFamily>(['usage', 'input', 'external', 'interrupted'])

function describeExpected(error: ExpectedError): Failure {
  return {
    kind: error.family,
    message: error.message,
    ...(error.where === undefined ? {} : {where: error.where}),
    ...(error.expected === undefined ? {} : {expected: error.expected}),
    ...(error.got === undefined ? {} : {got: error.got}),
    ...(error.help === undefined ? {} : {help: error.help}),
    exitCode: error.exitCode,
  }
}

function describeBug(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return {
    kind: 'bug',
    message: `${error.name}: ${error.message}`,
    help: 'This is a bug in ambientctl, please report it with the stack and the command that was run.',
    exitCode: EXIT_CODES.bug,
    ...(error.stack === undefined ? {} : {stack: error.stack}),
  }
}

function formatPlace(place: InputPlace): string {
  if (place.pointer !== undefined) return `${place.file}#${place.pointer}`
  return place.line === undefined ? place.file : `${place.file}:${place.line}`
}

const STDERR_TAIL = 500

function formatEnd(end: CommandEnd): string | undefined {
  const exit = typeof end.exit === 'number' ? `exit code ${end.exit}` : end.exit
  const tail = end.stderr?.trim().slice(-STDERR_TAIL)
  const said = tail === undefined || tail === '' ? undefined : tail
  return exit !== undefined && said !== undefined ? `${exit}: ${said}` : (exit ?? said)
}
