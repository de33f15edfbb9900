import {describe, expect, it} from 'vitest'
import {describeFailure} from '../../src/flow/errors.js'
import {toUsageError} from '../../src/hooks/usage-error.js'

const CALL = {name: 'ambientctl trace', flags: ['--json', '--width', '--path', '--no-color', '--help'], argv: ['a', 'b']}
const HELP = 'Run `ambientctl trace --help` for its arguments and flags.'

interface Case {
  readonly said: string
  readonly argv?: readonly string[]
  readonly expected: object
}

const CASES: Readonly<Record<string, Case>> = {
  'an unknown flag, near a known one': {
    said: 'Nonexistent flag: --pth',
    argv: ['a', '--pth', '/x'],
    expected: {message: 'ambientctl trace has no flag --pth.', help: `Did you mean --path? ${HELP}`},
  },
  'an unknown flag with its value attached': {
    said: 'Nonexistent flag: --pth',
    argv: ['--pth=/x'],
    expected: {message: 'ambientctl trace has no flag --pth.', help: `Did you mean --path? ${HELP}`},
  },
  'several unknown flags': {
    said: 'Nonexistent flags: --widht, --qqqqqqq',
    argv: ['--widht', '--qqqqqqq'],
    expected: {message: 'ambientctl trace has no flags --widht, --qqqqqqq.', help: `Did you mean --width? ${HELP}`},
  },
  'a misspelt flag whose value oclif took for an argument': {
    said: 'Unexpected argument: /x\nSee more help with --help',
    argv: ['a', 'b', '--pth', '/x'],
    expected: {message: 'ambientctl trace has no flag --pth.'},
  },
  'what looks like a flag after --': {
    said: 'Unexpected argument: --pth\nSee more help with --help',
    argv: ['a', 'b', '--', '--pth'],
    expected: {message: 'There are more arguments than the command takes.', got: '--pth'},
  },
  'an unknown short flag': {
    said: 'Nonexistent flag: -q\nSee more help with --help',
    expected: {message: 'The command has no such flag.', got: '-q', help: HELP},
  },
  'a number that is none': {
    said: 'Parsing --width \n\tExpected an integer but received: wide\nSee more help with --help',
    expected: {message: 'The value of a flag cannot be read.', where: '--width', expected: 'an integer', got: 'wide'},
  },
  'a number out of range': {
    said: 'Parsing --width \n\tExpected an integer greater than or equal to 40 but received: 3\nSee more help with --help',
    expected: {where: '--width', expected: 'an integer greater than or equal to 40', got: '3'},
  },
  'a value that is no choice': {
    said: 'Parsing --output \n\tExpected --output=xml to be one of: tree, json\nSee more help with --help\nSee more help with --help',
    expected: {message: 'The value of a flag is none of its choices.', where: '--output', expected: 'one of tree, json', got: 'xml'},
  },
  'an argument that is no choice': {
    said: 'Expected zz to be one of: a, b\nSee more help with --help',
    expected: {message: 'The value of an argument is none of its choices.', expected: 'one of a, b', got: 'zz'},
  },
  'an argument that is missing, with a note on flags': {
    said: 'Missing 1 required arg:\nsnapshot  A directory or an archive.\n\nNote: --flow allow multiple values.\nAlternatively, put it last.',
    expected: {message: 'A required argument is missing.', expected: 'snapshot', got: 'nothing'},
  },
  'a flag without its choice': {
    said: 'Flag --output expects one of these values: tree, json',
    expected: {message: 'A flag has no value.', where: '--output', expected: 'one of tree, json', got: 'nothing'},
  },
  'a flag without its value': {
    said: 'Flag --path expects a value',
    expected: {message: 'A flag has no value.', where: '--path', expected: 'a value', got: 'nothing'},
  },
  'missing arguments': {
    said: 'Missing 2 required args:\nSRC  who connects\nDST  (a|b) to whom\nSee more help with --help',
    expected: {message: 'A required argument is missing.', expected: 'SRC, DST', got: 'nothing'},
  },
  'what no pattern knows': {
    said: 'The following error occurred:\n  --a cannot also be provided when using --b\nSee more help with --help',
    expected: {message: 'The following error occurred:', got: '--a cannot also be provided when using --b', help: HELP},
  },
}

describe('what oclif says while parsing becomes a usage error', () => {
  it.each(Object.entries(CASES))('%s', (_, {said, argv, expected}) => {
    const failure = describeFailure(toUsageError(new Error(said), {...CALL, ...(argv === undefined ? {} : {argv})}))
    expect(failure).toMatchObject({kind: 'usage', exitCode: 64, ...expected})
  })
})
