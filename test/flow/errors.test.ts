import {describe, expect, it} from 'vitest'
import {describeFailure, ExternalError, InputError, InterruptedError, isExpectedError, UsageError} from '../../src/flow/errors.js'

describe('a failure', () => {
  it.each([
    {name: 'usage', error: new UsageError({what: 'w', where: '--x'}), expected: {kind: 'usage', exitCode: 64, where: '--x'}},
    {
      name: 'input, by pointer',
      error: new InputError({what: 'w', file: 'a', pointer: '/b/0'}),
      expected: {kind: 'input', exitCode: 65, where: 'a#/b/0'},
    },
    {name: 'input, by line', error: new InputError({what: 'w', file: 'a', line: 7}), expected: {kind: 'input', exitCode: 65, where: 'a:7'}},
    {name: 'input, the whole file', error: new InputError({what: 'w', file: 'a'}), expected: {kind: 'input', exitCode: 65, where: 'a'}},
    {
      name: 'external, with an exit code',
      error: new ExternalError({what: 'w', command: ['kubectl', 'get'], exit: 1, stderr: ' no\n'}),
      expected: {kind: 'external', exitCode: 69, where: 'kubectl get', got: 'exit code 1: no'},
    },
    {
      name: 'external, with a reason only',
      error: new ExternalError({what: 'w', command: ['kubectl'], exit: 'ENOENT'}),
      expected: {kind: 'external', exitCode: 69, where: 'kubectl', got: 'ENOENT'},
    },
    {name: 'interrupted', error: new InterruptedError({what: 'w'}), expected: {kind: 'interrupted', exitCode: 130}},
  ])('of the family $name is described', ({error, expected}) => {
    expect(describeFailure(error)).toEqual({message: 'w', ...expected})
  })

  it('holds only the end of a long stderr', () => {
    const {got} = describeFailure(new ExternalError({what: 'w', command: ['x'], stderr: `${'a'.repeat(9000)}end`}))
    expect(got).toMatch(/^a{497}end$/)
  })

  it('of no family is a bug, with its stack', () => {
    const failure = describeFailure(new RangeError('too far'))
    expect(failure).toMatchObject({kind: 'bug', message: 'RangeError: too far', exitCode: 70})
    expect(failure.stack).toContain('errors.test.ts')
  })

  it.each(['text', 0, null, undefined, {family: 'usage', exitCode: 0}])('that is no error (%j) is a bug', (thrown) => {
    expect(describeFailure(thrown)).toMatchObject({kind: 'bug', exitCode: 70})
  })
})

describe('an expected error', () => {
  it('is known by its brand, whichever copy of the module made it', () => {
    const foreign = Object.assign(new Error('w'), {family: 'external', exitCode: 69, where: 'kubectl'})
    expect(isExpectedError(foreign)).toBe(true)
    expect(describeFailure(foreign)).toEqual({kind: 'external', message: 'w', where: 'kubectl', exitCode: 69})
  })

  it('of an unknown family is none', () => {
    expect(isExpectedError(Object.assign(new Error('w'), {family: 'weather', exitCode: 1}))).toBe(false)
  })

  it('keeps its cause', () => {
    const cause = new Error('c')
    expect(new UsageError({what: 'w', cause}).cause).toBe(cause)
    expect('cause' in new UsageError({what: 'w'})).toBe(false)
  })
})
