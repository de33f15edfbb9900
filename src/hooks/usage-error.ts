import {isExpectedError, type Problem, UsageError} from '../flow/errors.js'
import {suggest} from './suggest.js'

/** How a command was called, and what it can be called with. */
export interface Call {
  /** As typed: `ambientctl trace`. */
  readonly name: string
  readonly flags: readonly string[]
  readonly argv: readonly string[]
}

/** What oclif throws while it parses a command line, as a usage error. Expected errors thrown by a flag's own parser keep their family. */
export function toUsageError(thrown: unknown, call: Call): Error {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const {flag, text} = unwrap(message)
  if (isExpectedError(thrown)) {
    thrown.message = text
    return thrown
  }
  const help = `Run \`${call.name} --help\` for its arguments and flags.`
  const unknown = flag === undefined ? unknownFlags(call) : []
  const problem = unknown.length > 0 ? describeUnknownFlags(unknown, call) : describeMessage(text, flag)
  return new UsageError({...problem, help: [problem.help, help].filter((part) => part !== undefined).join(' '), cause: thrown})
}

/** oclif wraps the message of a flag's parser: `Parsing --width \n\tExpected …\nSee more help with --help`. */
function unwrap(message: string): {readonly flag: string | undefined; readonly text: string} {
  const inner = message.replaceAll('\nSee more help with --help', '')
  const match = /^Parsing (--\S+) \n\t(.*)$/s.exec(inner)
  return {flag: match?.[1], text: match?.[2] ?? inner}
}

/** A misspelt flag leaves its value behind as an argument, and oclif may complain about that one only. */
function unknownFlags({argv, flags}: Call): readonly string[] {
  const end = argv.indexOf('--')
  const words = argv.slice(0, end === -1 ? argv.length : end).map((word) => word.split('=')[0] ?? word)
  return words.filter((word) => /^--[a-z]/.test(word) && !flags.includes(word))
}

function describeUnknownFlags(unknown: readonly string[], call: Call): Problem {
  const meant = [...new Set(unknown.map((flag) => suggest(flag, call.flags)))].filter((flag) => flag !== undefined)
  return {
    what: `${call.name} has no ${unknown.length === 1 ? 'flag' : 'flags'} ${unknown.join(', ')}.`,
    help: meant.length === 0 ? undefined : `Did you mean ${meant.join(', ')}?`,
  }
}

/** Sentences of oclif's parser that hold more than one fact. */
const PATTERNS: readonly {readonly pattern: RegExp; readonly read: (groups: readonly string[], flag: string | undefined) => Problem}[] = [
  {
    pattern: /^Expected (an? .*) but received: (.*)$/s,
    read: ([expected, got], flag) => ({what: 'The value of a flag cannot be read.', where: flag, expected, got}),
  },
  {
    pattern: /^Expected (an? .*) but received (.*)$/s,
    read: ([expected, got], flag) => ({what: 'The value of a flag is out of range.', where: flag, expected, got}),
  },
  {
    pattern: /^Expected (--[^=]+)=(.*) to be one of: (.*)$/s,
    read: ([where, got, options]) => ({
      what: 'The value of a flag is none of its choices.',
      where,
      expected: `one of ${options ?? ''}`,
      got,
    }),
  },
  {
    pattern: /^Expected (.*) to be one of: (.*)$/s,
    read: ([got, options]) => ({what: 'The value of an argument is none of its choices.', expected: `one of ${options ?? ''}`, got}),
  },
  {
    pattern: /^Flag (--\S+) expects one of these values: (.*)$/s,
    read: ([where, options]) => ({what: 'A flag has no value.', where, expected: `one of ${options ?? ''}`, got: 'nothing'}),
  },
  {
    pattern: /^Flag (--\S+) expects a value$/,
    read: ([where]) => ({what: 'A flag has no value.', where, expected: 'a value', got: 'nothing'}),
  },
  {
    // Behind an empty line there may be a note on flags.
    pattern: /^Missing \d+ required args?:\n(.*?)(?:\n\n.*)?$/s,
    read: ([listed]) => ({what: 'A required argument is missing.', expected: firstWords(listed ?? '').join(', '), got: 'nothing'}),
  },
  {
    pattern: /^Nonexistent flags?: (.*)$/s,
    read: ([got]) => ({what: 'The command has no such flag.', got}),
  },
  {
    pattern: /^Unexpected arguments?: (.*)$/s,
    read: ([got]) => ({what: 'There are more arguments than the command takes.', got}),
  },
]

function describeMessage(text: string, flag: string | undefined): Problem {
  for (const {pattern, read} of PATTERNS) {
    const match = pattern.exec(text)
    if (match !== null) return read(match.slice(1), flag)
  }
  const [first = '', ...others] = text.split('\n').map((line) => line.trim())
  const details = others.filter((line) => line !== '')
  return {what: first, where: flag, got: details.length === 0 ? undefined : details.join('\n')}
}

function firstWords(lines: string): readonly string[] {
  return lines
    .split('\n')
    .map((line) => line.trim().split(/\s/)[0] ?? '')
    .filter((word) => word !== '')
}
